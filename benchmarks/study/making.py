"""A study's kit from trained networks: every test image by every method, as raters are shown it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from benchmarks.declare.pairwise import Pairwise
from benchmarks.engine.collect import to_grid
from benchmarks.engine.execute import Engine
from benchmarks.engine.machine import compute_threads
from benchmarks.engine.measure import png
from benchmarks.engine.plan import Plan, PlannedRow, make_plan
from benchmarks.engine.problems import Failed
from benchmarks.engine.progress import Progress, say
from benchmarks.engine.restored import restored
from benchmarks.engine.score import Score
from benchmarks.engine.status import Status
from benchmarks.engine.steps import missing
from benchmarks.study.answers import KIT
from benchmarks.study.design import Study
from benchmarks.study.key import Key, StudyError, read_key
from benchmarks.study.kit import KEY, PAGE, README, check_kit, write_kit
from benchmarks.study.pictures import Picture
from datasets.images import DataError
from datasets.sampling import test_sample
from losses.exact_products import tensor_float32


def make_study(table: Pairwise, engine: Engine, study: Path) -> Path:
    """Write the kit of a table's study, training what the store lacks; returns its folder.

    Args:
        study: the folder of the study, see `benchmarks.study.answers`.

    Raises:
        StudyError: a method has no images, a file is missing, or a kit of other runs is there
            already; that is told before anything is trained.
    """
    plan = make_plan(table.of, engine.status)
    rows = {method: _row(plan, *table.shown(method)) for method in table.preferred}
    folder, asked = study / KIT, Study(table.name, tuple(rows))
    try:
        known = _checked(folder, asked, rows, engine.status)
        runs = {m: engine.status.ids.run_id(row.providers[0]) for m, row in rows.items()}
        if known is not None and known.runs != runs:
            raise StudyError(
                f"{folder} holds a kit of other runs, which its raters' files need as it is. To "
                f"write another, move {folder.parent} away, its answers with it."
            )
        for row in rows.values():
            engine.ensure(row.providers[0], row.name)
            if engine.status.state(row.providers[0]).status == "stale":
                say(f"warning: {row.name} was made by other code; --refresh makes it again")
        with TemporaryDirectory() as pictures:
            images = _restored(rows, engine, Path(pictures))
            write_kit(folder, asked, images, runs, to_grid(plan).facts)
    except (Failed, DataError) as error:
        raise StudyError(f"{table.name}: {error}") from error
    return folder


def described(folder: Path) -> str:
    """What lies where in a kit, and what to do next."""
    deck = read_key(folder / KEY).deck
    return (
        f"{folder / PAGE} asks {deck.questions + deck.repeats + len(deck.checks)} "
        f"questions; {folder / README} says how to run the study and read its answers"
    )


def _checked(folder: Path, asked: Study, rows: dict[str, PlannedRow], status: Status) -> Key | None:
    """The key of the kit that is there, if any; refuses what would stop the making later."""
    data = _score(rows).data
    wanted = (data, *(row.providers[0] for row in rows.values()))
    if problems := list(dict.fromkeys(missing(status, wanted))):
        raise StudyError(f"{asked.name}: {'; '.join(problems)}")
    names = status.ids.images(data).names
    return check_kit(folder, asked, dict.fromkeys(names, (*rows, "clean", "input")))


def _score(rows: dict[str, PlannedRow]) -> Score:
    """A score on the test images that raters are shown."""
    return next(iter(rows.values())).scores[0][0]


def _row(plan: Plan, group: str, label: str) -> PlannedRow:
    return next(row for row in plan.rows if (row.group, row.label) == (group, label))


def _restored(
    rows: dict[str, PlannedRow], engine: Engine, folder: Path
) -> dict[str, dict[str, Picture]]:
    """Every test image by every method, clean, and as the methods are given it, as files."""
    score = _score(rows)
    images = engine.status.ids.images(score.data)
    networks = {m: engine.frozen(row.providers[0]).eval() for m, row in rows.items()}
    progress = Progress("images for raters", "image")
    files: dict[str, dict[str, Picture]] = {}
    for i, name in enumerate(images.names):
        sample = test_sample(score.data, images, i, score.seed)
        entries = {k: v[None].to(engine.device) for k, v in sample.items()}
        shown = {"clean": sample["target"], "input": sample["input"]}
        threads = compute_threads(engine.status.resolver.profile.threads)
        with torch.no_grad(), threads, tensor_float32(False):
            for method, network in networks.items():
                shown[method] = restored(network, entries)[0]
        files[name] = {}
        for k, (what, image) in enumerate(shown.items()):
            path = folder / f"{i}-{k}.png"
            path.write_bytes(png(score.evaluation.prepare(image)))
            files[name][what] = path
        progress(i + 1, len(images))
    progress.close()
    return files
