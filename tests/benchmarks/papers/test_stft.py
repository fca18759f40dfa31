"""STFT as it is declared: what is supervised, by what, and which runs are the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from benchmarks.declare.runs import LastStep, Network, Run
from benchmarks.declare.table import Row, Table, name_of
from benchmarks.declare.training import Best
from benchmarks.papers.stft.denoising import TABLE1C, TABLE3, TEACHER
from benchmarks.papers.stft.jpeg import TABLE2
from benchmarks.papers.stft.super_resolution import DISTANCES, FIGURE4, TABLE1A
from benchmarks.profiles.registry import PROFILES
from benchmarks.profiles.resolve import Resolver
from losses.feature_distances import DISTANCES as KNOWN
from losses.feature_distillation import FeatureDistillation
from losses.objective import Objective
from losses.target_feature import MutualLearning, TargetFeature

TABLES = (TABLE1A, TABLE1C, TABLE2, TABLE3, FIGURE4)
PARTNERED = [
    pytest.param(row, id=f"{table.name} {name_of(group, row)}")
    for table in TABLES
    for group, row in table.rows()
    if any(isinstance(t, TargetFeature) for _, t in row.objective.terms)  # type: ignore[union-attr]
]


def feature_term(row: Row) -> tuple[float, TargetFeature]:
    assert isinstance(row.objective, Objective)
    ((weight, term),) = [p for p in row.objective.terms if isinstance(p[1], TargetFeature)]
    return weight, term  # type: ignore[return-value]


def named(table: Table, group: str, label: str) -> Row:
    (row,) = [row for name, row in table.rows() if (name, row.label) == (group, label)]
    return row


def trained(table: Table, row: Row, profile: str = "paper", seed: int = 0) -> Run:
    run = Resolver(PROFILES[profile], lambda name: False).run(table, row, seed)
    assert isinstance(run, Run)
    return run


def shown(network: Network, size: int) -> list[torch.Tensor]:
    """What a network gives for one image of that size."""
    channels = 1 if network.name == "ARCNN" else 3
    known = {"input": torch.rand(1, channels, size, size), "sigma": torch.zeros(1)}
    with torch.no_grad():
        return list(network.build().eval()(*(known[name] for name in network.inputs)))


@pytest.mark.parametrize("row", PARTNERED)
def test_supervised_features_have_one_size_in_both_networks(row: Row) -> None:
    _, term = feature_term(row)
    restorer = row.network
    enlarges = restorer.name in ("EDSR", "RCAN")
    _, *ours = shown(restorer, 8 if enlarges else 32)
    image, *theirs = shown(term.partner, 32)
    assert image.shape[-2:] == (32, 32)
    assert [f.shape for f in ours] == [f.shape for f in theirs]
    assert len(ours) == len(restorer.taps) >= 2
    assert term.features == restorer.taps


@pytest.mark.parametrize("row", PARTNERED)
def test_features_are_those_behind_an_activation_or_a_whole_stage(row: Row) -> None:
    _, term = feature_term(row)
    for network in (row.network, term.partner):
        layers = dict(network.build().named_modules())
        stages = {"body", "tail.0", "body.0", "body.1", "body.2", "body.3"}
        for tap in network.taps:
            assert tap in stages or isinstance(layers[tap], nn.ReLU), tap


@pytest.mark.parametrize("row", PARTNERED)
def test_an_extractor_is_no_larger_than_its_restorer(row: Row) -> None:
    _, term = feature_term(row)
    ours, theirs = (
        sum(p.numel() for p in n.build().parameters()) for n in (row.network, term.partner)
    )
    same = isinstance(term, MutualLearning) or row.network.name == "ARCNN"
    assert theirs == ours if same else theirs < 0.75 * ours


def test_an_extractor_of_dncnn_has_no_way_around_its_layers() -> None:
    _, term = feature_term(named(TABLE1C, "DnCNN sigma=25", "+ L_feat"))
    assert not isinstance(term, MutualLearning)
    assert dict(term.partner.arguments)["residual"] is False
    image, *_ = shown(term.partner, 16)
    extractor = term.partner.build().eval()
    for parameter in extractor.parameters():
        parameter.data.zero_()
    assert extractor(torch.rand(1, 3, 16, 16))[0].abs().max() == 0  # features of zero show nothing
    assert image.shape == (1, 3, 16, 16)


def test_weights_are_those_of_the_paper() -> None:
    weights = {
        group: float(feature_term(row)[0])
        for table in (TABLE1A, TABLE1C)
        for group, row in table.rows()
        if row.label == "+ L_feat"
    }
    assert {group.split()[0]: w for group, w in weights.items()} == {
        "EDSR": 1, "RCAN": 50, "DnCNN": 1, "FFDNet": 1,
    }  # fmt: skip
    assert {float(feature_term(p.values[0])[1].restraint) for p in PARTNERED} == {0.1, 1.0}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("group", "in_table_1c"),
    [
        ("Baseline (DnCNN17)", ("DnCNN sigma=25", "L_pixel")),
        ("Target Feature Transfer", ("DnCNN sigma=25", "+ L_feat")),
    ],
)
@pytest.mark.parametrize("profile", ["paper", "lite", "smoke"])
def test_table_3_shares_its_first_trainings_with_table_1c(
    group: str, in_table_1c: tuple[str, str], profile: str
) -> None:
    ours = trained(TABLE3, named(TABLE3, group, ""), profile)
    assert ours == trained(TABLE1C, named(TABLE1C, *in_table_1c), profile)


def test_the_student_learns_from_the_row_above_it() -> None:
    student = trained(TABLE3, named(TABLE3, "Feature Distillation", "DnCNN17"), seed=2)
    assert isinstance(student.objective, Objective)
    ((_, term),) = [p for p in student.objective.terms if isinstance(p[1], FeatureDistillation)]
    assert term.teacher == trained(TABLE3, TEACHER, seed=2)  # type: ignore[attr-defined]
    assert dict(TEACHER.network.arguments)["depth"] == 29


def test_both_networks_of_mutual_learning_are_alike() -> None:
    weight, term = feature_term(named(TABLE3, "Mutual Learning", ""))
    assert isinstance(term, MutualLearning)
    assert float(weight) == float(term.restraint)
    assert term.partner == named(TABLE3, "Mutual Learning", "").network


@pytest.mark.parametrize("table", [TABLE1A, TABLE1C, TABLE2, TABLE3], ids=lambda t: t.name)
def test_every_row_has_its_last_step_beside_it(table: Table) -> None:
    """The printed ones choose their checkpoint on the first test set, as the paper's rule is."""
    resolver = Resolver(PROFILES["paper"], lambda name: False)
    last = {r.of: r.row for r in table.references if r.row is not None and r.row.last_step}
    assert list(last) == [name_of(group, row) for group, row in table.rows()]
    for group, row in table.rows():
        beside = last[name_of(group, row)]
        assert beside is not None
        run = resolver.run(table, row, 0)
        assert isinstance(run, Run)
        assert resolver.run(table, beside, 0) == LastStep(run)
        assert isinstance(run.training.keep, Best)
        assert run.training.keep.data == (row.columns or table.columns)[0].data
        assert run.training.keep.evaluation == table.protocol.evaluation


@pytest.mark.parametrize("table", [TABLE1A, TABLE1C, TABLE3], ids=lambda t: t.name)
def test_luma_is_in_the_table_and_colour_beside_it(table: Table) -> None:
    usual = table.protocol.evaluation
    assert usual.colour == "Y (MATLAB)"
    colour = {r.of: r.row for r in table.references if r.row and r.row.evaluation is not None}
    assert list(colour) == [name_of(group, row) for group, row in table.rows()]
    for group, row in table.rows():
        beside = colour[name_of(group, row)]
        assert beside is not None
        assert beside.evaluation == replace(usual, colour="RGB")
        assert replace(beside, evaluation=None, printed=row.printed) == row


def test_noise_levels_and_qualities_are_trained_and_tested_alike() -> None:
    for table, attribute in ((TABLE1C, "sigma"), (TABLE2, "quality")):
        for group, row in table.rows():
            level = float(group.split("=")[1])
            assert float(getattr(row.train, attribute)) == level
            assert {float(getattr(c.data, attribute)) for c in row.columns} == {level}


def test_the_figure_has_every_distance_once() -> None:
    assert set(DISTANCES.values()) == set(KNOWN)
    rows = {row.label: row for _, row in FIGURE4.rows()}
    found = {g: feature_term(r)[1].distance for g, r in rows.items() if g != "L_pixel"}
    assert found == DISTANCES
    in_table = named(TABLE1A, "RCAN", "+ L_feat")
    assert trained(FIGURE4, rows["L_2"]) == trained(TABLE1A, in_table)
    assert trained(FIGURE4, rows["L_pixel"]) == trained(TABLE1A, named(TABLE1A, "RCAN", "L_pixel"))
