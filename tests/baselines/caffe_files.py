"""Writes networks as Caffe saves them, for tests that read them."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def varint(value: int) -> bytes:
    """Seven bits a byte, the least first; all bytes but the last have the eighth bit set."""
    return bytes([value & 127 | 128]) + varint(value >> 7) if value > 127 else bytes([value])


def counted(number: int, content: bytes) -> bytes:
    """A field of bytes that says how many they are."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def blob(values: np.ndarray) -> bytes:
    shape = counted(7, counted(1, b"".join(varint(side) for side in values.shape)))
    return counted(7, counted(5, values.astype("<f4").tobytes()) + shape)


def layer(name: str, *blobs: np.ndarray) -> bytes:
    """With fields of each kind that a reader has to pass over."""
    others = varint(10 << 3) + varint(300) + varint(2 << 3 | 5) + b"abcd" + varint(3 << 3 | 1)
    text = counted(1, name.encode()) + counted(2, b"Convolution") + others + b"abcdefgh"
    return counted(100, text + b"".join(blob(values) for values in blobs))


def save_caffe(path: Path, layers: dict[str, tuple[np.ndarray, ...]]) -> None:
    """The layers' blobs, and one layer that has none."""
    parts = [layer(name, *blobs) for name, blobs in layers.items()]
    path.write_bytes(counted(1, b"Net") + layer("relu") + b"".join(parts))
