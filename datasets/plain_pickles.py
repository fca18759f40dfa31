"""Pickles that hold plain containers, numbers, text and NumPy arrays, and nothing that is run.

A pickle is a program: it may name any function of any module and call it. Here it may name the few
by which NumPy writes arrays and numbers, and even these are not NumPy's: what is called in their
place takes a type, a shape and bytes, and looks whether they agree. Every other name is refused
before anything is imported.

A file that was made to exhaust the memory, or the stack by nesting, may still end the process.
"""

from __future__ import annotations

import io
import math
import pickle
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets.images import DataError

_NUMBERS = {f"{kind}{size}" for kind in "iu" for size in (1, 2, 4, 8)} | {"f2", "f4", "f8"}


class _RefusedError(Exception):
    """A name that a pickle must not use."""


class PickledArray:
    """An array as a pickle tells it; `np.asarray` makes it one."""

    def __init__(self) -> None:
        self._array: NDArray[Any] = np.zeros(0)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, kind, columns_first, content = state
        self._array = _array(content, kind, shape, "F" if columns_first else "C")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self._array, dtype)


class _NumberType:
    """The type of an array's numbers as a pickle tells it: a name, then an order of bytes."""

    def __init__(self, name: str):
        if name not in _NUMBERS:
            raise ValueError(f"numbers of the type {name!r}")
        self.name = name
        self.order = "="

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if state[1] not in ("<", ">", "=", "|"):
            raise ValueError(f"an order of bytes {state[1]!r}")
        self.order = state[1]

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.order + self.name)


def plain_pickle(content: bytes, path: Path) -> Any:
    """What a pickle of any protocol holds, of Python 3 or 2; a pickle of a class is refused.

    Args:
        content: the pickle.
        path: the file that it is of, for messages.
    Returns:
        containers, numbers and text; arrays in them are `PickledArray`, numbers of NumPy Python's.
    Raises:
        DataError: it is damaged or no pickle, or names something that is not plain data.
    """
    try:
        return _PlainUnpickler(io.BytesIO(content), encoding="latin1").load()
    except _RefusedError as error:
        raise DataError(
            f"{path} is refused: as a pickle it asks for {error}, which plain data does not need. "
            "Nothing of it was run. Take the file from its authors, or write its content as text."
        ) from error
    except Exception as error:  # on damaged bytes an unpickler raises whatever its code runs into
        raise DataError(
            f"{path} is damaged or no pickle of plain data ({type(error).__name__}: {error}). "
            "Copy or download it again."
        ) from error


class _PlainUnpickler(pickle.Unpickler):
    """An unpickler that imports nothing."""

    def find_class(self, module: str, name: str) -> Any:
        """What stands for a name; an object of its own each time, which a pickle may change."""
        if (module, name) not in _ADMITTED:
            raise _RefusedError(f"{module}.{name}")
        return partial(_ADMITTED[module, name])


def _array(content: Any, kind: Any, shape: Any, order: Any) -> NDArray[Any]:
    """Bytes as an array that they fill."""
    if isinstance(content, str):  # the bytes of Python 2
        content = content.encode("latin1")
    if len(content) != math.prod(shape) * kind.dtype.itemsize:
        raise ValueError(f"an array of {shape} in {len(content)} bytes")
    return np.frombuffer(content, kind.dtype).reshape(shape, order="F" if order == "F" else "C")


def _number(kind: Any, content: Any) -> Any:
    """One number."""
    return _array(content, kind, (), "C").item()


def _from_buffer(content: Any, kind: Any, shape: Any, order: Any) -> NDArray[Any]:
    """An array of protocol 5."""
    return _array(content, kind, shape, order)


def _empty(*_: Any) -> PickledArray:
    """An array whose state follows."""
    return PickledArray()


def _number_type(name: str, *_: Any) -> _NumberType:
    """A type whose order of bytes follows."""
    return _NumberType(name)


def _bytes(text: str, encoding: str) -> bytes:
    """Bytes, as Python 3 writes them for readers of protocol 2."""
    if encoding != "latin1":
        raise _RefusedError(f"_codecs.encode to {encoding}")
    return text.encode("latin1")


def _no_call(*_: Any) -> Any:
    """An array's class, which is named and never called."""
    raise _RefusedError("a call of numpy.ndarray")


_ADMITTED: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "ndarray"): _no_call,
    ("numpy", "dtype"): _number_type,
    ("_codecs", "encode"): _bytes,
}
for _package in ("numpy.core", "numpy._core"):  # before NumPy 2, and since
    _ADMITTED[f"{_package}.multiarray", "_reconstruct"] = _empty
    _ADMITTED[f"{_package}.multiarray", "scalar"] = _number
    _ADMITTED[f"{_package}.numeric", "_frombuffer"] = _from_buffer
