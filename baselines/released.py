"""Reading the weight files that authors released, without ever executing what is in them.

Two formats: state dicts saved by PyTorch, which are pickles and go through its restricted
unpickler (`weights_only`), and MatConvNet networks saved by MATLAB as version 7.3 (which is HDF5)
or 5. Caffe's are read by `caffe_model`.
A network's `released_state` turns what is read here into its own state dict.
"""

from __future__ import annotations

import pickle
from pathlib import Path

import torch
from torch import Tensor, nn

MATLAB_5 = b"MATLAB 5.0 MAT-file"


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """The state dict in a PyTorch file, taken out of a `state_dict` entry where it is wrapped.

    Raises:
        FileNotFoundError: no such file.
        ValueError: not a PyTorch file, or one that holds something else than named tensors.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise ValueError(
            f"{path} is damaged, or no PyTorch file of plain tensors: download it again; where it "
            "is a whole pickled network, save the state dict alone"
        ) from error
    if isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
        content = content["state_dict"]
    if not isinstance(content, dict) or not content:
        raise ValueError(f"{path} holds no state dict; save network.state_dict() to a file")
    strangers = [key for key, value in content.items() if not isinstance(value, Tensor)]
    if strangers:
        raise ValueError(f"{path} holds no state dict: entry {strangers[0]!r} is not a tensor")
    return dict(content)


def check_state(state: dict[str, Tensor], like: nn.Module, path: Path, name: str, has: str) -> None:
    """See that a file's state dict has the names and shapes of a network's.

    Args:
        like: the network, which may be on the meta device.
        path, name, has: of the file, the network and its size, for the message.

    Raises:
        ValueError: a tensor is missing, is none of the network's, or has another shape.
    """
    expected = {key: tuple(value.shape) for key, value in like.state_dict().items()}
    found = {key: tuple(value.shape) for key, value in state.items()}
    for key in expected | found:
        if expected.get(key) != found.get(key):
            raise ValueError(
                f"{path} is not {name}: its {key} is {found.get(key, 'absent')}, where {has} has "
                f"{expected.get(key, 'none')}"
            )


def read_matconvnet(path: Path) -> list[tuple[Tensor, Tensor]]:
    """Kernels (out, in, kh, kw) and biases (out,) of a MatConvNet network, first layer first.

    MATLAB stores a kernel as (kh, kw, in, out) with the first index running fastest; HDF5 shows
    it as (out, in, kw, kh). Both programs correlate, so the kernel is transposed, not flipped.
    Files of version 5 are of MatConvNet's first releases, which called these arrays otherwise; a
    sum of channels in them is read as a 1x1 convolution.

    Raises:
        FileNotFoundError: no such file.
        ValueError: not a MATLAB file of these versions, or one without `net.layers`.
    """
    with path.open("rb") as raw:
        if raw.read(len(MATLAB_5)) == MATLAB_5:
            return _matlab_5_convolutions(path)
    return _matlab_7_convolutions(path)


def _matlab_5_convolutions(path: Path) -> list[tuple[Tensor, Tensor]]:
    """As `read_matconvnet`, of a file that scipy reads."""
    import numpy as np
    from scipy.io import loadmat

    convolutions = []
    try:
        layers = loadmat(path, variable_names=["net"])["net"]["layers"][0, 0].ravel()
        for layer in (cell[0, 0] for cell in layers):
            if layer["type"].item() not in ("conv", "chnLinComb"):
                continue
            kernel = layer["filters"].astype(np.float32)
            kernel = kernel.reshape(kernel.shape + (1,) * (4 - kernel.ndim))
            if layer["type"].item() == "chnLinComb":
                kernel = kernel.reshape(1, 1, -1, 1)
            bias = layer["biases"].astype(np.float32).ravel()
            kernel = np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))
            convolutions.append((torch.from_numpy(kernel), torch.from_numpy(bias)))
    except Exception as error:  # scipy says in many ways that a file is damaged
        raise ValueError(
            f"{path} is a damaged MATLAB 5 file, or holds no MatConvNet network (no net.layers of "
            "filters and biases in it): download it again"
        ) from error
    return convolutions


def _matlab_7_convolutions(path: Path) -> list[tuple[Tensor, Tensor]]:
    """As `read_matconvnet`, of a file that is HDF5."""
    import h5py
    import numpy as np

    def tensor(values: np.ndarray) -> Tensor:
        return torch.from_numpy(values.astype(np.float32))

    convolutions = []
    with path.open("rb") as raw:
        try:
            file = h5py.File(raw, "r")
        except OSError as error:
            raise ValueError(f"{path} is not a MATLAB 7.3 (HDF5) file, or a damaged one") from error
        with file:
            if "net/layers" not in file:
                raise ValueError(f"{path} holds no MatConvNet network (no net.layers in it)")
            for reference in file["net/layers"][()].ravel():
                layer = file[reference]
                if bytes(layer["type"][()].astype(np.uint8)) != b"conv":
                    continue
                kernel, bias = (file[entry][()] for entry in layer["weights"][()].ravel())
                kernel = kernel.reshape((1,) * (4 - kernel.ndim) + kernel.shape)
                convolutions.append((tensor(kernel.transpose(0, 1, 3, 2)), tensor(bias.ravel())))
    return convolutions
