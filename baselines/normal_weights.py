"""The initialisation of DCGAN, which adversarial trainings have kept since.

Radford, Metz, Chintala: Unsupervised Representation Learning with Deep Convolutional Generative
Adversarial Networks (2016), Sec. 4.
"""

from __future__ import annotations

from torch import nn

SPREAD = 0.02


def normal_weights(module: nn.Module) -> None:
    """Draw a layer's weights from N(0, 0.02), a normalisation's from N(1, 0.02), for `apply`.

    Biases become zero.
    """
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, SPREAD)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, SPREAD)
        nn.init.zeros_(module.bias)
