"""The commands around studies of preference: writing a kit, and reading what raters answered.

They lie in studies/PROFILE/TABLE below the results: kit/ for the experimenter and raters, answers/
for the files that fill the table, one per rater. Answers are added and never replaced.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from benchmarks.checks import RESULTS
from benchmarks.declare.pairwise import Pairwise
from benchmarks.engine.collect import declared, to_grid
from benchmarks.engine.execute import Engine, png
from benchmarks.engine.network_outputs import network_outputs
from benchmarks.engine.plan import Entry, Plan, make_plan
from benchmarks.engine.problems import Failed, Needs
from benchmarks.engine.progress import Progress, say
from benchmarks.engine.store import write_file
from benchmarks.grid.model import Grid
from benchmarks.papers.registry import TABLES
from benchmarks.profiles.resolve import PROFILES
from benchmarks.study.key import Key, StudyError, read_key
from benchmarks.study.kit import KEY, RATERS, Study, write_kit
from benchmarks.study.pictures import Picture
from benchmarks.study.preferences import fill, preferences
from benchmarks.study.ratings import kit_of, read_ratings
from datasets.images import DataError
from datasets.sampling import test_sample

KIT = "kit"
ANSWERS = "answers"


def write_study(table: Pairwise, engine: Engine, out: Path | None) -> Path:
    """Write the kit of a table's study, training what the store lacks; its folder.

    Raises:
        StudyError: a method has no images, or a kit of other runs is there already.
    """
    plan = make_plan(table.of, engine)
    entries = {method: _entry(plan, *table.shown(method)) for method in table.preferred}
    folder = study_folder(table, engine.resolver.profile.name, out) / KIT
    try:
        runs = {m: engine.ids.run_id(e.providers[0]) for m, e in entries.items()}
        if (folder / KEY).exists() and read_key(folder / KEY).runs != runs:
            raise StudyError(
                f"{folder} holds a kit of other runs, which its raters' files need as it is. To "
                f"write another, move {folder.parent} away, its answers with it."
            )
        for entry in entries.values():
            engine.ensure(entry.providers[0], entry.name)
            if engine.state(entry.providers[0]).status == "stale":
                say(f"warning: {entry.name} was made by other code; --refresh makes it again")
        with TemporaryDirectory() as pictures:
            images = _restored(entries, engine, Path(pictures))
            study = Study(table.name, tuple(entries))
            write_kit(folder, study, images, runs, to_grid(plan).facts)
    except (Failed, Needs, DataError) as error:
        raise StudyError(f"{table.name}: {error}") from error
    return folder


def read_answers(files: list[Path], out: Path | None) -> tuple[Pairwise, str]:
    """Keep raters' files beside their kit, with those that are kept already.

    Returns:
        the kit's table and its profile.

    Raises:
        StudyError, RatingError: there is no such kit, a file is not of it, or another file of its
            rater is kept; no file is kept then.
    """
    folder, key = _kit(kit_of(files[0]), files[0], out)
    new = []
    for file in files:
        rater = read_ratings([file], key)[0].rater
        kept, content = folder / ANSWERS / f"{key.deck.study}-{rater}.json", file.read_bytes()
        if not kept.exists():
            new.append((file, kept, content))
        elif kept.read_bytes() != content:
            raise StudyError(
                f"{file}: other answers of rater {rater!r} are kept in {kept}. Move that file away "
                f"if these are to count."
            )
    read_ratings([file for file, *_ in new], key)  # no rater twice
    for _, kept, content in new:
        write_file(kept, content)
    return study_named(key.deck.study), folder.parent.name


def answered(table: Pairwise, profile: str, out: Path | None) -> Grid:
    """The table under a profile: with the fractions of its raters, where there are any."""
    grid = declared(table, PROFILES[profile])
    folder = study_folder(table, profile, out)
    files = sorted((folder / ANSWERS).glob("*.json"))
    if not files:
        return replace(grid, ledger_note="")
    key = read_key(folder / KIT / KEY)
    shown = len({what.image for what in key.pictures.values()})
    facts = [("images shown", f"{shown}, kit {key.deck.kit}"), *key.facts]
    grid = fill(replace(grid, facts=facts), preferences(read_ratings(files, key), key))
    rows = [
        replace(
            row,
            cells=[
                replace(cell, run_id=f"{key.runs[row.method]} {key.runs[column.metric]}")
                if cell.values
                else cell
                for cell, column in zip(row.cells, grid.columns, strict=True)
            ],
        )
        for row in grid.rows
    ]
    return replace(grid, rows=rows)


def study_folder(table: Pairwise, profile: str, out: Path | None) -> Path:
    """Where the study of a table under a profile lies, its kit and its answers."""
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
        StudyError: there is none.
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
    images = engine.ids.images(score.data)
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
    unreadable = []
    for folder in sorted(studies.glob("*/*")):
        try:
            if (key := read_key(folder / KIT / KEY)).deck.kit == digest:
                return folder, key
        except StudyError as error:
            unreadable.append(f" {error}.")
    raise StudyError(
        f"{file} belongs to the kit {digest[:12]}..., which is not below {studies}. If the kit was "
        f"written with --out, give the same --out; its key is needed to read any answer."
        + "".join(unreadable)
    )
