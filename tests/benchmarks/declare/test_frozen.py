"""What is declared cannot be changed afterwards: runs are known by what their declaration says."""

from __future__ import annotations

import inspect
import pkgutil
from dataclasses import is_dataclass
from importlib import import_module

import pytest

import benchmarks.declare
import benchmarks.grid
import benchmarks.profiles

MODULES = [
    import_module(f"{package.__name__}.{module.name}")
    for package in (benchmarks.declare, benchmarks.profiles, benchmarks.grid)
    for module in pkgutil.iter_modules(package.__path__)
]
DATACLASSES = [
    member
    for module in MODULES
    for _, member in inspect.getmembers(module, inspect.isclass)
    if is_dataclass(member) and member.__module__ == module.__name__
]


@pytest.mark.parametrize("declared", DATACLASSES, ids=lambda declared: declared.__name__)
def test_every_word_of_a_declaration_is_frozen(declared: type) -> None:
    assert declared.__dataclass_params__.frozen  # type: ignore[attr-defined]
