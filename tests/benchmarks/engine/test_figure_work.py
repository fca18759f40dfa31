"""A figure trains what it looks at, keeps its drawing, and makes it again when that is needed."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
import quick
import tiny

from benchmarks.declare.figure import Figure
from benchmarks.engine import figure as figure_module
from benchmarks.engine.figure import RECORD, STALE, FigureWork
from benchmarks.grid.drawing import Axis, Drawing, Numbers, Panel, Series
from benchmarks.views.view import View
from datasets.images import DataError

DRAWN: list[str] = []


@dataclass(frozen=True)
class Means(View):
    """The mean of each restored image."""

    data: Any = quick.TEST
    factor: float = 1.0

    @property
    def note(self):
        return "means"

    def draw(self, sight):
        DRAWN.append(type(self).__name__)
        n = sight.count(self.data)
        series = []
        for label in sight.labels:
            means = [float(sight.restored(label, self.data, i).mean()) for i in range(n)]
            y = tuple(self.factor * mean for mean in means)
            series.append(Series(label, "line", tuple(map(float, range(n))), y))
        rows = tuple((one.name, (one.y[0],)) for one in series)
        panel = Panel("means", Axis("image"), Axis("mean"), tuple(series))
        return Drawing((panel,), Numbers(("network", "mean"), (3,), rows))


FIGURE = Figure(
    name="means",
    source="nowhere",
    caption="a test",
    view=Means(),
    rows={"one": (quick.TABLE, "Tiny", "L_1"), "two": (quick.TABLE, "Plain", "input")},
    notes=("a note",),
)


@pytest.fixture(autouse=True)
def nothing_drawn():
    DRAWN.clear()


def work_on(out, figure=FIGURE, **options):
    return FigureWork(figure, quick.quick_engine(out, **options))


def made(out, figure=FIGURE, **options):
    work = work_on(out, figure, **options)
    work.make()
    return work


def test_trainings_are_those_of_the_table(made_folder, tmp_path, capsys):
    """In a store that has the table nothing is trained; in another what is looked at, alone."""
    there = work_on(made_folder)
    assert [step.action for step in there.steps()] == ["cached", "cached", "ready", "draw"]
    capsys.readouterr()
    work = made(tmp_path)
    assert quick.trained(capsys.readouterr().err) == ["start of TinyDenoiser's rows", "Tiny / L_1"]
    assert work.networks == there.networks
    for network in work.networks.values():
        assert work.status.weights_digest(network) == there.status.weights_digest(network)


def test_a_drawing_is_made_once_and_read_from_the_store(copied):
    first = made(copied).drawing()
    again = made(copied)
    assert DRAWN == ["Means"]
    assert again.drawing() == first
    assert [step.action for step in again.steps()][-1] == "cached"
    assert again.complete(again.grid())


def test_numbers_are_those_of_the_networks(copied):
    work = made(copied)
    (panel,) = work.drawing().panels
    assert [series.name for series in panel.series] == ["one", "two"]
    assert panel.series[0].y != panel.series[1].y
    scaled = made(copied, replace(FIGURE, view=Means(factor=2.0)))
    assert scaled.folder.path != work.folder.path
    assert scaled.drawing().panels[0].series[0].y == tuple(2 * y for y in panel.series[0].y)


@pytest.mark.parametrize("damage", ["bits", "digest", "foreign", "no drawing", "empty"])
def test_a_damaged_record_is_set_aside_and_made_again(copied, damage):
    work = made(copied)
    first, folder = work.drawing(), work.folder
    if damage == "bits":
        (folder.path / RECORD).write_bytes(b"{\xff")
    elif damage == "digest":
        (folder.path / f"{RECORD}.sha256").unlink()
    elif damage == "foreign":
        quick.edited(folder, RECORD, id="0123456789")
    elif damage == "no drawing":
        quick.edited(folder, RECORD, drawing={"panels": 1})
    else:
        folder.write(RECORD, b"")
    assert work_on(copied).drawing() is None
    assert made(copied).drawing() == first
    assert DRAWN == ["Means"] * 2


def test_other_code_makes_it_stale(copied, monkeypatch):
    made(copied)
    monkeypatch.setattr(figure_module, "sources", lambda *_: {"losses.l1": "changed"})
    kept = replace(quick.PROFILE, redo_stale=False)
    work = made(copied, profile=kept)
    assert DRAWN == ["Means"]
    assert STALE in work.drawing().notes
    assert STALE not in made(copied, profile=kept, refresh=True).drawing().notes
    assert DRAWN == ["Means"] * 2
    monkeypatch.setattr(figure_module, "sources", lambda *_: {"losses.l1": "again"})
    assert STALE not in made(copied).drawing().notes  # a profile that makes stale ones again
    assert DRAWN == ["Means"] * 3


def test_a_network_that_was_trained_again_makes_it_stale(copied):
    work = made(copied)
    folder = work.folder
    weights = dict.fromkeys(folder.read_json(RECORD)["weights"], "0" * 64)
    quick.edited(folder, RECORD, weights=weights)
    (step,) = [s for s in work_on(copied).steps() if s.action == "draw"]
    assert step.detail == "a network that it shows was made again"
    assert made(copied).drawing() == work.drawing()
    assert DRAWN == ["Means"] * 2


def test_a_view_that_raises_is_recorded_and_told(copied, monkeypatch):
    def broken(self, sight):
        raise RuntimeError("injected")

    monkeypatch.setattr(Means, "draw", broken)
    work = made(copied)
    assert work.problems() == ["means: RuntimeError: injected"]
    assert work.drawing() is None
    assert not work.complete(work.grid())
    assert "injected" in work.folder.read_json("failure.json")["error"]
    monkeypatch.undo()
    assert made(copied).complete(None)
    assert work.folder.read_json("failure.json") is None


def test_a_training_that_fails_leaves_no_drawing(tmp_path):
    rows = [replace(quick.ROWS[0], objective=1.0 * tiny.Broken())]
    table = replace(quick.TABLE, groups={"Tiny": rows})
    work = made(tmp_path, replace(FIGURE, rows={"one": (table, "Tiny", "L_1")}))
    assert (work.drawing(), DRAWN) == (None, [])
    assert "injected" in work.problems()[0]


def test_absent_data_is_told_before_anything_is_trained(tmp_path):
    absent = replace(FIGURE, view=Means(replace(quick.TEST, data=quick.Cards(present=False))))
    with pytest.raises(DataError, match=r"means cannot be drawn: cards .* are not there"):
        made(tmp_path, absent)
    assert not (tmp_path / "runs").exists()
    assert work_on(tmp_path, absent).steps()[-1].action == "missing"
    assert work_on(tmp_path, absent).drawing() is None


def test_two_labels_of_one_training_are_one_line_and_a_note(copied):
    twice = {"one": (quick.TABLE, "Tiny", "L_1"), "same": (quick.TABLE, "Tiny", "L_1")}
    drawing = made(copied, replace(FIGURE, rows=twice)).drawing()
    assert [series.name for series in drawing.panels[0].series] == ["one and same"]
    assert drawing.notes[0].startswith("In this profile one and same are one and the same")


def test_what_was_run_names_the_rows_and_their_recipe(copied):
    work = made(copied)
    facts = dict(work.grid().facts)
    source = quick.TABLE.source
    assert facts["networks"] == f"one: 'L_1' of {source}; two: 'input' of {source}"
    assert "3 steps of 2 crops" in facts["training"]
    assert (facts["shown"], "Cards" in facts["test data"]) == ("means", True)
    assert "a note" in work.grid().notes
