"""From trained networks to raters' pages, and from raters' files to the table, by command."""

from __future__ import annotations

import csv
import json
import os
import shutil
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_study import record

import reproduce
from baselines.denoising.ffdnet import FFDNet
from baselines.pass_through import PassThrough
from benchmarks.cli.request import Request
from benchmarks.cli.session import Session
from benchmarks.declare.column import Column
from benchmarks.declare.errors import DeclarationError
from benchmarks.declare.pairwise import Pairwise
from benchmarks.declare.protocol import Evaluation, Protocol
from benchmarks.declare.table import Row, Table
from benchmarks.declare.training import Adam, Training
from benchmarks.engine.execute import Engine
from benchmarks.engine.machine import compute_threads
from benchmarks.metrics.psnr import PSNR
from benchmarks.papers.registry import TABLES
from benchmarks.profiles.smoke import SMOKE
from benchmarks.study import kit as kit_module
from benchmarks.study import making
from benchmarks.study.answers import StudyWork
from benchmarks.study.design import Study
from benchmarks.study.key import read_key
from datasets.degradations.noise import Noisy
from datasets.embedded.photographs import Photographs
from losses.features import Features
from losses.l1 import L1
from losses.perceptual import Perceptual

NOISY = Noisy(Photographs("val"), sigma=25)
TABLE = Table(
    name="tiny",
    source="nowhere",
    caption="what is compared",
    columns=(Column(PSNR(), NOISY),),
    protocol=Protocol(
        Training(steps=1, batch=1, crop=32, optimizer=Adam(1e-3), schedule=None, augment="none"),
        Evaluation(),
    ),
    train=Noisy(Photographs("train"), sigma=25),
    groups={
        "as it is": [Row("", PassThrough, None, "-", role="input")],
        "twice": [
            Row("1", PassThrough, None, "-", role="input"),
            Row("2", PassThrough, None, "-", role="input"),
        ],
    },
)
STUDY = Pairwise(
    name="tiny_preferences",
    source="nowhere",
    caption="two methods",
    preferred={"as it is": "- .4", "twice": ".6 -"},
    of=TABLE,
    labels={"twice": "2"},
)


def answered(out):
    return StudyWork(STUDY, SMOKE, out).grid()


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """Run a command on the one study that there is; (status, output, errors)."""
    monkeypatch.setitem(TABLES, STUDY.name, STUDY)
    monkeypatch.setattr(making, "Study", partial(Study, questions=3, repeats=1, checks=1))

    def call(*words):
        status = reproduce.main([*map(str, words), "--out", str(tmp_path)])
        return status, *capsys.readouterr()

    return call


@pytest.fixture
def kit(command, tmp_path):
    status, said, _ = command("--study", STUDY.name)
    folder = tmp_path / "studies" / "smoke" / STUDY.name / "kit"
    assert status == 0
    assert str(folder / "raters" / "index.html") in said
    return folder


@pytest.fixture
def saved(kit, tmp_path):
    """The file of a rater who always prefers `twice`."""

    def save(rater):
        path = tmp_path / f"rater {rater}.json"
        found = record(read_key(kit / "private" / "key.json"), rater, lambda a, b: a == "twice")
        path.write_text(json.dumps(found))
        return path

    return save


def test_kit_shows_what_the_methods_make_of_the_test_images(kit, tmp_path):
    """Both methods return their input, so that a pair is two equal pictures, each 8-bit noisy."""
    key = read_key(kit / "private" / "key.json")
    assert {shown.method for shown in key.pictures.values()} == {
        "as it is", "twice", "clean", "degraded",
    }  # fmt: skip
    ids = Session(Request("study", out=tmp_path)).engine.status.ids
    names = ids.images(NOISY).names
    assert {shown.image for shown in key.pictures.values()} == set(names)
    for left, right in key.deck.items:
        a, b = (
            np.asarray(Image.open(kit / "raters" / "images" / f"{p}.png")) for p in (left, right)
        )
        assert np.array_equal(a, b)
        assert a.dtype == np.uint8
    clean, noisy = key.deck.checks[0]
    a, b = (
        np.asarray(Image.open(kit / "raters" / "images" / f"{p}.png"), float)
        for p in (clean, noisy)
    )
    assert np.sqrt(np.mean((a - b) ** 2)) > 15


def test_table_needs_raters_until_their_files_are_read(command, kit, saved, tmp_path):
    grid = answered(tmp_path)
    assert {cell.status for row in grid.rows for cell in row.cells} == {"needs raters"}
    status, said, _ = command("--study-results", saved("1"), saved("2"), "--format", "html")
    assert status == 0
    assert "Answers of 2 raters are counted" in said
    folder = tmp_path / "tables" / "smoke"
    assert {p.suffix for p in folder.glob(f"{STUDY.name}.*")} == {".md", ".csv", ".html"}
    grid = answered(tmp_path)
    (_, above), (below, _) = ([cell.values for cell in row.cells] for row in grid.rows)
    assert (above, below) == ((0.0,), (1.0,))
    assert "not comparable" in grid.watermark


def raters(out):
    (note,) = [n for n in answered(out).notes if "raters are counted" in n]
    return int(note.split()[2])


def test_later_files_are_added(command, kit, saved, tmp_path):
    command("--study-results", saved("1"), saved("2"))
    command("--study-results", saved("2"), saved("7"))  # the second once more
    assert raters(tmp_path) == 3
    kept = {path.name for path in (kit.parent / "answers").iterdir() if path.suffix == ".json"}
    assert kept == {f"{rater}.json" for rater in "127"}


def test_other_answers_of_the_same_rater_replace_none(command, kit, saved, tmp_path):
    command("--study-results", saved("1"))
    other = saved("1")
    other.write_text(other.read_text().replace("1000", "1001"))
    status, _, error = command("--study-results", saved("2"), other)
    assert status == 2
    assert str(kit.parent / "answers" / "1.json") in error
    assert raters(tmp_path) == 1


def test_number_of_answers_and_runs_stand_with_the_fractions(command, kit, saved, tmp_path):
    command("--study-results", saved("1"), saved("2"))
    table = csv.DictReader((tmp_path / "tables" / "smoke" / f"{STUDY.name}.csv").open())
    line = next(line for line in table if line["ours"])
    assert "n = 6, SE" in line["detail"]
    key = read_key(kit / "private" / "key.json")
    assert line["run_id"].split() == [key.runs["as it is"], key.runs["twice"]]
    assert ("device", "cpu") in answered(tmp_path).facts


def test_a_bad_file_is_told_and_loses_nothing(command, kit, saved, tmp_path):
    command("--study-results", saved("1"))
    bad = saved("2")
    bad.write_text(bad.read_text().replace('"left"', '"neither"', 1))
    status, _, error = command("--study-results", saved("3"), bad)
    assert status == 2
    assert str(bad) in error
    assert raters(tmp_path) == 1


def test_a_broken_key_of_another_study_is_in_nobodys_way(command, kit, saved, tmp_path):
    other = tmp_path / "studies" / "lite" / "other" / "kit" / "private" / "key.json"
    other.parent.mkdir(parents=True)
    other.write_text("{")
    assert command("--study-results", saved("1"))[0] == 0


@pytest.mark.parametrize("name", ["smoke/old", "smoke-of-may/tiny_preferences"])
def test_answers_of_a_kit_that_was_moved_are_not_kept_there(command, kit, saved, tmp_path, name):
    """No table is filled from there, and another kit may be in the place of this one."""
    path, elsewhere = saved("1"), tmp_path / "studies" / name
    shutil.move(kit.parent, elsewhere)
    status, _, error = command("--study-results", path)
    assert status == 2
    assert f"{elsewhere} holds it" in error
    assert not (elsewhere / "answers").exists()


def test_a_copy_of_a_study_takes_no_answers_from_it(command, kit, saved, tmp_path):
    shutil.copytree(tmp_path / "studies" / "smoke", tmp_path / "studies" / "backup")
    assert command("--study-results", saved("1"))[0] == 0
    assert raters(tmp_path) == 1


def test_pictures_are_made_with_the_threads_of_the_profile(command, kit, monkeypatch):
    """Or the kit, confirmed on another machine, would be another."""
    threads, restored = set(), making.restored

    def recorded(*arguments):
        threads.add(torch.get_num_threads())
        return restored(*arguments)

    monkeypatch.setattr(making, "restored", recorded)
    with compute_threads(1):
        assert command("--study", STUDY.name)[0] == 0
    assert threads == {SMOKE.threads}


def test_nobody_waits_for_what_writes_into_a_pipe(command, kit, saved, tmp_path):
    path, pipe = saved("1"), tmp_path / "answers"
    os.mkfifo(pipe)
    status, _, error = command("--study-results", pipe)
    assert (status, "not a file" in error) == (2, True)
    key = kit / "private" / "key.json"
    key.unlink()
    os.mkfifo(key)
    status, _, error = command("--study-results", path)
    assert (status, "Is not a file" in error) == (2, True)


def test_a_file_of_an_unknown_kit_says_where_kits_are_looked_for(command, kit, saved, tmp_path):
    path = saved("1")
    found = json.loads(path.read_text())
    path.write_text(json.dumps({**found, "kit": "0" * 16}))
    status, _, error = command("--study-results", path)
    assert status == 2
    assert "000000000000" in error
    assert str(tmp_path / "studies") in error


def test_a_kit_is_not_written_over_by_another(command, kit, monkeypatch):
    assert command("--study", STUDY.name)[0] == 0  # the same again
    other = replace(STUDY, labels={"twice": "1"}, of=replace(TABLE, columns=(
        Column(PSNR(), replace(NOISY, sigma=50)),
    )))  # fmt: skip
    monkeypatch.setitem(TABLES, STUDY.name, other)
    status, _, error = command("--study", STUDY.name)
    assert status == 2
    assert str(kit) in error


def test_what_is_missing_is_told_before_anything_is_trained(command, monkeypatch, tmp_path):
    """The second method's loss looks through a network whose weights are not there."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    vgg = Perceptual(Features("vgg19", ("relu5_4",)), "l2")
    trained = [Row("", FFDNet, L1(), "-"), Row("2", FFDNet, L1() + 0.1 * vgg, "-")]
    table = replace(
        TABLE, groups=dict(zip(STUDY.preferred, ([row] for row in trained), strict=True))
    )
    monkeypatch.setitem(TABLES, STUDY.name, replace(STUDY, of=table))
    status, _, error = command("--study", STUDY.name, "--profile", "paper")
    assert status == 2
    assert "vgg19-dcbb9e9d.pth is not there" in error
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("lost", ["template", "folder", "questions"])
def test_a_kit_that_cannot_be_written_is_told_before_anything_is_trained(
    command, monkeypatch, tmp_path, lost
):
    if lost == "template":
        monkeypatch.setattr(kit_module, "TEMPLATES", tmp_path)
    elif lost == "folder":
        other = tmp_path / "studies" / "smoke" / STUDY.name / "kit" / "raters" / "holiday.jpg"
        other.parent.mkdir(parents=True)
        other.write_text("mine")
    else:
        monkeypatch.setattr(making, "Study", Study)  # asks more than one pair can answer
    monkeypatch.setattr(Engine, "ensure", lambda *_: pytest.fail("something was trained"))
    status, _, error = command("--study", STUDY.name)
    assert status == 2
    assert {"template": "page.html", "folder": "holiday.jpg", "questions": "ask fewer"}[
        lost
    ] in error


def test_a_kit_made_again_is_the_same(command, kit):
    before = {path: path.read_bytes() for path in kit.rglob("*") if path.is_file()}
    shutil.rmtree(kit / "raters")
    assert command("--study", STUDY.name)[0] == 0
    assert {path: path.read_bytes() for path in kit.rglob("*") if path.is_file()} == before


def test_kept_answers_that_were_edited_are_refused_and_stay(command, kit, saved, tmp_path):
    command("--study-results", saved("1"))
    kept = kit.parent / "answers" / "1.json"
    edited = kept.read_text().replace("1000", "1001")
    kept.write_text(edited)
    table = (tmp_path / "tables" / "smoke" / f"{STUDY.name}.csv").read_text()
    for words in (("--table", STUDY.name), ("--study-results", saved("2"))):
        status, _, error = command(*words)
        assert status == 2
        assert f"{kept} is not what was written" in error
    assert kept.read_text() == edited
    assert (tmp_path / "tables" / "smoke" / f"{STUDY.name}.csv").read_text() == table


def test_an_edited_key_is_refused(command, kit, saved):
    path, file = kit / "private" / "key.json", saved("1")
    path.write_text(path.read_text().replace('"failures_allowed": 0', '"failures_allowed": 1'))
    for words in (("--study", STUDY.name), ("--study-results", file)):
        status, _, error = command(*words)
        assert status == 2
        assert f"{path} is not what was written" in error


def test_unknown_studies_are_named(command):
    status, _, error = command("--study", "d2sm_table1")
    assert status == 2
    assert "pdl_table3" in error
    assert "tiny_preferences" in error


def test_study_of_methods_that_its_table_has_not_is_refused():
    with pytest.raises(DeclarationError, match="has no row"):
        replace(STUDY, labels={"twice": "3"})


def test_every_declared_study_shows_rows_with_one_network_each():
    for table in TABLES.values():
        if isinstance(table, Pairwise):
            rows = {(group, row.label): row for group, row in table.of.rows()}
            shown = [rows[table.shown(method)] for method in table.preferred]
            assert all(row.implemented for row in shown)
            assert len({row.network for row in shown}) == 1
