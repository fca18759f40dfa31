"""Every objective of every table learns the same in one process and shared among several.

What an objective is given is what a row's own network gives, from a network of a convolution per
output: how a network is shared is no matter of the objective, and `test_rows_in_pieces.py` sees
that every one restores an image the same whatever is beside it.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from every_row import Untrained, drawn, rows
from rank_processes import RankProcesses
from torch import Tensor, nn
from torch.nn import functional as F

from baselines.denoising.dncnn import DnCNN
from baselines.denoising.ffdnet import FFDNet
from baselines.discriminators.fsrgan import FSRGANDiscriminator
from baselines.discriminators.light_cnn import LightCNNDiscriminator
from baselines.discriminators.patchgan import PatchGAN
from baselines.discriminators.srgan import SRGANDiscriminator
from baselines.discriminators.urdgn import URDGNDiscriminator
from baselines.faces.light_cnn import LightCNN
from baselines.super_resolution.autoencoders import EDSRAutoencoder, RCANAutoencoder
from baselines.super_resolution.edsr import EDSR
from baselines.super_resolution.rcan import RCAN
from benchmarks.declare.runs import Run, network
from benchmarks.declare.table import as_objective
from benchmarks.declare.training import Training
from benchmarks.engine.content_ids import ContentIds
from benchmarks.engine.network_outputs import network_outputs
from benchmarks.engine.train import Trainee
from benchmarks.profiles.smoke import SMOKE
from datasets.images import DataPaths
from losses.objective import Objective
from losses.ranks import ALONE, Ranks

STEPS = 40
BATCHES = 4  # which are learnt from again and again
SIDE = 32  # of crops; of faces, which are trained whole, 128
NARROW: dict[type, dict[str, Any]] = {
    FFDNet: {"width": 8},
    DnCNN: {"width": 8},
    EDSR: {"width": 8},
    EDSRAutoencoder: {"width": 8},
    RCAN: {"width": 8, "reduction": 4},
    RCANAutoencoder: {"width": 8, "reduction": 4},
    PatchGAN: {"width": 8},
    SRGANDiscriminator: {"width": 4},
    URDGNDiscriminator: {"width": 2},
    FSRGANDiscriminator: {"width": 4},
    LightCNN: {"width": 2},
    LightCNNDiscriminator: {"width": 2},
}


def small(run: Run) -> Training:
    """Smoke's recipe with small crops."""
    recipe = SMOKE.training(run)
    whole = "points" in run.data.data.provides
    return replace(recipe, crop=recipe.crop if whole else min(SIDE, int(recipe.crop)))


PROFILE = replace(
    SMOKE, training=small, feature_width=1 / 16, narrow={**SMOKE.narrow, **NARROW}, threads=None
)


class Thin(nn.Module):
    """Gives outputs of the wanted shapes, of each image by itself."""

    def __init__(self, inputs: tuple[str, ...], shapes: tuple[tuple[str, tuple[int, ...]], ...]):
        super().__init__()
        self.inputs, self.shapes = inputs, dict(shapes)
        self.outputs = tuple(self.shapes)
        channels = 1 if shapes[0][1][0] == 1 else 3
        self.body = nn.Sequential(nn.Conv2d(channels, 4, 3, padding=1), nn.Tanh())
        self.heads = nn.ModuleList(nn.Conv2d(4, shape[0], 3, padding=1) for _, shape in shapes)

    def forward(self, *given: Tensor) -> tuple[Tensor, ...]:
        image = next(x for x in given if x.dim() == 4)
        features, found = self.body(image), []
        for head, (channels, *size) in zip(self.heads, self.shapes.values(), strict=True):
            output = F.interpolate(head(features), size=size, mode="bilinear")
            beside = F.interpolate(image, size=size, mode="bilinear")
            found.append(output + beside if channels == image.shape[1] else output)
        return tuple(found)


def every_objective() -> dict[str, Run]:
    """One training for each list of terms, whatever their weights."""
    found: dict[str, Run] = {}
    for run in rows(PROFILE):
        terms = as_objective(run.objective).terms
        found.setdefault(" + ".join(repr(term) for _, term in terms), run)
    return found


def thin(run: Run, given: dict[str, Tensor]) -> Run:
    """The training of a thin network in the place of the run's own.

    PFSR tells its critic what cannot be shared, a number of no image: it does without that term.
    """
    real = run.network.build().eval()
    one = {name: x[:1].float() if x.is_floating_point() else x[:1] for name, x in given.items()}
    with torch.no_grad():
        outputs = network_outputs(real, one)
    single = {name for name, x in outputs.items() if not x.dim()}
    terms = as_objective(run.objective).terms
    objective = Objective(tuple((w, term) for w, term in terms if not single & {*term.needs}))
    needed = ("pred", *objective.needs)
    shapes = tuple((name, tuple(x.shape[1:])) for name, x in outputs.items() if name in needed)
    recipe = replace(run.training, steps=STEPS, batch=len(given["target"]), held=None)
    like = network(Thin, inputs=tuple(real.inputs), shapes=shapes)
    return replace(run, network=like, objective=objective, training=recipe, start=None)


def learnt(ranks: Ranks, run: Run, given: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """What training leaves on a rank, section by section as one vector, in double precision."""
    state = Trainee(run, Untrained(), None, ranks=ranks)
    state.network.double()
    state.objective.double()
    values: dict[str, float] = {}
    for step in range(STEPS):
        batch = given[step % BATCHES]
        values = state.advance({name: x[ranks.share] for name, x in batch.items()})()
    sections = state.checkpoint() | {"values": {k: torch.tensor(v) for k, v in values.items()}}
    return {name: torch.cat(found) for name, part in sections.items() if (found := leaves(part))}


def leaves(part: Any) -> list[Tensor]:
    """Every tensor of a state, flat, in double precision."""
    if isinstance(part, Tensor):
        return [part.detach().double().flatten()]
    members = part.values() if isinstance(part, dict) else part
    nested = isinstance(part, dict | list | tuple)
    return [x for member in members for x in leaves(member)] if nested else []


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> ContentIds:
    """The data sets, each opened once."""
    return ContentIds(DataPaths(None, tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="module")
def processes() -> Iterator[dict[int, RankProcesses]]:
    found = {world: RankProcesses(world) for world in (2, 4)}
    yield found
    for group in found.values():
        group.close()


def parameters() -> list[Any]:
    return [
        pytest.param(run, id=name[:120], marks=[pytest.mark.slow])
        for name, run in every_objective().items()
    ]


@pytest.mark.parametrize("run", parameters())
def test_ranks_learn_what_one_process_learns(
    run: Run, opened: ContentIds, processes: dict[int, RankProcesses]
) -> None:
    given = drawn(run, opened.images(run.data), BATCHES)
    run = thin(run, given[0])
    alone = learnt(ALONE, run, given)
    for group in processes.values():
        every = group.call(learnt, run, given)
        for found in every:
            assert isinstance(found, dict), found
            assert found.keys() == alone.keys()
            for name, expected in alone.items():
                error = (found[name] - expected).norm() / expected.norm()
                assert error <= 1e-11, (name, error)
                assert torch.equal(found[name], every[0][name]), name
