"""The initialisation of ReLU networks, which DIC's code gives all that it trains.

He, Zhang, Ren, Sun: Delving Deep into Rectifiers (ICCV 2015), Eq. 10.
"""

from __future__ import annotations

from torch import nn


def he_weights(module: nn.Module) -> None:
    """Draw a layer's weights from N(0, 2 / fan-in), for `apply`; biases become zero."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.kaiming_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
