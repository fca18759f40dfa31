"""Who may import whom, and that our folder names shadow nothing that we depend on."""

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LEAVES = ("baselines", "losses", "datasets")


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert not node.level, f"{path}: relative import"
            yield node.module


def modules(folder):
    return [p for p in sorted((ROOT / folder).rglob("*.py")) if p.read_text().strip()]


@pytest.mark.parametrize("leaf", LEAVES)
def test_leaves_import_neither_each_other_nor_benchmarks(leaf):
    forbidden = {"benchmarks", "reproduce", *LEAVES} - {leaf}
    for path in modules(leaf):
        for name in imported(path):
            assert name.split(".")[0] not in forbidden, f"{path.relative_to(ROOT)} imports {name}"


# Within benchmarks each folder may import these others; cli opens the circle and may import all.
LAYERS = {
    "metrics": set(),
    "grid": set(),
    "views": {"metrics", "grid"},
    "declare": {"metrics", "views", "grid"},
    "profiles": {"declare", "metrics"},
    "report": {"grid"},
    "claims": {"declare", "grid"},
    "papers": {"claims", "declare", "grid", "metrics", "views"},
    "engine": {"profiles", "declare", "metrics", "views", "grid"},
    "rehearse": {"engine", "profiles", "declare", "metrics"},
    "study": {"engine", "profiles", "declare", "grid"},
    "fetch": {"engine", "declare"},
}


def project_modules():
    """Every module of the project by name, with the project's modules that it imports."""
    paths = [ROOT / "reproduce.py", *modules("benchmarks")]
    paths += [path for leaf in LEAVES for path in modules(leaf)]
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in paths}
    return {
        name: {
            found
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ImportFrom) and node.module
            for alias in node.names
            for found in (f"{node.module}.{alias.name}", node.module)
            if found in names
        }
        for name, path in names.items()
    }


def test_every_folder_of_benchmarks_has_its_layer():
    folders = {
        path.name for path in (ROOT / "benchmarks").iterdir() if (path / "__init__.py").exists()
    }
    assert folders == {*LAYERS, "cli"}


@pytest.mark.parametrize("folder", LAYERS)
def test_folders_import_only_what_lies_below_them(folder):
    for name, imports in project_modules().items():
        if name.startswith(f"benchmarks.{folder}."):
            found = {i.split(".")[1] for i in imports if i.startswith("benchmarks.")}
            assert found <= LAYERS[folder] | {folder}, name


def test_no_import_circle():
    try:
        TopologicalSorter(project_modules()).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_a_planted_circle_is_seen(monkeypatch):
    planted = project_modules()
    planted["benchmarks.grid.model"].add("benchmarks.cli.main")
    with pytest.raises(CycleError, match="cycle"):
        TopologicalSorter(planted).prepare()


@pytest.mark.parametrize("folder", ["grid", "report", "claims", "fetch"])
def test_what_needs_no_torch_imports_none_itself(folder):
    for path in modules(f"benchmarks/{folder}"):
        assert "torch" not in {name.split(".")[0] for name in imported(path)}, path


def test_files_and_functions_can_be_read_at_once():
    """At most 350 lines a file and 60 lines a function, tests as well."""
    tracked = [*modules("tests"), *modules("benchmarks"), ROOT / "reproduce.py"]
    for path in tracked + [path for leaf in LEAVES for path in modules(leaf)]:
        text = path.read_text()
        assert len(text.splitlines()) <= 350, path.relative_to(ROOT)
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                assert length <= 60, f"{path.relative_to(ROOT)}: {node.name} has {length} lines"


def text_calls(tree):
    """Calls that read or write text; `open` of a data set or an image takes no mode."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        words = [str(word.value) for word in node.args if isinstance(word, ast.Constant)]
        opens = name == "open" and (isinstance(node.func, ast.Name) or words or not node.args)
        process = name in ("run", "Popen") and any(k.arg == "text" for k in node.keywords)
        binary = opens and any("b" in word for word in words)
        if name in ("read_text", "write_text") or process or (opens and not binary):
            yield node


def test_text_is_read_and_written_as_utf_8_whatever_the_locale():
    for folder in ("benchmarks", *LEAVES):
        for path in [*modules(folder), ROOT / "reproduce.py"]:
            for node in text_calls(ast.parse(path.read_text(encoding="utf-8"))):
                assert "encoding" in {k.arg for k in node.keywords}, f"{path}:{node.lineno}"


def test_only_metrics_import_the_judging_libraries():
    judges = {"skimage", "pytorch_fid"}
    for path in modules("benchmarks"):
        if path.parent.name != "metrics":
            found = judges & {name.split(".")[0] for name in imported(path)}
            assert not found, f"{path.relative_to(ROOT)} imports {found}"


def test_packages_are_empty_and_names_say_something():
    for folder in ("benchmarks", *LEAVES):
        for path in (ROOT / folder).rglob("*.py"):
            assert path.name != "__init__.py" or not path.read_text(), path
            assert path.stem not in ("utils", "common", "helpers", "misc"), path
            assert not path.stem.startswith("base_"), path


def run(code):
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_every_dependency_imports_from_the_repository_root():
    """`datasets` is also a package of Hugging Face: nothing that we depend on may want that one."""
    names = (
        "torch torchvision segmentation_models_pytorch skimage.metrics lpips pytorch_fid.inception "
        "pandas tabulate pytorch_msssim timm h5py scipy PIL tqdm safetensors filelock "
        "sklearn.manifold"
    )
    result = run("".join(f"import {name}\n" for name in names.split()) + "import datasets, losses")
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import reproduce; reproduce.parser().format_help()", "torch"),
        ("import benchmarks.report.markdown, benchmarks.report.terminal", "torch"),
        ("import benchmarks.papers.registry", "segmentation_models_pytorch"),
        ("import benchmarks.papers.registry", "timm"),
        ("import benchmarks.papers.registry", "skimage"),
        ("import benchmarks.papers.registry", "lpips"),
        ("import benchmarks.papers.registry", "sklearn"),
        ("import benchmarks.papers.registry", "matplotlib"),
    ],
)
def test_heavy_packages_are_imported_late(code, absent):
    result = run(f"import sys\n{code}\nassert {absent!r} not in sys.modules, 'imported'")
    assert result.returncode == 0, result.stderr
