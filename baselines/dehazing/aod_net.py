"""AOD-Net: five small convolutions that predict one map, from which a formula takes the haze.

Li, Peng, Wang, Xu, Feng: AOD-Net: All-in-One Dehazing Network (ICCV 2017). Official code:
Boyiliee/AOD-Net (Caffe, no training); MayankSingal/PyTorch-Image-Dehazing trains it, and has the
state-dict keys that are kept here. 1,761 parameters, so there is no narrower version.
Transmission and light of the haze stand in one map K: the scene is J = K I - K + 1, which is the
image I where K is 1, and what is negative is set to 0. Each convolution but the first sees the maps
of earlier ones: x2 that of x1, x3 those of x1 and x2, x4 those of x2 and x3, and K all four.
Initialisation: normal weights of deviation 0.02, as in the training code, and PyTorch's biases.
K begins near 0 and the scene near white.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn

from baselines.identity_start import FAINT, carry, check_start
from baselines.receptive_field import ReceptiveField, receptive_field
from baselines.released import check_state, read_checkpoint

DEVIATION = 0.02
# Of start="identity": gain on He's weights, and biases of the maps.
GAIN = LEVEL = 0.5


class AODNet(nn.Module):
    """Predicts the scene without haze. Its maps x1 to x4 are layers of these names, for taps.

    Args:
        formula: whether the last convolution predicts K. False has it predict the image itself,
            without what follows: an autoencoder would otherwise have the identity for nothing,
            from K = 1.
        start: initialisation. "authors": normal, deviation 0.02. "identity": the fresh network
            nearly returns its input (values between 0 and 1), for trainings too short to find even
            that; the layers are the same.
    """

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def __init__(self, formula: bool = True, start: str = "authors"):
        super().__init__()
        check_start(start)
        self.formula = formula
        self.e_conv1, self.x1 = nn.Conv2d(3, 3, 1), nn.ReLU()
        self.e_conv2, self.x2 = nn.Conv2d(3, 3, 3, padding=1), nn.ReLU()
        self.e_conv3, self.x3 = nn.Conv2d(6, 3, 5, padding=2), nn.ReLU()
        self.e_conv4, self.x4 = nn.Conv2d(6, 3, 7, padding=3), nn.ReLU()
        self.e_conv5 = nn.Conv2d(12, 3, 3, padding=1)
        for layer in self.children():
            if isinstance(layer, nn.Conv2d):
                nn.init.normal_(layer.weight, std=DEVIATION)
        if start == "identity":
            self._start_from_identity()

    @property
    def receptive_field(self) -> ReceptiveField:
        """That of all convolutions: the longest way leads through each of them."""
        return receptive_field(self.children())

    def forward(self, hazy: Tensor) -> Tensor:
        """Restore (N, 3, H, W), in [0, 1], any H and W, to the same shape; not clipped at 1."""
        x1 = self.x1(self.e_conv1(hazy))
        x2 = self.x2(self.e_conv2(x1))
        x3 = self.x3(self.e_conv3(torch.cat((x1, x2), dim=1)))
        x4 = self.x4(self.e_conv4(torch.cat((x2, x3), dim=1)))
        last = self.e_conv5(torch.cat((x1, x2, x3, x4), dim=1))
        if not self.formula:
            return last
        k = last.relu()
        return (k * hazy - k + 1).relu()

    @staticmethod
    def released_state(path: Path) -> dict[str, Tensor]:
        """The state dict in the `dehazer.pth` of MayankSingal/PyTorch-Image-Dehazing.

        Raises:
            FileNotFoundError: no such file.
            ValueError: the file is damaged or holds another network.
        """
        state = read_checkpoint(path)
        with torch.device("meta"):
            check_state(state, AODNet(), path, "AOD-Net", "AOD-Net")
        return state

    @torch.no_grad()
    def _start_from_identity(self) -> None:
        """Let x1 be the image, and the other maps faint features of it about a level of their own.

        That level lies above 0, or a ReLU would shut one of so few maps for good. K is 1 before the
        maps have a say in it; without the formula the image is read off x1.
        """
        for layer in (self.e_conv2, self.e_conv3, self.e_conv4, self.e_conv5):
            nn.init.kaiming_normal_(layer.weight).mul_(GAIN)
            nn.init.constant_(layer.get_parameter("bias"), LEVEL)
        carry(self.e_conv1, 1)
        self.e_conv5.weight.mul_(FAINT)
        nn.init.constant_(self.e_conv5.get_parameter("bias"), 1.0 if self.formula else 0.0)
        if not self.formula:
            nn.init.dirac_(self.e_conv5.weight[:, :3])
