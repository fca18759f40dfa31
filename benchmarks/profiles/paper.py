"""The paper profile: everything as it is declared."""

from __future__ import annotations

from benchmarks.profiles.profile import Profile

PAPER = Profile(
    name="paper",
    summary="the papers' protocol, data and pretrained weights; a GPU's day or more per row",
    training=lambda run: run.training,
    warm_up=lambda run: None,
    features="imagenet",
    feature_width=1.0,
    absent_classes="zero",
    substitutes=False,
    embedded=False,
    comparable=True,
    redo_stale=False,
)
