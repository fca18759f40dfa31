"""The path of one number, line by line."""

from dataclasses import replace

import pytest
import quick

from benchmarks.declare.errors import UsageError
from benchmarks.declare.runs import Released, network
from benchmarks.declare.sources import assumed, cited, paper
from benchmarks.declare.table import Row
from benchmarks.engine.explain import explain
from benchmarks.metrics.psnr import PSNR
from datasets.degradations.noise import Noisy
from losses.l1 import L1


def told(work, row=0, column="sigma=25 PSNR"):
    return explain(work.plan, work.plan.rows[row], column).split("\n")


def starting(lines, word):
    """The rest of each line that begins with the word."""
    return [line[19:] for line in lines if line.startswith(f"  {word}".ljust(19))]


def test_whole_path_of_a_number(made):
    plan, status = made.plan, made.plan.status
    run, score = plan.rows[0].providers[0], plan.rows[0].scores[1][0]
    folder, cell = status.folder(run), made.grid().rows[0].cells[1]
    record, machine = status.record(score), status.folder(run).read_json("run.json")["machine"]
    ids = status.ids
    one, two = (f"{value:.4f}" for value in cell.values)
    assert told(made, column="SIGMA=25 judged") == [
        "nowhere, Tiny / L_1, sigma=25 Judged",
        "",
        "the paper prints   0.5",
        f"measured here      {one}, {two}",
        "",
        "declared in nowhere:",
        "  network          TinyDenoiser()",
        "  objective        1 x L_1",
        f"  trained on       {quick.TRAIN!r}",
        "  choices:",
        "",
        "run under profile smoke:",
        f"  folder           {folder.path}",
        "  state            finished",
        "  objective        L1()",
        f"  data             {quick.TRAIN!r}",
        f"  training         {run.training!r}, seed 0",
        f"  starts from      tinydenoiser-l1-{ids.run_id(run.start)}",
        f"  made             in {folder.read_json('run.json')['seconds']} s on cpu "
        f"({machine['processor']}), torch {machine['torch']}, commit {machine['commit'] or '?'}",
        "",
        "measured:",
        f"  test data        {quick.TEST!r}",
        "  metric           the mean of what the judge sees",
        f"  evaluation       {score.evaluation}",
        f"  judge            tinydenoiser-l1-{ids.run_id(quick.JUDGE)}",
        f"  file             {folder.path / status.score_name(score)}",
        "  images           2",
        f"    {'card100':40} {record['values'][0]:.5f}",
        f"    {'card150':40} {record['values'][1]:.5f}",
    ]


def test_number_that_is_not_there_says_why(tmp_path):
    work = quick.quick_work(tmp_path)
    lines = told(work)
    assert lines[2:4] == [
        "the paper prints   30.00",
        "measured here      nothing: not measured yet under this profile",
    ]
    assert starting(lines, "state") == ["new"]
    assert starting(lines, "images") == ["not measured yet"]
    assert not starting(lines, "made")
    work.plan.rows[0].problem = RuntimeError("no such thing")
    assert told(work)[3] == "measured here      nothing: failed no such thing"


def test_stale_number_says_so_and_why(copied):
    keeps = replace(quick.PROFILE, redo_stale=False)
    work = quick.quick_work(copied, profile=keeps)
    folder = work.plan.status.folder(work.plan.rows[0].providers[0])
    sources = folder.read_json("run.json")["sources"] | {"losses.l1": "0"}
    quick.edited(folder, "run.json", sources=sources)
    lines = told(work)
    value = work.grid().rows[0].cells[0].values[0]
    assert lines[3] == f"measured here      {value:.5f} (stale: made by other code)"
    assert starting(lines, "state") == ["stale: losses.l1 changed since"]


def test_choices_are_told_with_their_origin(tmp_path):
    training = replace(
        quick.TRAINING, steps=paper(3, "4.1"), batch=cited(2, "a README"), crop=assumed(8, "small")
    )
    objective = L1() + assumed(0.5, "why not") * L1()
    row = replace(quick.ROWS[0], objective=objective)
    table = replace(
        quick.TABLE,
        protocol=replace(quick.TABLE.protocol, training=training),
        train=replace(quick.TRAIN, sigma=paper((0, 50), "4.2")),
        groups={"Tiny": [row]},
    )
    lines = told(quick.quick_work(tmp_path, table))
    assert starting(lines, "objective")[0] == "1 x L_1 + 0.5 x L_1"
    begin = lines.index("  choices:")
    assert lines[begin + 1 : begin + 6] == [
        "    weight of L_1 = 0.5  (ASSUMED: why not)",
        "    Training.steps = 3  (paper, 4.1)",
        "    Training.batch = 2  (cited: a README)",
        "    Training.crop = 8  (ASSUMED: small)",
        "    Noisy.sigma = (0, 50)  (paper, 4.2)",
    ]


def test_network_without_training_has_no_objective(made):
    lines = told(made, row=2)
    assert starting(lines, "network") == ["Copy()"]
    assert "  choices:" not in lines
    assert not starting(lines, "training") + starting(lines, "state") + starting(lines, "made")
    assert len(starting(lines, "folder")) == 1


def test_released_weights_are_named_with_their_origin(tmp_path):
    theirs = Released(network(quick.Copy), "FFDNet_color.mat", "")
    rows = [Row("theirs", quick.Copy, None, "1 2 3", released=theirs)]
    work = quick.quick_work(tmp_path, replace(quick.TABLE, groups={"Tiny": rows}))
    lines = told(work)
    (told_of,) = starting(lines, "released weights")
    assert told_of.startswith("FFDNet_color.mat. It comes from https://")
    assert "cszn/FFDNet" in told_of
    assert not starting(lines, "state")


def test_needed_networks_are_told_apart(tmp_path):
    """A start is where it begins; a network that its objective looks through is needed."""
    row = replace(quick.ROWS[0], start=quick.ROWS[1])
    work = quick.quick_work(tmp_path, replace(quick.TABLE, groups={"Tiny": [row]}))
    run = work.plan.rows[0].providers[0]
    started = f"tinydenoiser-l1-{work.plan.status.ids.run_id(run.start)}"
    assert starting(told(work), "starts from") == [started]
    assert not starting(told(work), "needs")
    watched = replace(quick.ROWS[0], objective=1.0 * quick.Watched(quick.JUDGE))
    work = quick.quick_work(tmp_path, replace(quick.TABLE, groups={"Tiny": [watched]}))
    judge = f"tinydenoiser-l1-{work.plan.status.ids.run_id(quick.JUDGE)}"
    assert starting(told(work), "needs") == [judge]
    assert len(starting(told(work), "starts from")) == 1


def test_commit_that_is_unknown_is_a_question_mark(copied):
    work = quick.quick_work(copied)
    folder = work.plan.status.folder(work.plan.rows[0].providers[0])
    machine = folder.read_json("run.json")["machine"] | {"commit": ""}
    quick.edited(folder, "run.json", machine=machine)
    assert starting(told(work), "made")[0].endswith(", commit ?")


def test_many_images_are_cut_short(tmp_path):
    cards = quick.Cards(tuple(range(100, 114)))
    column = replace(quick.TABLE.columns[0], data=Noisy(cards, sigma=25))
    rows = [replace(quick.PLAIN[0], printed="1")]
    table = replace(quick.TABLE, columns=(column,), groups={"P": rows}, references=())
    work = quick.quick_work(tmp_path, table)
    work.make()
    lines = told(work)
    assert len([line for line in lines if line.startswith("    card")]) == 12
    assert lines[-2].startswith("    card111 ")
    assert lines[-1] == "    ... and 2 more in the file"
    digits = PSNR.digits + 2
    assert len(lines[-2].rpartition(".")[2]) == digits
    twelve = replace(column, data=Noisy(quick.Cards(tuple(range(100, 112))), sigma=25))
    work = quick.quick_work(tmp_path, replace(table, columns=(twelve,)))
    work.make()
    assert told(work)[-1].startswith("    card111 ")


def test_an_image_without_a_number_of_its_own_says_why(made, monkeypatch):
    """As one without labels, whose confusion matrix is empty."""
    whole = quick.Judged.summary

    def summary(self, values):
        if len(values) == 1:
            raise ValueError("Judged needs at least one labelled pixel; there is none")
        return whole(self, values)

    monkeypatch.setattr(quick.Judged, "summary", summary)
    lines = told(made, column="sigma=25 judged")
    assert (
        lines[-1] == f"    {'card150':40} Judged needs at least one labelled pixel; there is none"
    )


def test_column_that_is_not_there_is_an_error_with_the_names(made):
    with pytest.raises(UsageError) as caught:
        told(made, column="SSIM")
    assert str(caught.value) == (
        "quick has no column 'SSIM'; it has sigma=25 PSNR, sigma=25 Judged, sigma=25 FID"
    )
    with pytest.raises(UsageError, match=r"^Tiny / L_1, sigma=25 FID: not implemented$"):
        told(made, column="sigma=25 FID")
