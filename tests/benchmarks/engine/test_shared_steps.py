"""Training steps that several processes share: the steps of one process, or a refusal."""

from dataclasses import replace

import pytest
import quick
import tiny
import torch
import torch.distributed as dist
from rank_processes import Raised, RankProcesses
from test_pieces import OBJECTIVES, RUN, WINDOWS, Counting, Drawing, Normalised
from torch import nn

from benchmarks.declare.errors import UsageError
from benchmarks.declare.runs import network
from benchmarks.declare.training import Adam
from benchmarks.engine.train import Trainee
from losses.balanced import Balanced
from losses.contextual import Contextual
from losses.d2sm import D2SMLoss
from losses.gated_adversarial import GatedAdversarial
from losses.l1 import L1
from losses.local_resources import LocalResources
from losses.lpips import LPIPS
from losses.objective import Loss
from losses.pdl import PDL
from losses.perceptual import Perceptual
from losses.ranks import ALONE, Ranks
from losses.ssim import SSIM

BATCH = 4
TRAINING = replace(quick.TRAINING, steps=40, batch=BATCH, crop=32, optimizer=Adam(1e-3))
SHARED = OBJECTIVES | {
    "features": L1() + 0.1 * Perceptual(tiny.FEATURES),
    "projections": L1() + 0.1 * PDL(tiny.FEATURES, projection="RSP", factor=2),
    "structure": L1() + 0.1 * SSIM(),
    "trunk": L1() + 0.1 * LPIPS(weights="random"),
    "contextual": L1() + 0.1 * Contextual(tiny.FEATURES, max_positions=20),
    "balanced": L1() + 1.0 * Balanced(WINDOWS, 1.0 * L1(), steps=6),
}


@pytest.fixture(scope="module")
def two():
    group = RankProcesses(2)
    yield group
    group.close()


def asked(objective=None, **changes):
    """The run that is trained."""
    objective = RUN.objective if objective is None else objective
    return replace(RUN, objective=objective, training=TRAINING, **changes)


def batch(step):
    """The whole batch of a step, in double precision."""
    generator = torch.Generator().manual_seed(step)
    target = torch.rand(BATCH, 3, 32, 32, generator=generator, dtype=torch.float64)
    noise = torch.randn(target.shape, generator=generator, dtype=torch.float64)
    return {"target": target, "input": target + 0.1 * noise}


def begun(ranks, run, micro_batch=0, saved=None, steps=0):
    """A training in double precision after so many steps."""
    state = Trainee(run, LocalResources(), None, micro_batch, ranks)
    state.network.double()
    state.objective.double()
    if saved is not None:
        state.restore(saved)
    for _ in range(steps):
        one(state)
    return state


def one(state):
    """Make the next step."""
    given = {name: x[state.ranks.share] for name, x in batch(state.step).items()}
    return state.advance(given)()


def weights(state):
    return torch.cat([p.detach().flatten() for p in state.network.parameters()])


def error(found, expected):
    return float((found - expected).norm() / expected.norm())


def trained(ranks, run, micro_batch=0):
    """The weights, the values of the last step, and where the generator is."""
    state = begun(ranks, run, micro_batch, steps=19)
    return weights(state), one(state), torch.get_rng_state(), state.objective.learned_state()


@pytest.mark.parametrize("kind", SHARED)
@pytest.mark.parametrize("micro_batch", [0, 1])
def test_shared_steps_are_those_of_one_process(two, kind, micro_batch):
    """In pieces of one image as well."""
    run = asked(SHARED[kind])
    expected, values, drawn, kept = trained(ALONE, run)
    for found in two.call(trained, run, micro_batch):
        assert not isinstance(found, Raised), found.trace
        assert error(found[0], expected) < 1e-11
        assert found[1] == pytest.approx(values, rel=1e-9)
        assert torch.equal(found[2], drawn)
        assert found[3].keys() == kept.keys()


class Ungathered(Ranks):
    """Ranks that do not ask each other."""

    def each(self, own):
        return [own if rank == self.rank else own.detach() for rank in range(self.world)]


def without(ranks, run, kind):
    """The weights after steps in which terms of a kind gather nothing."""
    state = begun(ranks, run)
    for part in state.objective.modules():
        if isinstance(part, Loss) and isinstance(part, kind):
            part.ranks = Ungathered(ranks.rank, ranks.world)
    for _ in range(20):
        one(state)
    return weights(state)


@pytest.mark.parametrize("kind", ["queue of windows", "queue of images", "contextual"])
def test_a_term_that_gathers_nothing_learns_something_else(two, kind):
    """What is seen above is due to what is gathered."""
    run = asked(SHARED[kind])
    expected = trained(ALONE, run)[0]
    own = D2SMLoss if "queue" in kind else Loss
    for found in two.call(without, run, own):
        assert error(found, expected) > 1e-6


def counted(ranks, run):
    """How often each kind of message was sent in a step, with the kinds in their order."""
    state, sent = begun(ranks, run, steps=2), []
    plain = {name: getattr(dist, name) for name in ("all_reduce", "all_gather", "broadcast")}
    for name, send in plain.items():

        def watched(*given, name=name, send=send):
            sent.append(name)
            return send(*given)

        setattr(dist, name, watched)
    try:
        one(state)
    finally:
        for name, send in plain.items():
            setattr(dist, name, send)
    return sent


def test_the_gradients_are_summed_in_one_message(two):
    """After what was restored and its target, and the discriminator's weights."""
    gathers = ["all_gather"] * 2
    for sent in two.call(counted, asked()):
        assert sent == [*gathers, "all_reduce"]
    for sent in two.call(counted, asked(SHARED["GAN"])):
        assert sent == [*gathers, "broadcast", "all_reduce"]
    assert two.call(counted, asked(SHARED["features"]))[0] == [*gathers, "all_gather", "all_reduce"]


def from_checkpoint(ranks, run, saved, steps):
    """The checkpoint that so many more steps leave, from another or from the start."""
    return begun(ranks, run, saved=saved, steps=steps).checkpoint()


@pytest.mark.parametrize("kind", ["queue of windows", "GAN", "critic", "contextual"])
@pytest.mark.parametrize("first", ["one process", "two processes"])
def test_checkpoints_move_between_one_process_and_several(two, kind, first):
    run = asked(SHARED[kind])
    straight = weights(begun(ALONE, run, steps=16))
    if first == "one process":
        saved = from_checkpoint(ALONE, run, None, 7)
        ends = two.call(from_checkpoint, run, saved, 9)
    else:
        saved = two.call(from_checkpoint, run, None, 7)[0]
        ends = [from_checkpoint(ALONE, run, saved, 9)]
    for end in ends:
        assert end["step"] == 16
        found = torch.cat([x.flatten() for x in end["network"].values()])
        assert error(found, straight) < 1e-11


@pytest.mark.parametrize("norm", [nn.BatchNorm2d, nn.SyncBatchNorm])
def test_batch_normalisation_is_refused(norm):
    run = asked(network=network(Normalised, norm=norm))
    told = r"^Normalised cannot be trained in pieces: .* train it in one process"
    with pytest.raises(UsageError, match=told):
        Trainee(run, LocalResources(), None, ranks=Ranks(0, 2))


@pytest.mark.parametrize(("images", "world"), [(4, 3), (5, 2), (2, 4)])
def test_a_batch_that_cannot_be_shared_is_refused_in_one_line(images, world):
    run = replace(RUN, training=replace(TRAINING, batch=images))
    with pytest.raises(UsageError) as caught:
        Trainee(run, LocalResources(), None, ranks=Ranks(0, world))
    assert str(caught.value) == (
        f"a batch of {images} cannot be shared evenly by {world} processes; start as many as "
        "divide it"
    )


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (Drawing, "Drawing draws random numbers, which would be the same in every process"),
        (Counting, "its output 'share' has no row per image"),
    ],
)
def test_networks_whose_outputs_cannot_be_put_together_are_refused(two, kind, told):
    needed = replace(RUN.objective.terms[0][1])
    object.__setattr__(needed, "needs", kind.outputs[1:])
    run = asked(1.0 * needed, network=network(kind))
    for found in two.call(trained, run):
        assert isinstance(found, Raised)
        assert found.kind == "UsageError"
        assert told in found.message


def disturbed(ranks, run):
    """What ranks have whose discriminators differ in their last bits before each step."""
    state = begun(ranks, run)
    for _ in range(5):
        if ranks.rank:
            with torch.no_grad():
                for weight in state.objective.losses[1].parameters():
                    weight.mul_(1 + 1e-9)
        one(state)
    parts = [*state.objective.losses[1].parameters(), *state.objective.losses[1].buffers()]
    return weights(state), torch.cat([x.detach().flatten() for x in parts])


def test_replicas_of_a_discriminator_stay_those_of_the_first_rank(two):
    run = asked(SHARED["GAN"])
    first, second = two.call(disturbed, run)
    assert torch.equal(first[0], second[0])
    assert torch.equal(first[1], second[1])
    assert error(first[1], disturbed(ALONE, run)[1]) < 1e-11


def resting(ranks, run, who):
    """The weights where one rank finds that the network rests."""
    state = begun(ranks, run)
    state.objective.rests = lambda: ranks.rank == who
    before = weights(state).clone()
    one(state)
    return bool((weights(state) != before).any()), weights(state)


@pytest.mark.parametrize("who", [0, 1])
def test_the_first_rank_says_whether_the_network_rests(two, who):
    run = asked(L1() + 0.1 * GatedAdversarial(tiny.TinyCritic, lr=1e-3))
    (moved, first), (_, second) = two.call(resting, run, who)
    assert moved is (who == 1)
    assert torch.equal(first, second)


def spoiled(ranks, run, who):
    """A step whose loss one rank finds infinite."""
    state = begun(ranks, run)
    if ranks.rank == who:
        own = state.objective.losses[0].function
        state.objective.losses[0].function = lambda *given: own(*given) / 0
    one(state)


@pytest.mark.parametrize("who", [0, 1])
def test_a_loss_that_is_not_finite_on_one_rank_ends_all(two, who):
    for found in two.call(spoiled, asked(), who, seconds=60):
        assert isinstance(found, Raised)
        assert found.kind == "TrainingError"
        assert found.message.startswith("the loss is not finite at step 1: L_1 = ")
