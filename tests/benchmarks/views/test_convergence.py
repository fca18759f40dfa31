"""D2SM's Figure 8: the logged curves as they are, from trainings that differ in the queue alone."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from sights import MadeSight

from benchmarks.declare.table import row_run
from benchmarks.papers.d2sm import denoising
from benchmarks.papers.d2sm.figures import FIGURE8, PROBE
from benchmarks.views.convergence import Convergence
from losses.d2sm import D2SM

CURVES = {"a": ((1, 20.0), (2, 22.0), (3, 21.0)), "b": ((1, 25.0), (2, 24.0), (3, 23.0))}


def test_curves_are_those_of_the_log() -> None:
    drawing = Convergence().draw(MadeSight([], [], curves=CURVES))
    (panel,) = drawing.panels
    found = {s.name: tuple(zip(map(int, s.x), s.y, strict=True)) for s in panel.series}
    assert found == CURVES
    assert dict(drawing.numbers.rows) == {"a": (21.0, 22.0, 21.0), "b": (23.0, 25.0, 24.0)}
    assert panel.y.label == "PSNR, dB"


def test_close_curves_stand_once_more_less_the_first_of_them() -> None:
    sight = MadeSight([], [], curves={**CURVES, "c": ((1, 25.5), (2, 24.0), (3, 22.5))})
    whole, less = Convergence(close=("b", "c")).draw(sight).panels
    assert [s.name for s in whole.series] == ["a", "b", "c"]
    assert {s.name: s.y for s in less.series} == {"b": (0, 0, 0), "c": (0.5, 0, -0.5)}
    assert less.y.label == "PSNR, dB, less b"
    assert len(Convergence(close=("b", "gone")).draw(sight).panels) == 1


def runs() -> dict[str, object]:
    return {label: row_run(FIGURE8.rows[label][0], FIGURE8.row(label), 0) for label in FIGURE8.rows}


def test_trainings_are_table_1s_but_for_queue_and_probe() -> None:
    rows = denoising.TABLE1.groups["FFDNet"]
    table1 = {row.label: row_run(denoising.TABLE1, row, 0) for row in rows}
    for label, run in runs().items():
        like = table1["+ L_Perceptual" if label == "L_Perceptual" else "w/. Internal"]
        assert (run.network, run.data, run.seed) == (like.network, like.data, like.seed)
        assert run.training.probe == PROBE
        assert replace(run.training, probe=None) == like.training
        for (w, term), (v, other) in zip(run.objective.terms, like.objective.terms, strict=True):
            assert w == v
            if isinstance(term, D2SM):
                assert label == f"Q = {term.queue}"
                assert [term.features, term.window, term.stride, term.divergence] == [
                    other.features, other.window, other.stride, other.divergence,
                ]  # fmt: skip
            else:
                assert term == other


@pytest.mark.parametrize(("crop", "batch"), [(32, 8), (96, 4), (64, 8)])
def test_queues_stay_apart_in_every_profile(crop: int, batch: int) -> None:
    """Crops and batches of smoke, of lite, and of lite from scratch."""
    scale = (Fraction(crop, 512), Fraction(batch, 64))
    terms = [t for run in runs().values() for _, t in run.objective.terms if isinstance(t, D2SM)]
    sizes = [term.scaled(*scale).queue for term in terms]
    assert len(set(sizes)) == 3
    assert sizes == sorted(sizes)
