"""What stays with the experimenter: which picture is whose, and which questions are asked."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.declare.errors import UsageError
from benchmarks.study.plan import Deck

SCHEMA = 1


class StudyError(UsageError):
    """A study cannot be made or read as it stands; the message names the file or the picture."""


@dataclass(frozen=True)
class Shown:
    """What a picture shows: the image's name, and the method or "clean" or "degraded"."""

    image: str
    method: str


@dataclass(frozen=True)
class Key:
    """All that is needed to read raters' files.

    methods: in the order of the study.
    failures_allowed: attention checks that a rater may fail and still be counted; declared with
        the study, before there is any answer.
    deck: what the page knows. pictures: by the ids of the deck.
    runs: of every method, the run whose images are shown.
    facts: what else was run, name and text, for the report.
    """

    methods: tuple[str, ...]
    failures_allowed: int
    deck: Deck
    pictures: dict[str, Shown]
    runs: dict[str, str] = field(default_factory=dict)
    facts: tuple[tuple[str, str], ...] = ()

    def json(self) -> str:
        """The key as readable JSON; equal keys give equal text."""
        return json.dumps({"schema": SCHEMA, **asdict(self)}, indent=1, ensure_ascii=False) + "\n"


def read_key(path: Path) -> Key:
    """The key that was written with a kit.

    Raises:
        StudyError: there is no such file, or it is no key.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found.pop("schema") != SCHEMA:
            raise ValueError("its schema is of another version of this suite")
        deck = found.pop("deck")
        for name in ("items", "checks"):
            deck[name] = tuple((a, b) for a, b in deck[name])
        pictures = {name: Shown(**shown) for name, shown in found.pop("pictures").items()}
        found["facts"] = tuple((name, text) for name, text in found["facts"])
        key = Key(
            **{**found, "methods": tuple(found["methods"])}, deck=Deck(**deck), pictures=pictures
        )
        unknown = {p for pair in (*key.deck.items, *key.deck.checks) for p in pair} - set(pictures)
        if unknown:
            raise ValueError(f"it does not say whose the picture {min(unknown)} is")
    except OSError as error:
        raise StudyError(
            f"cannot read the study's key {path}: {error.strerror}. It was written with the kit, "
            f"in the folder private/."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StudyError(
            f"{path} is no key of a study ({error}); it is the file key.json that was "
            f"written with the kit"
        ) from error
    return key
