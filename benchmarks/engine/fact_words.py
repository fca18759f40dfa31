"""Words for data sets and recipes that several parts of a caption use."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from benchmarks.declare.runs import Run
from benchmarks.engine.status import Status
from datasets.images import DataError

Fact = tuple[str, str]


def data_words(status: Status, data: Any, name: str = "") -> str:
    """A data set and its images in words, such as `Kodak24(), 12 of 24 images`."""
    text = name or repr(data)
    try:
        images = status.ids.images(data)
    except DataError:
        return f"{text}, not there"
    expected = images.expected
    count = f"{len(images)} of {expected}" if expected and expected != len(images) else len(images)
    but = f" ({images.unofficial})" if images.unofficial else ""
    return f"{text}, {count} images{but}"


def recipe_words(runs: Iterable[Run]) -> str:
    """Steps, batch, crop and rate of the runs, what reads alike once."""
    words = (
        f"{int(t.steps)} steps of {int(t.batch)} crops of {int(t.crop)}x{int(t.crop)}, "
        f"{type(t.optimizer).__name__} with lr {float(t.optimizer.lr):g}"
        for t in (run.training for run in runs)
    )
    return "; ".join(dict.fromkeys(words))


def arithmetic_words(run: Run) -> str:
    """In what a training computed, where that is not plain float32; "" where it is."""
    words = {"tf32": "TF32 on CUDA", "bf16": "networks in bfloat16, all else in float32"}
    told = [words.get(run.training.precision, "")]
    told += ["the restoring network compiled"] if run.training.compiled else []
    if not (text := ", ".join(filter(None, told))):
        return ""
    return f"{text}; measured in float32"
