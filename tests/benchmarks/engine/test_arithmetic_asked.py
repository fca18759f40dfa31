"""--precision and --compile from the command line to the record."""

from dataclasses import replace

import pytest
import quick
from in_process import call

import reproduce
from benchmarks.cli import session
from benchmarks.cli.request import Request
from benchmarks.cli.session import Session
from benchmarks.declare.errors import DeclarationError, UsageError
from benchmarks.declare.training import Precision
from benchmarks.engine.explain import explain
from benchmarks.engine.facts import facts
from benchmarks.papers.d2sm.denoising import TABLE1
from benchmarks.profiles.resolve import Resolver
from benchmarks.profiles.smoke import SMOKE

ASKED = {"precision": "bf16", "compiled": True}


def asking(out, **asked):
    """The quick table's work where the command line asks for another arithmetic."""
    work = quick.quick_work(out)
    status = work.plan.status
    status.resolver = replace(status.resolver, **asked)
    return quick.tiny.tiny_work(work.engine, quick.TABLE)


def test_an_identity_has_them_only_where_they_differ_from_what_always_was(tmp_path):
    """Golden: what this run was named after before either could be declared."""
    ids = quick.quick_engine(tmp_path).status.ids
    entry = ids.canonical(quick.TRAINING)
    assert not {"precision", "compiled"} & set(entry)
    others = [replace(quick.TRAINING, precision=p) for p in ("tf32", "bf16")]
    others.append(replace(quick.TRAINING, compiled=True))
    found = [ids.run_id(replace(quick.JUDGE, training=t)) for t in (quick.TRAINING, *others)]
    assert found[0] == "bbfe03f94e"
    assert len(set(found)) == 4
    assert ids.canonical(others[1]) == entry | {"precision": "bf16"}
    assert ids.canonical(others[2]) == entry | {"compiled": True}


def test_a_precision_that_is_none_is_refused():
    with pytest.raises(DeclarationError, match="'float32', 'tf32', 'bf16', not 'fp16'"):
        replace(quick.TRAINING, precision="fp16")


def test_a_shortened_recipe_keeps_them():
    short = replace(quick.TRAINING, **ASKED).shortened(2)
    assert (short.precision, short.compiled, short.steps) == ("bf16", True, 2)


def test_rows_and_their_starts_are_trained_so_and_judges_are_not():
    resolver = Resolver(SMOKE, lambda name: False, **ASKED)
    plain = Resolver(SMOKE, lambda name: False)
    for _, row in TABLE1.rows():
        run = resolver.run(TABLE1, row, 0)
        assert (run.training.precision, run.training.compiled) == ("bf16", True)
        assert (run.start.training.precision, run.start.training.compiled) == ("bf16", True)
        same = replace(run.training, precision="float32", compiled=False)
        assert replace(run, training=same, start=None) == replace(
            plain.run(TABLE1, row, 0), start=None
        )
    for column in TABLE1.columns:
        assert resolver.column(TABLE1, column) == plain.column(TABLE1, column)


def test_caption_record_and_path_of_a_number_tell_them(tmp_path):
    work = asking(tmp_path, precision="bf16")
    work.make()
    told = dict(facts(work.plan))["arithmetic"]
    assert told == "networks in bfloat16, all else in float32; measured in float32"
    row = work.plan.rows[0]
    record = work.plan.status.run_record(row.providers[0])
    assert record["spec"]["training"]["precision"] == "bf16"
    assert "precision='bf16'" in record["declared"]
    assert "precision='bf16'" in explain(work.plan, row, "sigma=25 PSNR")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"precision": "tf32"}, ["TF32 on CUDA; measured in float32"]),
        ({"compiled": True}, ["the restoring network compiled; measured in float32"]),
        ({}, []),
    ],
)
def test_caption_tells_what_is_not_plain_float32(tmp_path, asked, told):
    plan = asking(tmp_path, **asked).plan
    assert [words for name, words in facts(plan) if name == "arithmetic"] == told


def test_the_command_line_takes_what_can_be_declared(capsys, monkeypatch, tmp_path):
    option = reproduce.parser()._option_string_actions["--precision"]
    assert tuple(option.metavar.split("|")) == Precision.__args__
    monkeypatch.setattr(session, "check_compiler", lambda device: None)
    arguments = ["--table", "d2sm_table1", "--precision", "bf16", "--compile", "--device", "cpu"]
    given = reproduce.parser().parse_args([*arguments, "--out", str(tmp_path)])
    resolver = Session(Request.of(given, reproduce.VERBS)).engine.status.resolver
    assert (resolver.precision, resolver.compiled) == ("bf16", True)
    given = reproduce.parser().parse_args(["--table", "d2sm_table1", "--out", str(tmp_path)])
    resolver = Session(Request.of(given, reproduce.VERBS)).engine.status.resolver
    assert (resolver.precision, resolver.compiled) == ("float32", False)


def test_other_runs_are_planned_beside_those_that_are_there(capsys, tmp_path):
    arguments = ("--table", "d2sm_table1", "--only", "FFDNet / L_1", "--plan", "--out", tmp_path)
    plans = {call(capsys, *arguments, *more)[1] for more in ([], ["--precision", "bf16"])}
    assert len(plans) == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--list", "--precision", "bf16"], "--precision goes with --table or --figure or --exp"),
        (["--audit", "--compile"], "--compile goes with --table or --figure or --explain"),
        (
            ["--table", "d2sm_table1", "--precision", "fp16"],
            "'fp16' (did you mean 'bf16'?) is none",
        ),
    ],
)
def test_wrong_usage_is_one_line(capsys, arguments, told):
    status, out, err = call(capsys, *arguments)
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert told in err


@pytest.mark.parametrize(("more", "status"), [(["--plan"], 0), ([], 2)])
def test_what_cannot_be_compiled_is_told_before_anything_is_made(
    capsys, monkeypatch, tmp_path, more, status
):
    def none(device):
        raise UsageError(f"--compile: no compiler for {device}")

    monkeypatch.setattr(session, "check_compiler", none)
    arguments = ("--table", "d2sm_table1", "--compile", "--out", tmp_path, *more)
    found, _, err = call(capsys, *arguments)
    assert found == status
    assert err == ("" if not status else "error: --compile: no compiler for cpu\n")
