"""A figure's files: numbers at their places, the same bytes twice, nothing over anything else."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from markdown_reader import parse_markdown
from matplotlib.figure import Figure
from PIL import Image

from benchmarks.grid.drawing import Axis, Drawing, Numbers, Panel, Series
from benchmarks.grid.model import Grid
from benchmarks.report.drawing import COLOURS, looks, png, svg
from benchmarks.report.drawing_csv import drawing_csv
from benchmarks.report.markdown import drawing_markdown

THIRD = 1 / 3
DRAWING = Drawing(
    panels=(
        Panel(
            "lines",
            Axis("step"),
            Axis("PSNR, dB"),
            (
                Series("ours", "line", (0.0, 1.0, 2.0), (1.0, THIRD, 2.0)),
                Series("theirs", "points", (0.0, 1.0), (2.0, 3.0)),
                Series("pairs", "links", (0.0, 1.0, 1.0, 2.0), (2.0, 3.0, 0.0, 1.0)),
            ),
            words=("wd 0.10", "KLD 0.07"),
        ),
        Panel(
            "histogram",
            Axis("value"),
            Axis("share", log=True),
            (Series("ours", "steps", (0.0, 1.0, 2.0), (0.25, 0.75)),),
        ),
        Panel(
            "bars",
            Axis("", ticks=("a", "b")),
            Axis("gain, dB"),
            (
                Series("ours", "bars", (0.0, 1.0), (1.0, -0.5), (0.5, -0.75), (1.5, -0.25)),
                Series("theirs", "bars", (0.0, 1.0), (0.2, 0.3)),
            ),
        ),
    ),
    numbers=Numbers(("method", "mean"), (2,), (("ours", (THIRD,)), ("+ theirs", (None,)))),
    notes=("a note of the drawing",),
)
GRID = Grid(
    "fig", "Paper, Fig. 1", "what is shown", [], [], None, "smoke", "Not to be compared.",
    notes=["a note of the figure"], facts=[("shown", "nothing")],
)  # fmt: skip


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that are saved."""
    saved: list[Figure] = []
    write = Figure.savefig

    def keep(figure: Figure, *where: Any, **how: Any) -> None:
        saved.append(figure)
        write(figure, *where, **how)

    monkeypatch.setattr(Figure, "savefig", keep)
    return saved


def test_same_drawing_makes_the_same_bytes() -> None:
    assert svg(GRID, DRAWING) == svg(GRID, DRAWING)
    assert png(GRID, DRAWING) == png(GRID, DRAWING)
    assert b"<dc:date>" not in svg(GRID, DRAWING)


def test_words_are_words_and_nothing_is_left_out() -> None:
    root = ElementTree.fromstring(svg(GRID, DRAWING))
    words = {text for node in root.iter() if (text := (node.text or "").strip())}
    assert {"lines", "wd 0.10, KLD 0.07", "PSNR, dB", "ours", "theirs", "pairs", "a", "b"} <= words
    assert {"Paper, Fig. 1: what is shown", "Not to be compared."} <= words


def test_numbers_are_drawn_where_they_are(figures: list[Figure]) -> None:
    svg(GRID, DRAWING)
    lines, histogram, bars = figures[0].axes
    drawn = {tuple(line.get_xdata()): tuple(line.get_ydata()) for line in lines.lines}  # type: ignore[arg-type]
    assert drawn[0.0, 1.0, 2.0] == (1.0, THIRD, 2.0)
    assert drawn[1.0, 2.0] == (0.0, 1.0)  # the second link
    assert list(histogram.patches[0].get_data().values) == [0.25, 0.75]  # type: ignore[attr-defined]
    assert histogram.get_yscale() == "log"
    heights = [(round(p.get_x() + p.get_width() / 2, 6), p.get_height()) for p in bars.patches]  # type: ignore[attr-defined]
    assert heights == [(-0.2, 1.0), (0.8, -0.5), (0.2, 0.2), (1.2, 0.3)]
    whiskers = bars.collections[0].get_segments()  # type: ignore[attr-defined]
    ends = np.array([segment[:, 1] for segment in whiskers])
    assert ends == pytest.approx(np.array([[0.5, 1.5], [-0.75, -0.25]]))
    assert [t.get_text() for t in bars.get_xticklabels()] == ["a", "b"]


def boxes(figure: Figure) -> list[Any]:
    """Where titles, labels and the legend of a drawn figure stand."""
    figure.draw_without_rendering()
    texts = [t for axes in figure.axes for t in (axes.title, axes.xaxis.label, axes.yaxis.label)]
    found = [t.get_window_extent() for t in texts if t.get_text()]
    return [*found, figure.legends[0].get_window_extent(), figure._suptitle.get_window_extent()]  # type: ignore[attr-defined]


@pytest.mark.parametrize("across", [1, 2, 3])
def test_no_words_stand_over_each_other_or_over_data(figures: list[Figure], across: int) -> None:
    long = replace(GRID, title="what is shown " * 12)
    png(long, replace(DRAWING, across=across))
    (figure,) = figures
    placed = boxes(figure)
    panels = [axes.get_window_extent() for axes in figure.axes]
    for i, box in enumerate(placed):
        assert not any(box.overlaps(other) for other in placed[:i] + panels)
        assert box.x0 >= 0
        assert box.x1 <= figure.bbox.x1


def test_a_name_looks_alike_everywhere_and_unlike_the_others() -> None:
    found = looks(DRAWING)
    assert len({found["ours"], found["theirs"], found["pairs"]}) == 3
    assert (found["ours"].colour, found["theirs"].colour) == COLOURS[:2]
    many = Panel("", Axis(""), Axis(""), tuple(Series(str(i), "line", (), ()) for i in range(8)))
    colours = [look.colour for look in looks(replace(DRAWING, panels=(many,))).values()]
    assert len(set(colours)) == 8


def test_png_is_wide_enough_for_its_letters() -> None:
    image = Image.open(io.BytesIO(png(GRID, DRAWING)))
    assert image.width == 1600
    assert np.asarray(image.convert("L")).std() > 10


def test_csv_holds_every_number_unrounded() -> None:
    lines = list(csv.DictReader(io.StringIO(drawing_csv(DRAWING))))
    assert list(lines[0]) == ["panel", "series", "x", "y", "low", "high"]
    assert float(lines[1]["y"]) == THIRD
    shares = [(line["x"], line["y"]) for line in lines if line["panel"] == "histogram"]
    assert shares == [("0.0", "0.25"), ("1.0", "0.75"), ("2.0", "")]
    bars = [tuple(line.values())[1:] for line in lines if line["panel"] == "bars"]
    assert bars[0] == ("ours", "a", "1.0", "0.5", "1.5")
    assert bars[2] == ("theirs", "a", "0.2", "", "")


def test_markdown_has_picture_numbers_facts_and_notes() -> None:
    text = drawing_markdown(GRID, DRAWING, "fig.svg")
    assert text.startswith("# Paper, Fig. 1: what is shown\n\n> **Not to be compared.**\n")
    assert "![what is shown](fig.svg)" in text
    (table,) = (t for t in parse_markdown(text).values() if t.cells and t.cells[0])
    assert [cell.text for line in table.cells for cell in line] == ["0.33", "-"]
    for words in ("- **shown**: nothing", "- a note of the drawing", "- a note of the figure"):
        assert words in text
