import os
import re

import h5py
import numpy as np
import pytest
import torch
from matconvnet_files import save_matconvnet
from torch import nn

from baselines.released import read_checkpoint, read_matconvnet


class Explosive:
    """Unpickling it would make a folder."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_checkpoint_is_read_with_and_without_its_wrapper(tmp_path):
    state = nn.Conv2d(3, 4, 3).state_dict()
    for name, content in (("plain.pth", state), ("wrapped.pth", {"state_dict": state, "epoch": 3})):
        torch.save(content, tmp_path / name)
        read = read_checkpoint(tmp_path / name)
        assert list(read) == ["weight", "bias"]
        assert torch.equal(read["weight"], state["weight"])


def test_checkpoint_never_executes_what_it_holds(tmp_path):
    torch.save({"weight": Explosive(tmp_path / "executed")}, tmp_path / "hostile.pth")
    with pytest.raises(ValueError, match=r"hostile\.pth is damaged"):
        read_checkpoint(tmp_path / "hostile.pth")
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"PK\x03\x04 cut off"])
def test_damaged_files_are_named(tmp_path, content):
    path = tmp_path / "file.mat"
    path.write_bytes(content)
    for read in (read_checkpoint, read_matconvnet):
        with pytest.raises(ValueError, match=re.escape(str(path))):
            read(path)


@pytest.mark.parametrize("content", [[1, 2], {}, {"epoch": 3}])
def test_files_without_a_state_dict_are_refused(tmp_path, content):
    torch.save(content, tmp_path / "other.pth")
    with pytest.raises(ValueError, match="holds no state dict"):
        read_checkpoint(tmp_path / "other.pth")


def test_missing_files_are_not_called_damaged(tmp_path):
    for read in (read_checkpoint, read_matconvnet):
        with pytest.raises(FileNotFoundError):
            read(tmp_path / "absent.mat")


def test_matlab_files_of_other_content_are_refused(tmp_path):
    with h5py.File(tmp_path / "other.mat", "w") as file:
        file["net"] = np.zeros(3)
    with pytest.raises(ValueError, match=r"no net\.layers"):
        read_matconvnet(tmp_path / "other.mat")


def test_matconvnet_kernels_keep_their_axes(tmp_path):
    """Also where a last axis of length one is not stored."""
    rng = np.random.default_rng(0)
    shapes = ((3, 5, 2, 4), (3, 3, 4, 1))
    layers = [(rng.random(s, "f4"), rng.random(s[3], "f4")) for s in shapes]
    save_matconvnet(tmp_path / "net.mat", layers)
    read = read_matconvnet(tmp_path / "net.mat")
    for (kernel, bias), (read_kernel, read_bias) in zip(layers, read, strict=True):
        assert tuple(read_kernel.shape) == (kernel.shape[3], kernel.shape[2], *kernel.shape[:2])
        for place in np.ndindex(kernel.shape):
            assert read_kernel[place[3], place[2], place[0], place[1]] == kernel[place]
        np.testing.assert_array_equal(read_bias, bias)
