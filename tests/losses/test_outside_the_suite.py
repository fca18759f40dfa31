"""A reader's first use of a loss: the documented example, and resources without an engine."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from losses.adversarial import Adversarial
from losses.cross_entropy import CrossEntropy
from losses.features import Features
from losses.l1 import L1
from losses.local_resources import LocalResources

ROOT = Path(__file__).resolve().parents[2]
HEADING = "Use a loss in your own code"


def documented_example() -> str:
    """The first block of Python below the heading, of the README or else of docs/losses.md."""
    for name in ("README.md", "docs/losses.md"):
        path = ROOT / name
        text = path.read_text() if path.exists() else ""
        section = re.search(rf"^#+ {HEADING}\s*\n(.*?)(?=^#+ |\Z)", text, re.MULTILINE | re.DOTALL)
        if section is None:
            continue
        block = re.search(r"^```python\n(.*?)^```", section[1], re.MULTILINE | re.DOTALL)
        assert block is not None, f'{name} has no ```python block under "{HEADING}"'
        return block[1]
    pytest.fail(f'neither README.md nor docs/losses.md has the heading "{HEADING}"')


def test_documented_example_runs_from_the_repository_root() -> None:
    command = [sys.executable, "-c", documented_example()]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "L_1" in result.stdout


def test_missing_file_is_told_with_its_folder_and_source(tmp_path: Path) -> None:
    term = Features("vgg16", ("relu1_1",))
    with pytest.raises(FileNotFoundError) as error:
        term.build(LocalResources(tmp_path / "weights"))
    assert f"vgg16-397923af.pth is not in {tmp_path / 'weights'}" in str(error.value)
    assert "https://download.pytorch.org/models/vgg16-397923af.pth" in str(error.value)


def test_weights_file_is_taken_by_its_digest_only(tmp_path: Path) -> None:
    (tmp_path / "net.pth").write_bytes(b"weights")
    digest = hashlib.sha256(b"weights").hexdigest()
    resources = LocalResources(str(tmp_path))
    assert resources.weights_file("net.pth", digest[:8]) == tmp_path / "net.pth"
    with pytest.raises(ValueError, match=f"starts with {digest[:8]}, expected 00000000"):
        resources.weights_file("net.pth", "00000000")


def test_weights_are_looked_for_in_torchs_cache_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert LocalResources().folder == tmp_path / "hub" / "checkpoints"


@pytest.mark.parametrize("given", [nn.Conv2d(3, 19, 1), lambda: nn.Conv2d(3, 19, 1)])
def test_frozen_network_passes_gradients_learns_nothing_and_is_not_saved(given) -> None:
    loss = CrossEntropy(given).build(LocalResources())
    pred = torch.rand(1, 3, 8, 8, requires_grad=True)
    loss(pred, pred, labels=torch.zeros(1, 8, 8, dtype=torch.long)).backward()
    assert pred.grad is not None
    assert pred.grad.any()
    assert all(p.grad is None and not p.requires_grad for p in loss.parameters())
    assert not (1.0 * CrossEntropy(given)).build(LocalResources()).learned_state()


def test_fresh_network_learns_in_before_and_is_saved() -> None:
    term = Adversarial(lambda: nn.Conv2d(3, 1, 3), lr=0.1)
    loss = (L1() + 0.01 * term).build(LocalResources())
    old = {name: value.clone() for name, value in loss.named_parameters()}
    loss.before(torch.rand(2, 3, 8, 8), torch.rand(2, 3, 8, 8), {})
    assert old
    assert all(value.ne(old[name]).any() for name, value in loss.named_parameters())
    assert set(old) <= set(loss.learned_state())


def test_what_makes_no_network_is_refused() -> None:
    for wrong in ("vgg16", dict):
        with pytest.raises(TypeError, match="give a term the network itself, or its class"):
            LocalResources().fresh(wrong)
