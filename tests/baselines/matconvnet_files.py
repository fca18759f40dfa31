"""Writes networks as MATLAB 7.3 writes MatConvNet's, for tests that read them."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np


def save_matconvnet(path: Path, layers: list[tuple[np.ndarray, np.ndarray]]) -> None:
    """Kernels (kh, kw, in, out) and biases (out,), a ReLU between them.

    MATLAB knows no fourth axis of length one, and HDF5 has its axes in reverse.
    """
    with h5py.File(path, "w") as file:

        def cell(name, entries):
            file[name] = np.array([[entry.ref] for entry in entries], dtype=h5py.ref_dtype)
            return file[name]

        def text(name, value):
            file[name] = np.array([[ord(letter)] for letter in value], dtype=np.uint16)

        groups = []
        for i, (kernel, bias) in enumerate(layers):
            file[f"#refs#/kernel{i}"] = (
                kernel if kernel.shape[3] > 1 else kernel[..., 0]
            ).transpose()
            file[f"#refs#/bias{i}"] = bias.reshape(1, -1)
            weights = [file[f"#refs#/kernel{i}"], file[f"#refs#/bias{i}"]]
            cell(f"#refs#/conv{i}/weights", weights)
            text(f"#refs#/conv{i}/type", "conv")
            text(f"#refs#/relu{i}/type", "relu")
            groups += [file[f"#refs#/conv{i}"], file[f"#refs#/relu{i}"]]
        cell("net/layers", groups[:-1])
