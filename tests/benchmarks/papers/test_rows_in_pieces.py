"""Every row of every table, as smoke runs it, learns the same from pieces of one image."""

from typing import Any

import pytest
import torch
from every_row import Untrained, drawn, every_training
from torch import Tensor

from benchmarks.declare.errors import UsageError
from benchmarks.declare.runs import Run
from benchmarks.engine.content_ids import ContentIds
from benchmarks.engine.network_outputs import network_outputs
from benchmarks.engine.train import Trainee
from datasets.images import DataPaths

SLOW = {"DsDeblur", "DICNet"}  # in double precision
REFUSED = {"SRResNet", "URDGN", "PFSR", "FSRNet", "DcGAN", "PPDN", "DnCNN"}


def parameters() -> list[Any]:
    """Slow are those whose network and whose terms came before, and the slow networks."""
    found, seen = [], set()
    for (name, kinds), run in every_training().items():
        new = {name, *kinds} - seen
        seen |= {name, *kinds}
        slow = name not in REFUSED and (name in SLOW or not new)
        marks = [pytest.mark.slow] if slow else []
        found.append(pytest.param(run, id=f"{name} {'+'.join(kinds)}", marks=marks))
    return found


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> ContentIds:
    """The data sets, each opened once."""
    return ContentIds(DataPaths(None, tmp_path_factory.mktemp("cache")))


def learnt(run: Run, micro_batch: int, given: list[dict[str, Tensor]]) -> dict[str, list[Tensor]]:
    """What one step leaves, and the values of the next one."""
    state = Trainee(run, Untrained(), None, micro_batch)
    state.network.double()
    state.objective.double()
    values = state.advance(dict(given[0]))()
    found = {
        "values": [torch.tensor(value, dtype=torch.float64) for value in values.values()],
        "gradients": [p.grad for p in state.network.parameters() if p.grad is not None],
        "weights": list(state.network.parameters()),
        "the objective's own": [
            x for x in state.objective.learned_state().values() if torch.is_tensor(x)
        ],
        "generator": [torch.get_rng_state()],
    }
    entries = dict(given[1])
    with torch.no_grad():
        entries |= network_outputs(state.network, entries)
        total, _ = state.objective(entries["pred"], entries["target"], entries)
    return found | {"next value": [total]}


@pytest.mark.parametrize("run", parameters())
def test_a_step_in_pieces_is_the_plain_one(run: Run, opened: ContentIds) -> None:
    """Of double precision nothing but rounding is left, which a step of Adam may enlarge."""
    if run.network.name in REFUSED:
        told = f"^{run.network.name} cannot be trained in pieces: .*BatchNorm2d"
        with pytest.raises(UsageError, match=told):
            Trainee(run, Untrained(), None, 1)
        return
    given = drawn(run, opened.images(run.data))
    plain, pieces = (learnt(run, size, given) for size in (0, 1))
    size = torch.stack([gradient.norm() for gradient in plain["gradients"]]).norm()
    assert size > 0
    assert len(plain["gradients"]) == len(pieces["gradients"])
    for ours, theirs in zip(pieces["gradients"], plain["gradients"], strict=True):
        assert (ours - theirs).norm() < 1e-11 * size
    for what in plain.keys() - {"gradients"}:
        torch.testing.assert_close(pieces[what], plain[what], rtol=1e-7, atol=1e-9)


def test_kinds_of_trainings_are_many() -> None:
    found = every_training()
    assert {name for name, _ in found} >= REFUSED | SLOW
    assert len(found) > 50
