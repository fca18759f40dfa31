"""What a newcomer adds takes the files and lines that CONTRIBUTING.md names, and no other.

A temporary copy of the suite gets a network, a loss, a data set and a paper with one table and one
claim. Each addition is a file of its own and, at most, a line (with its import) in a list.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

FILES = {
    "baselines/denoising/scratch_net.py": '''
"""Three layers and a way around them."""

from typing import ClassVar

from torch import Tensor, nn


class ScratchNet(nn.Module):
    """Predicts the noise."""

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 16, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(16, 16, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(16, 3, 3, padding=1),
        )

    def forward(self, noisy: Tensor) -> Tensor:
        return noisy - self.body(noisy)
''',
    "tests/baselines/denoising/test_scratch_net.py": """
from network_checks import RestorationChecks

from baselines.denoising.scratch_net import ScratchNet


class TestScratchNet(RestorationChecks):
    network = ScratchNet
    parameters = 3203
    learns = 0.8
""",
    "losses/charbonnier.py": '''
"""Charbonnier's loss."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from torch import Tensor

from losses.objective import Loss, Resources, Term


def charbonnier(pred: Tensor, target: Tensor, eps: float) -> Tensor:
    """The mean of sqrt(d^2 + eps^2)."""
    return ((pred - target).square() + eps**2).sqrt().mean()


@dataclass(frozen=True)
class Charbonnier(Term):
    """A smooth L_1."""

    eps: float = 1e-3
    symbol: ClassVar[str] = "L_Charbonnier"

    def build(self, resources: Resources) -> Loss:
        return Loss(partial(charbonnier, eps=float(self.eps)))
''',
    "datasets/scratch_set.py": '''
"""A set that must be downloaded."""

from dataclasses import dataclass
from typing import ClassVar

from datasets.folders import PhotographFolders
from datasets.images import DataPaths, Images


@dataclass(frozen=True)
class ScratchSet:
    """Photographs of a folder `scratch`."""

    split: str
    provides: ClassVar[tuple[str, ...]] = ("image",)
    revision: ClassVar[int] = 1

    def open(self, data_paths: DataPaths) -> Images:
        return PhotographFolders((f"scratch/{self.split}",)).open(data_paths)
''',
    "benchmarks/papers/scratch/__init__.py": "",
    "benchmarks/papers/scratch/paper.py": '''
"""A fourth paper, with a wrong rank in its only table."""

from baselines.denoising.scratch_net import ScratchNet
from baselines.pass_through import PassThrough
from benchmarks.claims.paper import Paper
from benchmarks.claims.statements import Claim, beats
from benchmarks.declare.protocol import Evaluation, Protocol
from benchmarks.declare.training import Adam, Training
from benchmarks.declare.sources import paper
from benchmarks.declare.column import Column
from benchmarks.declare.table import (Row, Table)
from benchmarks.metrics.psnr import PSNR
from datasets.degradations.noise import Noisy
from datasets.scratch_set import ScratchSet
from losses.charbonnier import Charbonnier
from losses.l1 import L1

TRAINING = Training(steps=paper(1000, "3"), batch=16, crop=64, optimizer=Adam(paper(1e-4, "3")))
TABLE1 = Table(
    name="scratch_table1",
    source="Scratch, Table 1",
    caption="Denoising, sigma 50",
    train=Noisy(ScratchSet("train"), sigma=50),
    protocol=Protocol(TRAINING, Evaluation()),
    columns=(Column(PSNR(), Noisy(ScratchSet("test"), sigma=50)),),
    rank_within="group",
    groups={
        "ScratchNet": [
            Row("input", PassThrough, None, "14.15", role="input"),
            Row("L_1", ScratchNet, L1(), "27.10(2)"),
            Row("L_Charbonnier", ScratchNet, 1.0 * Charbonnier(), "27.20(2)"),
        ]
    },
)
PAPER = Paper(
    name="Scratch",
    tables=(TABLE1,),
    claims=(
        Claim(
            "Scratch, Sec. 4",
            "A smooth loss is the better one.",
            beats("scratch_table1", "ScratchNet / L_Charbonnier", ("ScratchNet / L_1",), ("PSNR",)),
        ),
    ),
)
''',
}

# File, the line that is added, the line before which it goes; an import goes to the others.
LINES = [
    ("benchmarks/papers/registry.py", "    scratch.PAPER,", "    calibration.PAPER,"),
    (
        "benchmarks/profiles/smoke.py",
        "    ScratchNet: (Begin(60, 8, 32, 1e-3), Short(5, 8, 32, 2e-4)),",
        "    SRN:",
    ),
    (
        "benchmarks/profiles/lite.py",
        "    ScratchNet: (Begin(900, 8, 64, 5e-4), Short(90, 8, 64, 1e-4)),",
        "    SRN:",
    ),
    (
        "benchmarks/profiles/stand_ins.py",
        '    ScratchSet("train"): Photographs("train"), ScratchSet("test"): Photographs("val"),',
        '    DIV2K("train"):',
    ),
]
IMPORTS = {
    "benchmarks/papers/registry.py": "from benchmarks.papers.scratch import paper as scratch",
    "benchmarks/profiles/smoke.py": "from baselines.denoising.scratch_net import ScratchNet",
    "benchmarks/profiles/lite.py": "from baselines.denoising.scratch_net import ScratchNet",
    "benchmarks/profiles/stand_ins.py": "from datasets.scratch_set import ScratchSet",
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The suite with everything added."""
    root = tmp_path_factory.mktemp("suite")
    ignored = shutil.ignore_patterns("__pycache__")
    for folder in ("benchmarks", "baselines", "losses", "datasets", "tests/baselines"):
        shutil.copytree(ROOT / folder, root / folder, ignore=ignored)
    for file in ("reproduce.py", "pyproject.toml", "tests/conftest.py", "tests/idle.py"):
        shutil.copy(ROOT / file, root / file)
    for name, text in FILES.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text.lstrip())
    for name, line, before in LINES:
        text = (root / name).read_text()
        assert text.count(f"\n{before}") == 1, f"{name} has no one line {before!r}"
        text = text.replace(f"\n{before}", f"\n{line}\n{before}")
        text = text.replace("\nfrom ", f"\n{IMPORTS[name]}\nfrom ", 2).replace(
            f"\n{IMPORTS[name]}\nfrom __future__", "\nfrom __future__"
        )
        (root / name).write_text(text)
    return root


def command(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], cwd=root, capture_output=True, text=True, check=False
    )


def test_papers_checks_see_the_new_one(copy):
    """The planted rank is found, the claim is decided, the table is listed."""
    audit = command(copy, "reproduce.py", "--audit")
    assert audit.returncode == 0, audit.stderr
    assert "Scratch, Table 1, ScratchNet / L_Charbonnier, PSNR" in audit.stdout
    assert "its rank is 1" in audit.stdout
    claims = command(copy, "reproduce.py", "--claims").stdout
    assert re.search(r"Scratch, Sec. 4: A smooth loss is the better one.\n +printed +holds", claims)
    assert "scratch_table1" in command(copy, "reproduce.py", "--list").stdout


@pytest.mark.slow
def test_new_table_runs_and_its_network_is_better_than_its_input(copy):
    made = command(copy, "reproduce.py", "--table", "scratch_table1", "--out", "out")
    assert made.returncode == 0, made.stderr
    lines = (copy / "out" / "tables" / "smoke" / "scratch_table1.csv").read_text().splitlines()
    noisy, *restored = (float(line.split(",")[4]) for line in lines[1:])
    assert all(value > noisy + 1 for value in restored)
    plan = command(copy, "reproduce.py", "--table", "scratch_table1", "--plan", "--profile", "lite")
    assert "there is no folder" in plan.stdout or "no data root was given" in plan.stdout


@pytest.mark.slow
def test_nine_lines_test_the_new_network(copy):
    tested = command(copy, "-m", "pytest", "-q", "tests/baselines/denoising/test_scratch_net.py")
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert len(FILES["tests/baselines/denoising/test_scratch_net.py"].strip().splitlines()) <= 9


def test_a_line_that_is_forgotten_is_asked_for(copy):
    """In the words of the file that wants it."""
    for name, line, told in (
        ("benchmarks/profiles/smoke.py", LINES[1][1], "has no line for ScratchNet"),
        ("benchmarks/profiles/stand_ins.py", LINES[3][1], "nothing stands in for ScratchSet"),
    ):
        whole = (copy / name).read_text()
        (copy / name).write_text(whole.replace(line, ""))
        failed = command(copy, "reproduce.py", "--table", "scratch_table1", "--plan")
        (copy / name).write_text(whole)
        assert failed.returncode == 2
        assert told in failed.stderr
        assert name in failed.stderr
        assert "Traceback" not in failed.stderr
