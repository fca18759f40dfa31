"""The picture of each row for the contact sheet: made again alone where it is damaged or gone."""

from dataclasses import replace

import numpy as np
import pytest
import quick
from PIL import Image

from benchmarks.declare.runs import Fixed, network
from benchmarks.declare.table import Reference
from benchmarks.engine import execute
from benchmarks.engine.store import StoreError
from datasets.images import DataError


def picture(work, row=0):
    score = work.plan.rows[row].scores[-1][0]
    return work.plan.status.folder(score.provider).path / work.plan.status.picture_name(score)


def two_columns(out, **options):
    rows = [replace(row, printed="1 2") for row in quick.ROWS]
    table = replace(
        quick.TABLE, columns=quick.TABLE.columns[:2], groups={"Tiny": rows}, references=()
    )
    return quick.quick_work(out, table, **options)


def damaged(path):
    content = bytearray(path.read_bytes())
    content[60] ^= 1
    path.write_bytes(content)


def gone(path):
    path.unlink()


def without_digest(path):
    path.with_name(f"{path.name}.sha256").unlink()


@pytest.mark.parametrize("harm", [damaged, gone, without_digest])
def test_harmed_picture_is_made_again_and_nothing_is_measured(copied, harm, monkeypatch):
    work = two_columns(copied)
    path = picture(work)
    before = np.asarray(Image.open(path)).copy()
    scores = {p: p.stat().st_mtime_ns for p in copied.rglob("scores/*.json")}
    harm(path)
    monkeypatch.setattr(execute, "measure", None)
    work.make()
    assert np.array_equal(np.asarray(Image.open(path)), before)
    assert path in [found for _, found in work.pictures()]
    assert len(work.pictures()) == 2
    assert {p: p.stat().st_mtime_ns for p in copied.rglob("scores/*.json")} == scores


def test_intact_pictures_are_left_alone(copied, monkeypatch):
    monkeypatch.setattr(execute, "keep_picture", None)
    work = two_columns(copied)
    work.make()
    assert len(work.pictures()) == 2


@pytest.mark.parametrize("error", [DataError("image 7 is damaged"), StoreError("cannot write")])
def test_a_picture_that_cannot_be_made_or_kept_costs_no_number(copied, error, monkeypatch, capsys):
    def fail(*arguments):
        raise error

    work = two_columns(copied)
    gone(picture(work))
    monkeypatch.setattr(execute, "keep_picture", fail)
    work.make()
    assert f"Tiny / L_1: no picture: {error}" in capsys.readouterr().err
    assert work.complete(work.grid())
    assert len(work.pictures()) == 1


def test_failure_is_forgotten_with_the_picture_that_is_made_after_it(copied, monkeypatch):
    work = two_columns(copied)
    gone(picture(work))
    with monkeypatch.context() as patched:
        patched.setattr(execute, "keep_picture", None)  # cannot be called
        work.make()
    record = picture(work).parents[1] / "failure.json"
    assert record.exists()
    work.make()
    assert not record.exists()


def test_a_row_without_numbers_gets_no_picture(copied):
    work = two_columns(copied)
    path = picture(work)
    gone(path)
    work.plan.rows[0].problem = DataError("its start is not there")
    work.make()
    assert not path.exists()


def test_a_line_that_is_a_row_once_more_has_no_second_picture(tmp_path):
    rows = [replace(row, printed="1 2") for row in quick.ROWS]
    again = Reference("once more", row=replace(rows[0], printed="- -"), of="Tiny / L_1")
    noisy = Reference("noisy", Fixed(network(quick.Copy)))
    table = replace(
        quick.TABLE,
        columns=quick.TABLE.columns[:2],
        groups={"Tiny": rows},
        references=(again, noisy),
    )
    work = quick.quick_work(tmp_path, table)
    work.make()
    assert [name for name, _ in work.pictures()] == ["noisy", "Tiny / L_1", "Tiny / 2 L_1"]
