"""Which mutants are mere text, so that survivors that matter are not lost among words."""

import ast
import importlib.util
import json
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def mutants():
    path = Path(__file__).with_name("mutants.py")
    spec = importlib.util.spec_from_file_location("mutants_report", path)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def found(mutants, old, new):
    trees = [
        ast.parse(f"def {name}(x, log):\n    {line}") for name, line in (("f", old), ("g", new))
    ]
    return list(mutants.changes(trees[0].body[0], trees[1].body[0], []))


@pytest.mark.parametrize(
    "line",
    [
        "raise ValueError('WORD' + x)",
        "raise MissingFile(x, 'WORD' if x else 'b')",
        "say('WORD')",
        "warn(f'{x} WORD')",
        "return Step('WORD', x)",
        "return f'WORD {x}' 'b'",
        "error = UsageError(f'{x}' + 'WORD')",
    ],
)
def test_words_for_readers_are_text(mutants, line):
    assert mutants.is_text(found(mutants, line, line.replace("WORD", "XXWORDXX")))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return x['a']", "return x['b']"),
        ("return x == 'a'", "return x == 'b'"),
        ("say(x['a'])", "say(x['b'])"),
        ("say(f\"{x['a']}\")", "say(f\"{x['b']}\")"),
        ("raise ValueError(x == 'a')", "raise ValueError(x == 'b')"),
        ("open('a')", "open('b')"),
        ("say('a', 1)", "say('a', 2)"),
        ("say('a', 'b')", "say('c', 'd')"),
        ("say('a')", "say(None)"),
        ("return 'a'", "return 'b'"),
        ("return [x]", "return [x, x]"),
    ],
)
def test_keys_compared_values_and_other_changes_count(mutants, old, new):
    assert not mutants.is_text(found(mutants, old, new))


def test_the_name_of_the_mutated_function_is_no_change(mutants):
    assert found(mutants, "return x", "return x") == []


def test_report_counts_by_folder_and_names_survivors(mutants, tmp_path, monkeypatch, capsys):
    folder = tmp_path / "benchmarks" / "engine"
    folder.mkdir(parents=True)
    bodies = {"orig": "x + 1", "1": "x - 1", "2": "x + 2", "3": "say('a')", "4": "x"}
    (folder / "a.py").write_text(
        "".join(f"def x_f__mutmut_{name}(x):\n    return {body}\n" for name, body in bodies.items())
    )
    codes = {
        f"benchmarks.engine.a.x_f__mutmut_{i}": code
        for i, code in zip("124", (1, 0, None), strict=True)
    }
    (folder / "a.py.meta").write_text(json.dumps({"exit_code_by_key": codes}))
    monkeypatch.setattr(mutants, "MUTANTS", tmp_path)
    assert mutants.main() == 1
    text = capsys.readouterr().out
    assert (
        "benchmarks/engine: 3 mutants, 0 of text; of the others 1 killed and 1 survived "
        "(50.0 % killed), 1 not tried\n  benchmarks/engine/a.py  x_f__mutmut_2\n"
        "    -    return x + 1\n    +    return x + 2\n"
    ) in text
    codes = dict.fromkeys(codes, 1)
    (folder / "a.py.meta").write_text(json.dumps({"exit_code_by_key": codes}))
    assert mutants.main() == 0
