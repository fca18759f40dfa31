from __future__ import annotations

import pytest
import torch
from pdl_features import BOTH, SHAPE, drawn, feature_pair, gradient, random_features

import losses.pdl as module
from losses.pdl import pdl


@pytest.mark.parametrize("chunk", [1, 200, 1 << 20])
@pytest.mark.parametrize("threads", [1, 3])
def test_packed_sort_is_the_stable_sort_with_its_gradient(
    chunk: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", chunk)
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    x = random_features(3, 7, 100, dtype=torch.float32)
    x[0] = x[0].mul(3).round()  # ties of both signs, and of 0.0 with -0.0
    x[1] *= 1e-41  # below the normal numbers
    x[2] *= 3e38 / x[2].abs().max()
    assert x[0].eq(0).sum() > 10
    assert (x[0].eq(0) & x[0].signbit()).any()
    wanted = x.sort(dim=-1, stable=True)
    values, positions = module._sorted_with_positions(x)
    assert values.equal(wanted.values)
    assert positions.equal(wanted.indices)
    assert module._sorted_values(x).equal(wanted.values)

    weight, leaf = random_features(*x.shape, dtype=torch.float32), x.requires_grad_()
    found = gradient((module._SortedOnCPU.apply(leaf) * weight).sum(), leaf)
    assert found.equal(gradient((leaf.sort(dim=-1, stable=True).values * weight).sum(), leaf))


@pytest.mark.parametrize("name", ["Id", "RSP"])
@pytest.mark.parametrize("dtype", BOTH)
def test_channels_last_features_are_the_same(name: str, dtype: torch.dtype) -> None:
    pred, target = feature_pair(*SHAPE, dtype=dtype)
    last = (
        t.contiguous(memory_format=torch.channels_last).requires_grad_() for t in (pred, target)
    )
    turned = next(last)
    found, wanted = (
        pdl(turned, next(last), drawn(name, 5)),
        pdl(pred.requires_grad_(), target, drawn(name, 5)),
    )
    assert found.equal(wanted)
    assert gradient(found, turned).equal(gradient(wanted, pred))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", ["Id", "RSP"])
def test_half_precision_is_compared_in_single(dtype: torch.dtype, name: str) -> None:
    pred, target = (t.to(dtype).requires_grad_() for t in feature_pair(*SHAPE))
    found = pdl(pred, target, drawn(name, 5))
    single = pred.detach().float().requires_grad_()
    wanted = pdl(single, target.float(), drawn(name, 5))
    assert found.dtype == torch.float32
    assert found.equal(wanted)
    assert gradient(found, pred).equal(gradient(wanted, single).to(dtype))


def test_autocast_leaves_the_projection_in_single_precision() -> None:
    pred, target = feature_pair(2, 32, 8, 8, dtype=torch.float32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = pdl(pred, target, drawn("RSP", 32))
    assert found.equal(pdl(pred, target, drawn("RSP", 32)))


@pytest.mark.parametrize("wrong", [torch.nan, torch.inf, -torch.inf])
@pytest.mark.parametrize("dtype", BOTH)
def test_what_is_not_finite_shows(wrong: float, dtype: torch.dtype) -> None:
    for side in range(2):
        features = feature_pair(*SHAPE, dtype=dtype)
        features[side][0, 1, 2, 3] = wrong
        assert not pdl(*features).isfinite()
