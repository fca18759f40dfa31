"""The JSON that an identity is the digest of: every part in it, and nothing that is no part."""

import hashlib
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, ClassVar

import pytest
import quick

from benchmarks.declare.protocol import Evaluation
from benchmarks.declare.runs import Fixed, Released, network
from benchmarks.declare.sources import paper
from benchmarks.engine.content_ids import ContentIds, base_data, digest, slug
from benchmarks.engine.score import Score
from benchmarks.metrics.psnr import PSNR, PooledPSNR
from benchmarks.metrics.ssim import SSIM
from datasets.degradations.noise import Noisy
from datasets.images import DataPaths
from losses.balanced import Balanced
from losses.l1 import L1
from losses.l2 import L2

RELEASED = Released(network(quick.Copy), "a.pth", "0123")
SCORE = Score(quick.JUDGE, quick.TEST, PSNR(), Evaluation())


@pytest.fixture
def ids(tmp_path):
    return ContentIds(DataPaths(None, tmp_path))


def test_digest_is_of_sorted_compact_json():
    text = b'{"a":[1,2.5,null],"b":"x"}'
    assert digest({"b": "x", "a": [1, 2.5, None]}) == hashlib.sha256(text).hexdigest()[:10]
    with pytest.raises(ValueError, match="not JSON compliant"):
        digest(float("nan"))


def test_canonical_json_of_a_run(ids):
    training = replace(quick.TRAINING, steps=2)
    data = {"type": "Cards", "revision": 1, "greys": [60, 120, 180], "height": 16, "width": 16,
            "slope": 0, "official": None, "present": True,
            "manifest": digest([("card60", "0"), ("card120", "0"), ("card180", "0")])}  # fmt: skip
    assert ids.canonical_fields(quick.JUDGE) == {
        "type": "Run",
        "revision": 1,
        "network": {"network": "TinyDenoiser", "revision": 1, "width": 2},
        "objective": [[1.0, {"type": "L1", "revision": 1}]],
        "data": {"type": "Noisy", "revision": 1, "data": data, "sigma": [0, 50]},
        "training": ids.canonical(training),
        "seed": 0,
        "start": None,
    }
    assert ids.run_id(quick.JUDGE) == digest(ids.canonical_fields(quick.JUDGE))
    assert ids.score_id(SCORE) == digest(ids.canonical_fields(SCORE))


def test_metrics_that_differ_in_their_summary_share_their_scores(ids):
    assert ids.score_id(replace(SCORE, metric=PooledPSNR())) == ids.score_id(SCORE)
    assert ids.score_id(replace(SCORE, metric=SSIM())) != ids.score_id(SCORE)
    assert ids.canonical(PooledPSNR()) != ids.canonical(PSNR())  # as a choice of weights it counts


def test_runs_inside_are_named_by_their_ids(ids):
    assert ids.canonical(quick.JUDGE) == {"run": ids.run_id(quick.JUDGE)}
    assert ids.canonical(RELEASED) == {"run": ids.run_id(RELEASED)}
    assert ids.canonical_fields(SCORE)["provider"] == {"run": ids.run_id(quick.JUDGE)}


@dataclass(frozen=True)
class Holder:
    """Holds anything."""

    value: Any
    revision: ClassVar[int] = 3


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (True, True),
        (2, 2),
        (0.5, 0.5),
        ("x", "x"),
        (None, None),
        (Fraction(1, 3), "1/3"),
        ((1, (2, "x")), [1, [2, "x"]]),
        ([1, None], [1, None]),
        ({1: (2,)}, {"1": [2]}),
        (paper((0, 75), "4.1"), [0, 75]),
        (paper(7, "4.1"), 7),
    ],
)
def test_values_of_every_kind(ids, value, found):
    assert ids.canonical(value) == found
    assert type(ids.canonical(value)) is type(found)
    assert ids.canonical(Holder(value)) == {"type": "Holder", "revision": 3, "value": found}


def test_what_cannot_be_written_down_is_no_part_of_an_identity(ids):
    with pytest.raises(TypeError, match=r"^object cannot be part of an identity: <object object"):
        ids.canonical(Holder(object()))
    with pytest.raises(TypeError, match="type cannot be part"):
        ids.canonical(Holder)


@pytest.mark.parametrize(
    "changes",
    [
        {"provider": replace(quick.JUDGE, seed=1)},
        {"provider": RELEASED},
        {"data": replace(quick.TEST, sigma=26)},
        {"data": Noisy(quick.Cards((1,)), sigma=25)},
        {"metric": SSIM()},
        {"evaluation": Evaluation(border=1)},
        {"evaluation": Evaluation(levels=0)},
        {"seed": 1},
    ],
)
def test_every_part_of_a_score_counts(ids, changes):
    assert ids.score_id(replace(SCORE, **changes)) != ids.score_id(SCORE)


@pytest.mark.parametrize(
    "changes", [{"file": "b.pth"}, {"sha256": "4567"}, {"network": network(quick.Copy, a=1)}]
)
def test_every_part_of_a_released_network_counts(ids, changes):
    assert ids.run_id(replace(RELEASED, **changes)) != ids.run_id(RELEASED)


def test_weights_of_terms_count_and_their_order(ids):
    def run_id(objective):
        return ids.run_id(replace(quick.JUDGE, objective=objective))

    made = [L1() + 1.0 * L2(), L2() + 1.0 * L1(), L1() + 0.5 * L2(), 1.0 * L1()]
    assert len(set(map(run_id, made))) == 4
    assert run_id(L1() + paper(0.5, "4.1") * L2()) == run_id(made[2])


def test_kinds_of_providers_do_not_share_ids(ids):
    assert ids.run_id(Fixed(network(quick.Copy))) != ids.run_id(RELEASED)


def test_pixels_of_the_data_count_though_the_declaration_is_the_same(ids, tmp_path, monkeypatch):
    before = ids.run_id(quick.JUDGE)
    manifest = [("card60", "other")]
    monkeypatch.setattr(quick.CardImages, "manifest", lambda self: manifest)
    assert ContentIds(DataPaths(None, tmp_path)).run_id(quick.JUDGE) != before
    assert ids.run_id(quick.JUDGE) == before  # asked once per process


def test_data_sets_are_opened_and_hashed_once(ids, monkeypatch):
    opened, hashed = [], []
    original, manifest = quick.Cards.open, quick.CardImages.manifest
    monkeypatch.setattr(
        quick.Cards, "open", lambda self, paths: (opened.append(paths), original(self, paths))[1]
    )
    monkeypatch.setattr(
        quick.CardImages, "manifest", lambda self: (hashed.append(1), manifest(self))[1]
    )
    images = ids.images(quick.TEST)
    assert ids.images(quick.TEST.data) is ids.images(replace(quick.TEST, sigma=1)) is images
    assert ids.score_id(SCORE) != ids.score_id(replace(SCORE, seed=1))
    assert opened == [ids.data_paths] * 2  # the judge's training data and the test set
    assert len(hashed) == 2


def test_data_set_is_what_lies_under_degradations():
    assert base_data(quick.TEST) is base_data(Noisy(quick.TEST, sigma=1)) is quick.TEST.data


BALANCED = Balanced(L2(), 1.0 * L1())


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        (quick.JUDGE, "tinydenoiser-l1"),
        (replace(quick.JUDGE, objective=L1() + 0.1 * L2()), "tinydenoiser-l1+l2"),
        (replace(quick.JUDGE, objective=L2()), "tinydenoiser-l2"),
        (replace(quick.JUDGE, objective=L1() + BALANCED), "tinydenoiser-l1+l2"),
        (RELEASED, "copy-released"),
        (Fixed(network(quick.Copy)), "copy"),
    ],
)
def test_folder_names_tell_what_lies_in_them(provider, name):
    assert slug(provider) == name
