"""Weights that authors released and that more than one place names."""

from __future__ import annotations

from baselines.denoising.ffdnet import FFDNet
from benchmarks.declare.runs import Released, network

FFDNET_COLOUR = Released(
    network(FFDNet),
    file="FFDNet_color.mat",
    sha256="a4b5a9da21294ab9ba6ed5c6cc459c46dff20c025eb7d3ab82e8e0bb00541793",
    origin="https://github.com/cszn/FFDNet, models/FFDNet_color.mat",
)
