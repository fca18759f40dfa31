"""The commands around studies of preference: writing a kit, and reading what raters answered.

A kit lies in studies/PROFILE/TABLE below the results; the answers that fill its table are kept
beside it, one file per rater.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from benchmarks.checks import RESULTS
from benchmarks.declare.pairwise import Pairwise
from benchmarks.declare.profiles import PROFILES
from benchmarks.engine.collect import declared
from benchmarks.engine.execute import Engine, png
from benchmarks.engine.forward import network_outputs
from benchmarks.engine.plan import Entry, Plan, make_plan
from benchmarks.engine.problems import Failed, Needs
from benchmarks.engine.progress import Progress
from benchmarks.engine.store import write_file
from benchmarks.papers.tables import TABLES
from benchmarks.report.grid import Grid
from benchmarks.study.key import Key, StudyError, read_key
from benchmarks.study.kit import KEY, RATERS, Study, write_kit
from benchmarks.study.pictures import Picture
from benchmarks.study.preferences import fill, preferences
from benchmarks.study.ratings import kit_of, read_ratings
from datasets.images import DataError
from datasets.sampling import test_sample

ANSWERS = "answers"


def write_study(table: Pairwise, engine: Engine, out: Path | None) -> Path:
    """Write the kit of a table's study, training what the store lacks; its folder.

    Raises:
        StudyError: a method has no images, or another kit is there already.
    """
    plan = make_plan(table.of, engine)
    entries = {method: _entry(plan, *table.shown(method)) for method in table.preferred}
    try:
        for entry in entries.values():
            engine.ensure(entry.providers[0], entry.name)
        folder = kit_folder(table, engine.setting.profile.name, out)
        with TemporaryDirectory() as pictures:
            images = _restored(entries, engine, Path(pictures))
            write_kit(folder, Study(table.name, tuple(entries)), images)
    except (Failed, Needs, DataError) as error:
        raise StudyError(f"{table.name}: {error}") from error
    return folder


def read_answers(files: list[Path], out: Path | None) -> tuple[Pairwise, str]:
    """Keep raters' files as the answers of their kit, in the place of earlier ones.

    Returns:
        the kit's table and its profile.

    Raises:
        StudyError, RatingError: there is no such kit, or a file is not of it; nothing is kept then.
    """
    folder, key = _kit(kit_of(files[0]), files[0], out)
    read_ratings(files, key)
    contents = {f"{key.deck.study}-{i + 1}.json": f.read_bytes() for i, f in enumerate(files)}
    shutil.rmtree(folder / ANSWERS, ignore_errors=True)
    for name, content in contents.items():
        write_file(folder / ANSWERS / name, content)
    return study_named(key.deck.study), folder.parent.name


def answered(table: Pairwise, profile: str, out: Path | None) -> Grid:
    """The table under a profile: with the fractions of its raters, where there are any."""
    grid = declared(table, PROFILES[profile])
    folder = kit_folder(table, profile, out)
    files = sorted((folder / ANSWERS).glob("*.json"))
    if not files:
        return grid
    key = read_key(folder / KEY)
    facts = [("images", f"{key.deck.block} pairs of methods, kit {key.deck.kit}")]
    return fill(replace(grid, facts=facts), preferences(read_ratings(files, key), key))


def kit_folder(table: Pairwise, profile: str, out: Path | None) -> Path:
    """Where the study of a table under a profile lies."""
    return (out or RESULTS) / "studies" / profile / table.name


def described(folder: Path) -> str:
    """What lies where, and what to do next."""
    deck = read_key(folder / KEY).deck
    return (
        f"{folder / RATERS / 'index.html'} asks {deck.questions + deck.repeats + len(deck.checks)} "
        f"questions; {folder / 'README.txt'} says how to run the study and read its answers"
    )


def study_named(name: str) -> Pairwise:
    """The declared study of this name.

    Raises:
        UsageError: there is none.
    """
    table = TABLES.get(name)
    if not isinstance(table, Pairwise):
        known = ", ".join(n for n, t in TABLES.items() if isinstance(t, Pairwise))
        raise StudyError(f"there is no study {name!r}; there are: {known}")
    return table


def _entry(plan: Plan, group: str, label: str) -> Entry:
    return next(e for e in plan.entries if (e.group, e.label) == (group, label))


def _restored(
    entries: dict[str, Entry], engine: Engine, folder: Path
) -> dict[str, dict[str, Picture]]:
    """Every test image by every method, clean, and as the methods are given it, as files."""
    score = next(iter(entries.values())).scores[0][0]
    images = engine.identity.images(score.data)
    networks = {m: engine.frozen(e.providers[0]).eval() for m, e in entries.items()}
    progress = Progress("images for raters", "image")
    files: dict[str, dict[str, Picture]] = {}
    for i, name in enumerate(images.names):
        sample = test_sample(score.data, images, i, score.seed)
        entry = {k: v[None].to(engine.device) for k, v in sample.items()}
        shown = {"clean": sample["target"], "input": sample["input"]}
        with torch.no_grad():
            for method, network in networks.items():
                shown[method] = network_outputs(network, entry)["pred"][0]
        files[name] = {}
        for k, (what, image) in enumerate(shown.items()):
            path = folder / f"{i}-{k}.png"
            path.write_bytes(png(score.evaluation.prepare(image)))
            files[name][what] = path
        progress(i + 1, len(images))
    progress.close()
    return files


def _kit(digest: str, file: Path, out: Path | None) -> tuple[Path, Key]:
    studies = (out or RESULTS) / "studies"
    for path in sorted(studies.glob(f"*/*/{KEY}")):
        if (key := read_key(path)).deck.kit == digest:
            return path.parent.parent, key
    raise StudyError(
        f"{file} belongs to the kit {digest[:12]}..., which is not below {studies}. If the kit was "
        f"written with --out, give the same --out; its key is needed to read any answer."
    )
