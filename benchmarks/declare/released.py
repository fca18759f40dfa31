"""Weights that authors released and that more than one place names."""

from __future__ import annotations

from baselines.dehazing.aod_net import AODNet
from baselines.denoising.dncnn import DnCNN
from baselines.denoising.ffdnet import FFDNet
from benchmarks.declare.runs import Released, network

FFDNET_COLOUR = Released(
    network(FFDNet),
    file="FFDNet_color.mat",
    sha256="a4b5a9da21294ab9ba6ed5c6cc459c46dff20c025eb7d3ab82e8e0bb00541793",
)

DNCNN_COLOUR_25 = Released(
    network(DnCNN, depth=20, batch_norm=False),
    file="DnCNN_color_sigma25.mat",
    sha256="99ac1aaaa4f851a48e5a686d13de05cf8dd8863606b477d1a917e8004e9e42cf",
)
DNCNN3 = Released(
    network(DnCNN, channels=1, depth=20, batch_norm=False),
    file="DnCNN3.mat",
    sha256="3962377d522b6728417e364bf7a589cf34ddfb592af0bd9769e53f8123d17677",
)

AOD_NET = Released(
    network(AODNet),
    file="aod_dehazer.pth",
    sha256="79409b63bf019d6c7ca6903883a8635d5723c25406f74903751bd7459462a53b",
)
