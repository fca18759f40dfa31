"""A training that keeps its best weights has those of its last step beside them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from safetensors.torch import load_file

from benchmarks.declare.errors import DeclarationError
from benchmarks.declare.protocol import Evaluation
from benchmarks.declare.runs import LastStep, Run
from benchmarks.declare.table import Reference, Row
from benchmarks.declare.training import Best
from benchmarks.engine.explain import explain
from benchmarks.engine.work import TableWork
from benchmarks.metrics.psnr import PSNR
from datasets.degradations.noise import Noisy
from datasets.embedded.street_scenes import StreetScenes
from losses.l1 import L1

ELSEWHERE = Noisy(StreetScenes("val", count=1, height=48, width=64, seed=7), sigma=50)
BEST = Best(PSNR(), ELSEWHERE, every=4, evaluation=Evaluation())
KEPT = Row("L_1", tiny.TinyDenoiser, L1(), "30.00 25.00")
ROWS = [KEPT, Row("last step", tiny.TinyDenoiser, L1(), "- -", last_step=True)]
# Its last steps are far worse than its first ones.
RECIPE = replace(tiny.TRAINING, steps=10, optimizer=replace(tiny.TRAINING.optimizer, lr=0.2))


def made(out: Path, keep: Any = BEST, rows: list[Row] = ROWS) -> TableWork:
    profile = replace(tiny.AS_DECLARED, warm_up=lambda run: None)
    table = tiny.tiny_table(rows, replace(RECIPE, keep=keep))
    work = tiny.tiny_work(tiny.tiny_engine(out, profile=profile), table)
    work.make()
    return work


def values(work: TableWork, row: int) -> list[tuple[float, ...]]:
    return [cell.values for cell in work.grid().rows[row].cells]


def test_both_rows_come_from_one_training(tmp_path: Path) -> None:
    work = made(tmp_path)
    assert len(list(tmp_path.glob("runs/*/run.json"))) == 1
    run = work.plan.rows[0].providers[0]
    assert isinstance(run, Run)
    assert work.plan.rows[1].providers == [LastStep(run)]
    assert values(work, 0) != values(work, 1)


def test_last_step_is_measured_with_the_weights_of_the_last_step(tmp_path: Path) -> None:
    """... which are those of a training that keeps them."""
    both, last = made(tmp_path / "both"), made(tmp_path / "last", "last", ROWS[:1])
    assert values(both, 1) == values(last, 0)
    kept = [both.plan.rows[0].providers[0], last.plan.rows[0].providers[0]]
    folders = [w.plan.status.folder(p).path for w, p in zip((both, last), kept, strict=True)]
    ours = load_file(folders[0] / "last.safetensors")
    theirs = load_file(folders[1] / "weights.safetensors")
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert not (folders[1] / "last.safetensors").exists()


def test_its_cells_are_of_trainings(tmp_path: Path) -> None:
    assert all(cell.trained for row in made(tmp_path).grid().rows for cell in row.cells)


@pytest.mark.parametrize("damage", [lambda p: p.unlink(), lambda p: p.write_bytes(b"other")])
def test_lost_last_weights_are_made_again(tmp_path: Path, damage: Any) -> None:
    work = made(tmp_path)
    folder = work.plan.status.folder(work.plan.rows[0].providers[0]).path
    before = (folder / "last.safetensors").read_bytes()
    damage(folder / "last.safetensors")
    again = made(tmp_path)
    assert (folder / "last.safetensors").read_bytes() == before
    assert values(again, 1) == values(work, 1)


def test_explain_tells_of_the_training_behind_it(tmp_path: Path) -> None:
    work = made(tmp_path)
    text = explain(work.plan, work.plan.rows[1], "sigma=50 PSNR")
    run = work.plan.rows[0].providers[0]
    assert work.plan.status.ids.run_id(run) in text
    assert "the weights of its last step" in text


def test_a_line_of_reference_is_made_with_the_row_that_it_is_of(tmp_path: Path) -> None:
    other = Row("2 L_1", tiny.TinyDenoiser, 2.0 * L1(), "- -")
    last = [
        Reference(f"{r.label}, last step", row=replace(r, last_step=True), of=f"Tiny / {r.label}")
        for r in (KEPT, other)
    ]
    table = tiny.tiny_table([KEPT, other], replace(RECIPE, keep=BEST))
    table = replace(table, references=tuple(last))
    profile = replace(tiny.AS_DECLARED, warm_up=lambda run: None)
    work = tiny.tiny_work(tiny.tiny_engine(tmp_path, profile=profile), table, only="Tiny / L_1")
    work.make()
    grid = work.grid()
    assert len(list(tmp_path.glob("runs/*/run.json"))) == 1
    assert [line.method for line in grid.references] == ["L_1, last step", "2 L_1, last step"]
    assert [cell.status for line in grid.references for cell in line.cells] == [
        "ok", "ok", "pending", "pending",
    ]  # fmt: skip
    assert [c.values for c in grid.references[0].cells] == values(made(tmp_path), 1)


def test_a_line_of_reference_is_checked_as_a_row_is() -> None:
    wrong = Reference("L_1, last step", row=replace(KEPT, printed="- - -"), of="Tiny / L_1")
    with pytest.raises(DeclarationError, match="reference 'L_1, last step'"):
        replace(tiny.tiny_table(ROWS), references=(wrong,))
