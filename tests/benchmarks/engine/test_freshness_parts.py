"""Which modules stand behind what is declared, and when two lists of them differ."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import quick

from benchmarks.declare.protocol import Evaluation
from benchmarks.declare.runs import Fixed, network
from benchmarks.engine import freshness, source_texts
from benchmarks.engine.freshness import changed, sources
from benchmarks.engine.score import Score
from benchmarks.metrics.psnr import PSNR


@pytest.mark.parametrize(
    ("recorded", "current", "names"),
    [
        ({"a": "1", "b": "2"}, {"a": "1", "b": "2"}, []),
        ({"b": "2", "a": "1"}, {"a": "0", "b": "0"}, ["a", "b"]),
        ({"a": "1"}, {"a": "1", "b": "2"}, ["b"]),
        ({"a": "1", "b": "2"}, {"a": "1"}, ["b"]),
        ({}, {}, []),
    ],
)
def test_modules_that_differ_are_new_or_are_gone(recorded, current, names):
    assert changed(recorded, current) == names


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of a few modules in the place of this one."""
    files = {
        "losses/__init__.py": "",
        "losses/a.py": '"""A."""\nfrom losses.b import f\nimport os\n',
        "losses/b.py": "def f():\n    from losses import c\n    return c\n",
        "losses/c.py": "import datasets.d\nfrom losses.e import g as h, k\n",
        "losses/e.py": "g = k = 1\n",
        "losses/f.py": "1\n",
        "datasets/__init__.py": "x = 1\n",
        "datasets/d.py": "from . import x\nfrom .losses import f\nfrom other.losses import y\n",
        "other/losses.py": "y = 1\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(freshness, "TEXTS", {})
    begin(tmp_path)
    yield tmp_path
    forget()


def begin(tree):
    """As another command would, which reads the modules as they are now."""
    freshness.TEXTS.clear()
    freshness.TEXTS.update(source_texts.read(tree))
    forget()


def forget():
    for cached in (freshness._imports, freshness._digest):
        cached.cache_clear()


def test_modules_are_followed_through_all_their_imports(project):
    assert list(sources(None, "losses.a")) == [
        "datasets.d", "losses.a", "losses.b", "losses.c", "losses.e", "torch",
    ]  # fmt: skip
    assert list(sources(None, "losses.e")) == ["losses.e", "torch"]
    assert list(sources(None, "os", "other.losses")) == ["torch"]


def test_what_loaded_modules_import_late_is_loaded_and_no_draft(project, monkeypatch):
    (project / "losses" / "draft.py").write_text("x = (\n")
    begin(project)
    monkeypatch.setattr(freshness, "sys", SimpleNamespace(modules={"losses.b": None, "os": None}))
    loaded = []
    monkeypatch.setattr(freshness, "import_module", loaded.append)
    freshness.load_all()
    assert loaded == ["datasets.d", "losses.b", "losses.c", "losses.e"]


def test_what_is_no_module_stops_no_command(project):
    """An editor's lock, and a draft that is no UTF-8."""
    (project / "losses" / ".#a.py").symlink_to("somebody@somewhere.1:2")
    (project / "losses" / "draft.py").write_bytes(b"# caf\xe9\n")
    read = source_texts.read(project)
    assert "losses.draft" in read
    assert not [name for name in read if "#" in name]


def test_packages_are_modules_too(project):
    (project / "losses" / "f.py").write_text("import datasets\n")
    begin(project)
    assert list(sources(None, "losses.f")) == ["datasets", "losses.f", "torch"]


def digest_of(project, text):
    (project / "losses" / "f.py").write_text(text)
    begin(project)
    return sources(None, "losses.f")["losses.f"]


def test_code_counts_and_words_do_not(project):
    plain = "class A:\n    def f(self):\n        return 1\n    async def g(self):\n        pass\n"
    worded = (
        '"""Words."""\n# more\nclass A:\n    """Words."""\n\n    def f(self):\n'
        '        """Words."""\n'
        '        return 1\n    async def g(self):\n        """Words."""\n        pass\n'
    )
    assert digest_of(project, plain) == digest_of(project, worded)
    assert digest_of(project, plain) != digest_of(project, plain.replace("1", "2"))
    assert len(digest_of(project, plain)) == 16


def test_first_statement_that_is_no_docstring_counts(project):
    one, two = (digest_of(project, f"def f():\n    x = {n}\n    return x\n") for n in (1, 2))
    assert one != two


def test_sources_are_of_components_and_not_of_nested_runs():
    start = replace(quick.JUDGE, network=network(quick.Copy))
    run = replace(quick.JUDGE, start=start)
    assert sources(run) == sources(quick.JUDGE)
    assert {"losses.l1", "datasets.degradations.noise"} <= sources(run).keys()
    assert "benchmarks.engine.train" not in sources(run)
    assert "benchmarks.engine.train" in sources(run, "benchmarks.engine.train")


def test_sources_of_a_score_are_of_metric_and_data_and_not_of_the_run():
    score = Score(quick.JUDGE, quick.TEST, PSNR(), Evaluation())
    names = sources(score).keys()
    assert {"benchmarks.metrics.psnr", "datasets.degradations.noise"} <= names
    assert "losses.l1" not in names
    assert sources(Score(Fixed(network(quick.Copy)), quick.TEST, PSNR(), Evaluation())) == sources(
        score
    )


def test_another_torch_marks_what_was_made(monkeypatch):
    before = sources(quick.JUDGE)
    monkeypatch.setattr(freshness, "version", lambda package: "1.0+cpu")
    assert changed(before, sources(quick.JUDGE)) == ["torch"]
    assert sources(quick.JUDGE)["torch"] == "1.0"
