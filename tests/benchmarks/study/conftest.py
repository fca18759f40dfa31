"""A small study on disk, and the files that its raters would save."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tiny_study import STUDY, pictures, record

from benchmarks.study.key import read_key
from benchmarks.study.kit import write_kit


@pytest.fixture
def kit(tmp_path):
    folder = tmp_path / "kit"
    write_kit(folder, STUDY, pictures())
    return folder


@pytest.fixture(scope="session")
def key(tmp_path_factory):
    """The key of that study; any kit of it has the same."""
    folder = tmp_path_factory.mktemp("key")
    write_kit(folder, STUDY, pictures())
    return read_key(folder / "private" / "key.json")


@pytest.fixture
def saved(tmp_path, key):
    """Write a rater's record, perhaps changed, and give its path."""

    def save(rater, change=None, prefer=None, name=None):
        found = record(key, rater, prefer)
        if change is not None:
            change(found)
        path = tmp_path / (name or f"{key.deck.study}-{rater}.json")
        path.write_text(json.dumps(found))
        return path

    return save


@pytest.fixture
def make_study():
    """The small study with other fields, and pictures for it."""
    return lambda **fields: (replace(STUDY, **fields), pictures())
