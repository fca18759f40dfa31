"""Reading networks that Caffe saved (`.caffemodel`), without Caffe and without its definitions.

Such a file is one protocol-buffers message: fields, each with a number, of which some are messages
again. Of Caffe's definitions these are read: a network's layers (100), a layer's name (1) and
blobs (7), a blob's numbers (5) and shape (7), and a shape's sides (1). Networks of Caffe's first
years, which keep their layers elsewhere, are refused. Nothing in a file is executed, and no more is
read than the file is long.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

LAYERS = 100
NAME, BLOBS = 1, 7  # of a layer
NUMBERS, SHAPE = 5, 7  # of a blob
SIDES = 1  # of a shape
# How a field is stored: a number of 7 bits a byte, 8 bytes, so many bytes as it says, or 4 bytes.
VARINT, EIGHT_BYTES, COUNTED, FOUR_BYTES = 0, 1, 2, 5
LONGEST_VARINT = 10


def read_caffe_model(path: Path) -> dict[str, list[Tensor]]:
    """The blobs of each layer that has any, by the layer's name, in the file's order.

    A convolution has its kernel, (out, in, kh, kw), and its bias, (out,); a deconvolution's kernel
    is (in, out, kh, kw). Shapes are as they stand in the file, where an axis of one may be left in.

    Raises:
        FileNotFoundError: no such file.
        ValueError: the file is damaged, or no such network.
    """
    content = memoryview(path.read_bytes())
    layers: dict[str, list[Tensor]] = {}
    try:
        for layer in _messages(content, LAYERS):
            blobs = [_blob(message) for message in _messages(layer, BLOBS)]
            if blobs:
                name = b"".join(bytes(text) for text in _messages(layer, NAME)).decode()
                if name in layers:
                    raise ValueError(f"two layers are called {name!r}")
                layers[name] = blobs
    except ValueError as error:
        raise ValueError(
            f"{path} is damaged, or no network saved by Caffe ({error}): download it again"
        ) from error
    if not layers:
        raise ValueError(f"{path} holds no Caffe network with layers that have weights")
    return layers


def _blob(message: memoryview) -> Tensor:
    """The numbers of a blob, in its shape."""
    packed = b"".join(bytes(part) for part in _messages(message, NUMBERS))
    sides: list[int] = []
    for shape in _messages(message, SHAPE):
        for part in _messages(shape, SIDES):
            at = 0
            while at < len(part):
                side, at = _varint(part, at)
                sides.append(side)
    if not sides or 4 * math.prod(sides) != len(packed):
        raise ValueError(f"{len(packed)} bytes of numbers for a blob of shape {tuple(sides)}")
    if not packed:
        return torch.empty(sides)
    return torch.frombuffer(bytearray(packed), dtype=torch.float32).reshape(sides)


def _messages(message: memoryview, number: int) -> Iterator[memoryview]:
    """The contents of all counted fields of this number."""
    return (content for field, content in _counted_fields(message) if field == number)


def _counted_fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Number and content of each field that says how long it is; the others are passed over."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        field, kind = key >> 3, key & 7
        if kind == VARINT:
            _, at = _varint(message, at)
            continue
        if kind == COUNTED:
            length, at = _varint(message, at)
        elif kind in (EIGHT_BYTES, FOUR_BYTES):
            length = 8 if kind == EIGHT_BYTES else 4
        else:
            raise ValueError(f"a field of unknown kind {kind}")
        if length > len(message) - at:
            raise ValueError(f"a field of {length} bytes where {len(message) - at} are left")
        if kind == COUNTED:
            yield field, message[at : at + length]
        at += length


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """The number that starts at this byte, and where the next thing starts."""
    value = 0
    for i, byte in enumerate(message[at : at + LONGEST_VARINT]):
        value |= (byte & 127) << 7 * i
        if byte < 128:
            return value, at + i + 1
    raise ValueError("a number that does not end")
