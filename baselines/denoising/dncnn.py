"""DnCNN: a plain CNN that predicts what is wrong with an image, for one noise level.

Zhang, Zuo, Chen, Meng, Zhang: Beyond a Gaussian Denoiser: Residual Learning of Deep CNN for Image
Denoising (IEEE TIP 2017). Official code: cszn/DnCNN (MATLAB), cszn/KAIR (PyTorch), whose layers and
state-dict keys these are: every convolution has a bias, also where normalisation follows.
Colour: 17 convolutions, 559,363 parameters, 20 have 670,531 and 29 have 1,004,035; gray: 17 have
557,057. The colour networks that cszn/DnCNN released have 20, with the normalisation merged into
the convolutions: 668,227 parameters.
Normalisation: eps 1e-4 and momentum 0.9 as in KAIR, which is PyTorch's convention: the running
statistics are nine tenths the latest batch's. (Caffe and TensorFlow mean the opposite by 0.9.)
Initialisation: PyTorch's own, as for FFDNet beside it in the same table. KAIR trains from
orthogonal weights with gain 0.2, zero biases and factors of the normalisation uniform in [0.1, 1];
the normalisation undoes the gain of all layers but the last. From neither do 17 layers learn
anything in 300 steps (batches of 8x32x32 at sigma 25, Adam, learning rate 1e-3): the output stays
within 0.1 dB of the input. From start="identity" it is 7 dB above it after 100.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn

from baselines.identity_start import FAINT, check_start
from baselines.receptive_field import ReceptiveField, receptive_field
from baselines.released import check_state, read_checkpoint, read_matconvnet

# What start="identity" takes images for before it has seen any, of 1.
MEAN, SPREAD = 0.5, 0.25
# Mean of the normalised features that carry the image: ReLU passes three deviations below it.
LIFT = 3.0


class DnCNN(nn.Module):
    """Predicts the clean image from the degraded one. Blind: it is told nothing about the noise.

    Args:
        channels: 3 for colour, 1 for gray.
        width: features of the hidden layers.
        depth: number of convolutions.
        batch_norm: whether normalisation follows every convolution but the first and the last;
            False for released weights, which have it merged.
        residual: whether the layers predict the input's error, which is subtracted. False lets
            them predict the image: an autoencoder would otherwise have the identity for nothing.
        start: initialisation. "authors": PyTorch's. "identity": the fresh network nearly returns
            its input (without `residual`, and in training mode, at a brightness and contrast of
            its own), and its first features carry the image to the last layer, for trainings too
            short to find even that; the layers are the same.
    """

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def __init__(
        self,
        channels: int = 3,
        width: int = 64,
        depth: int = 17,
        batch_norm: bool = True,
        residual: bool = True,
        start: str = "authors",
    ):
        super().__init__()
        check_start(start)
        self.residual = residual
        widths = [channels] + [width] * (depth - 1) + [channels]
        layers: list[nn.Module] = []
        for i, (features_in, features) in enumerate(pairwise(widths)):
            layers.append(nn.Conv2d(features_in, features, 3, padding=1))
            if batch_norm and 0 < i < depth - 1:
                layers.append(nn.BatchNorm2d(features, eps=1e-4, momentum=0.9))
            layers.append(nn.ReLU())
        self.model = nn.Sequential(*layers[:-1])
        if start == "identity":
            self._start_from_identity(channels)

    @property
    def receptive_field(self) -> ReceptiveField:
        """That of the convolutions."""
        return receptive_field(self.model)

    def forward(self, degraded: Tensor) -> Tensor:
        """Restore (N, C, H, W), any H and W, to the same shape."""
        x = self.model(degraded)
        return degraded - x if self.residual else x

    @staticmethod
    def released_state(path: Path) -> dict[str, Tensor]:
        """The state dict in a released file: cszn/DnCNN's `.mat` or cszn/KAIR's `.pth`.

        Those files are for `batch_norm=False`; one of KAIR's with normalisation is read, too.

        Raises:
            FileNotFoundError: no such file.
            ValueError: the file is damaged or holds another network.
        """
        state = _from_matlab(path) if path.suffix == ".mat" else read_checkpoint(path)
        _check(state, path)
        return state

    @torch.no_grad()
    def _start_from_identity(self, channels: int) -> None:
        """Let the first features carry the image; the last layer reads them, or sees no error."""
        *hidden, last = (layer for layer in self.model if isinstance(layer, nn.Conv2d))
        for layer in hidden:
            nn.init.dirac_(layer.weight[:channels])
            layer.get_parameter("bias")[:channels] = 0
        mean, spread = MEAN, SPREAD  # of the features that carry the image
        for norm in self.model:
            if isinstance(norm, nn.BatchNorm2d):
                norm.get_buffer("running_mean")[:channels] = mean
                norm.get_buffer("running_var")[:channels] = spread**2
                norm.bias[:channels] = LIFT
                mean, spread = LIFT, 1.0
        for parameter in last.parameters():
            parameter.mul_(FAINT)
        nn.init.dirac_(last.weight[:, :channels]).mul_(0 if self.residual else SPREAD / spread)
        if not self.residual:
            last.get_parameter("bias").add_(MEAN - mean * SPREAD / spread)


def _from_matlab(path: Path) -> dict[str, Tensor]:
    """The state dict of MATLAB's network: a ReLU stands between any two convolutions."""
    state: dict[str, Tensor] = {}
    for i, (kernel, bias) in enumerate(read_matconvnet(path)):
        state |= {f"model.{2 * i}.weight": kernel, f"model.{2 * i}.bias": bias}
    return state


def _check(state: dict[str, Tensor], path: Path) -> None:
    """Raise ValueError unless the state dict is a DnCNN's, of any number of channels and layers."""
    kernels = [value for value in state.values() if value.ndim == 4]
    if len(kernels) < 2:
        raise ValueError(f"{path} is not DnCNN: it holds {len(kernels)} convolutions")
    with torch.device("meta"):
        like = DnCNN(
            channels=len(kernels[-1]),
            width=len(kernels[0]),
            depth=len(kernels),
            batch_norm=any(key.endswith("running_mean") for key in state),
        )
    check_state(state, like, path, "DnCNN", f"a DnCNN of {len(kernels)} convolutions")
