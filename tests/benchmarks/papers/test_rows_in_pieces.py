"""Every row of every table, as smoke runs it, learns the same from pieces of one image."""

from typing import Any

import pytest
import torch
from torch import Tensor

from benchmarks.declare.errors import UsageError
from benchmarks.declare.runs import Run
from benchmarks.declare.table import Table
from benchmarks.declare.tree import walk
from benchmarks.engine.content_ids import ContentIds
from benchmarks.engine.network_outputs import network_outputs
from benchmarks.engine.train import Trainee
from benchmarks.papers.registry import TABLES
from benchmarks.profiles.resolve import Resolver
from benchmarks.profiles.smoke import SMOKE
from datasets.images import DataPaths, Images
from datasets.sampling import TrainingSamples, batches
from losses.local_resources import LocalResources
from losses.objective import Term

BATCH = 4
SLOW = {"DsDeblur", "DICNet"}  # in double precision
REFUSED = {"SRResNet", "URDGN", "PFSR", "FSRNet", "DcGAN", "PPDN", "DnCNN"}


class Untrained(LocalResources):
    """Networks and judges with random weights, the same each time."""

    def fresh(self, network: Any) -> torch.nn.Module:
        return network.build().to(self.device)

    def frozen(self, network: Any) -> torch.nn.Module:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(5)
            return super().frozen(network.network)


def every_training() -> dict[tuple[str, tuple[str, ...]], Run]:
    """A row's training for each network and set of kinds of terms in any table."""
    resolver = Resolver(SMOKE, lambda name: False)
    found: dict[tuple[str, tuple[str, ...]], Run] = {}
    tables = [table for table in TABLES.values() if isinstance(table, Table) and table.fillable]
    for table in tables:
        rows = [part for _, row in table.rows() for part in table.trainings(row).values()]
        for row in (row for row in rows if row.model is not None):
            provider = resolver.run(table, row, 0)
            run = getattr(provider, "run", provider)
            if isinstance(run, Run):
                kinds = {type(part).__name__ for part in walk(run.objective) if is_term(part)}
                found.setdefault((run.network.name, tuple(sorted(kinds))), run)
    return found


def is_term(part: Any) -> bool:
    return isinstance(part, Term)


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


def drawn(run: Run, images: Images) -> list[dict[str, Tensor]]:
    """The first two batches of a training, in double precision."""
    recipe = run.training
    samples = TrainingSamples(run.data, images, int(recipe.crop), recipe.augment, 0)
    return [
        {name: x.double() if x.is_floating_point() else x for name, x in batch.items()}
        for batch in batches(samples, BATCH, 0, 2, workers=0)
    ]


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
