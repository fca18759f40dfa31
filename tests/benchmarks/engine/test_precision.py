"""Steps in bfloat16 and TF32: what computes in which, and what stays float32."""

from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import pytest
import quick
import tiny
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

import losses.contextual
import losses.d2sm
import losses.pdl
from benchmarks.declare.protocol import Evaluation
from benchmarks.declare.runs import Run, network
from benchmarks.engine.evaluate import evaluate
from benchmarks.engine.precision import StepArithmetic, looking
from benchmarks.engine.train import Trainee
from losses.adversarial import Adversarial
from losses.contextual import Contextual
from losses.cross_entropy import CrossEntropy
from losses.d2sm import D2SM
from losses.features import FeatureExtractor
from losses.l1 import L1
from losses.local_resources import LocalResources
from losses.lpips import LPIPS
from losses.objective import Loss, Term
from losses.pdl import PDL
from losses.perceptual import Perceptual
from losses.ssim import SSIM

FEATURES = tiny.FEATURES
SET_LOSS = D2SM(FEATURES, window=16, stride=8, queue=12)
SEGMENTER = CrossEntropy(partial(nn.Conv2d, 3, 19, 1))


def trainee(objective, precision="bf16", **changes):
    training = replace(quick.TRAINING, precision=precision, **changes)
    run = Run(network(tiny.TinyDenoiser), 1.0 * objective, quick.TRAIN, training)
    return Trainee(run, LocalResources(), None)


def entries(side=32):
    generator = torch.Generator().manual_seed(0)
    target = torch.rand(2, 3, side, side, generator=generator)
    noisy = target + 0.1 * torch.randn(target.shape, generator=generator)
    labels = torch.randint(19, (2, side, side), generator=generator)
    return {"input": noisy, "target": target, "labels": labels}


def dtypes(module, found):
    """Keeps the type of what each layer of a kind gives while it computes."""
    for name, layer in module.named_modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(lambda layer, x, y, name=name: found.add((name, y.dtype)))


def test_networks_compute_in_bfloat16_and_give_float32():
    state = trainee(L1() + Perceptual(FEATURES))
    inside, given = set(), []
    (extractor,) = looking(state.objective)
    assert isinstance(extractor, FeatureExtractor)
    for module in (state.network, extractor):
        dtypes(module, inside)
    before = state.objective.forward
    state.objective.forward = lambda pred, *rest: given.append(pred) or before(pred, *rest)
    with state.arithmetic.step():
        given += extractor(entries()["target"]).values()
    state.advance(entries())
    assert {dtype for _, dtype in inside} == {torch.bfloat16}
    assert [value.dtype for value in given] == [torch.float32] * 2
    assert {p.dtype for p in state.network.parameters()} == {torch.float32}
    moments = [value for kept in state.optimizer.state.values() for value in kept.values()]
    assert {value.dtype for value in moments} == {torch.float32}


def test_outputs_of_taps_are_float32():
    """They are added to the outputs in a hook, after the forward."""
    declared = network(tiny.TinyDenoiser).tapped("body.0").build()
    with StepArithmetic(replace(quick.TRAINING, precision="bf16"), declared, Loss()).step():
        outputs = declared(entries()["input"])
    assert [output.dtype for output in outputs] == [torch.float32] * 2
    assert outputs[1].bfloat16().float().equal(outputs[1])  # and were bfloat16


@pytest.mark.parametrize(
    ("term", "module", "inner"),
    [
        (Contextual(FEATURES), losses.contextual, "_distances"),
        (Contextual(FEATURES), losses.contextual, "_distance_gradient"),
        (SET_LOSS, losses.d2sm, "probabilities"),
        (SET_LOSS, losses.d2sm, "_kl"),
        (PDL(FEATURES, projection="RSP"), losses.pdl, "_norm_of_sorted"),
        (PDL(FEATURES), losses.pdl, "_sorted_values"),
    ],
)
def test_arithmetic_of_losses_is_not_bfloat16(monkeypatch, term, module, inner):
    state, seen, works = trainee(term), [], getattr(module, inner)

    def watched(*values):
        seen.extend(
            v.dtype for v in values if isinstance(v, torch.Tensor) and v.is_floating_point()
        )
        seen.append(torch.float32 if not torch.is_autocast_enabled("cpu") else torch.bfloat16)
        return works(*values)

    monkeypatch.setattr(module, inner, watched)
    state.advance(entries())
    assert set(seen) <= {torch.float32, torch.float64}
    assert seen


class Products(TorchDispatchMode):
    """Keeps what CUDA would be allowed at each product of matrices, and at each convolution."""

    def __init__(self):
        super().__init__()
        self.found = {"products": [], "convolutions": []}

    def __torch_dispatch__(self, operation, types, arguments=(), options=None):
        name = operation.overloadpacket.__name__
        if name in ("mm", "bmm", "addmm", "baddbmm", "convolution"):
            kind = "convolutions" if name == "convolution" else "products"
            self.found[kind].append(any(allowed()))
        return operation(*arguments, **(options or {}))


@pytest.mark.parametrize("term", [Contextual(FEATURES), SET_LOSS, PDL(FEATURES, projection="RSP")])
def test_products_of_losses_are_exact_where_networks_may_take_tf32(term):
    state, given = trainee(term, "tf32"), entries()
    with torch.no_grad(), state.arithmetic.step(), Products() as products:
        state.objective(given["input"], given["target"], given)
    assert set(products.found["products"]) == {False}
    assert set(products.found["convolutions"]) == {True}  # those of the feature network


def test_windows_of_ssim_are_exact_where_networks_may_take_tf32():
    state, given = trainee(SSIM(), "tf32"), entries()
    with torch.no_grad(), state.arithmetic.step(), Products() as products:
        state.objective(given["input"], given["target"], given)
    assert set(products.found["convolutions"]) == {False}


def test_lpips_compares_features_in_float32():
    state = trainee(LPIPS(weights="random"))
    seen, trunk = set(), looking(state.objective)
    assert trunk == [state.objective.losses[0].network.net]
    for line in state.objective.losses[0].network.lins:
        line.register_forward_hook(lambda layer, x, y: seen.add((x[0].dtype, y.dtype)))
    state.advance(entries(64))
    assert seen == {(torch.float32, torch.float32)}


def test_discriminators_compute_in_float32():
    state, seen = trainee(Adversarial(tiny.TinyCritic, lr=1e-3)), set()
    dtypes(state.objective, seen)
    state.advance(entries())
    assert {dtype for _, dtype in seen} == {torch.float32}
    assert not looking(state.objective)


def test_a_judge_is_itself_again_after_the_step():
    state = trainee(SEGMENTER)
    (judge,) = looking(state.objective)
    image, found = entries()["target"], []
    exact = judge(image)
    judge.register_forward_hook(lambda layer, x, y: found.append(y))
    state.advance(entries())
    judge(image)
    assert not found[0].equal(judge(entries()["input"]))  # it looked in bfloat16
    assert found[1].equal(exact)
    assert "forward" not in vars(judge)
    with pytest.raises(RuntimeError, match="odd"), state.arithmetic.step():
        raise RuntimeError("odd")
    assert judge(image).equal(exact)


def test_a_judge_of_several_terms_is_taken_once():
    judge = nn.Conv2d(3, 19, 1)
    state = trainee(CrossEntropy(judge) + 2.0 * CrossEntropy(judge))
    assert looking(state.objective) == [judge]


@dataclass(frozen=True)
class Flags(Term):
    """L1 that keeps what CUDA may do at each step."""

    seen: list
    symbol: ClassVar[str] = "L_Flags"

    def build(self, resources):
        def flags(pred, target):
            self.seen.append(allowed())
            return (pred - target).abs().mean()

        return Loss(flags)


def allowed():
    return torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32


@pytest.mark.parametrize(
    ("precision", "inside"), [("float32", False), ("tf32", True), ("bf16", False)]
)
def test_tf32_is_allowed_in_its_own_steps_only(monkeypatch, precision, inside):
    seen: list = []
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)  # torch's own default
    before = allowed()
    trainee(Flags(seen), precision).advance(entries())
    assert seen == [(inside, inside)]
    assert allowed() == before


def test_what_is_measured_is_measured_in_float32(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    denoiser = network(tiny.TinyDenoiser).build()
    denoiser.body[0].register_forward_hook(lambda *given: seen.append((allowed(), given[2].dtype)))
    images = quick.Cards().open(None)
    asked = [(quick.PSNR(), Evaluation())]
    evaluate(denoiser, quick.TEST, images, asked, LocalResources())
    assert seen == [((False, False), torch.float32)] * len(images)
    assert torch.backends.cudnn.allow_tf32


def test_on_a_cpu_tf32_has_the_bits_of_float32_and_bfloat16_others():
    weights = {}
    for precision in ("float32", "tf32", "bf16"):
        state = trainee(L1() + Perceptual(FEATURES), precision)
        for _ in range(3):
            state.advance(entries())
        weights[precision] = torch.cat([p.flatten() for p in state.network.parameters()])
    assert weights["tf32"].equal(weights["float32"])
    assert not weights["bf16"].equal(weights["float32"])
    torch.testing.assert_close(weights["bf16"], weights["float32"], rtol=0, atol=3e-3)


def test_float32_replaces_no_forward():
    assert not trainee(L1() + Perceptual(FEATURES), "float32").arithmetic.forwards
