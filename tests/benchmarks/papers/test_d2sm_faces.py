"""D2SM's Table 2: what stands in it, and that its judge can tell good faces from bad ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from baselines.pass_through import PassThrough
from baselines.super_resolution.pillow_bicubic import PillowBicubic
from benchmarks.declare.runs import Released, Run
from benchmarks.declare.tree import walk
from benchmarks.engine.content_ids import ContentIds
from benchmarks.engine.evaluate import evaluate
from benchmarks.engine.execute import Engine
from benchmarks.engine.plan import make_plan
from benchmarks.engine.status import Status
from benchmarks.engine.store import Store
from benchmarks.engine.weights import WeightFiles
from benchmarks.papers.d2sm.faces import ALIGNED, DIC_ROW, SIZES, TABLE2
from benchmarks.profiles.paper import PAPER
from benchmarks.profiles.profile import Profile
from benchmarks.profiles.resolve import Resolver
from benchmarks.profiles.smoke import SMOKE
from datasets.degradations.clean import Clean
from datasets.degradations.pil_bicubic import PILBicubic
from datasets.faces import CelebA
from datasets.images import DataPaths
from losses.d2sm import D2SM


def engine(out: Path, profile: Profile) -> Engine:
    status = Status(
        store=Store(out / "runs"),
        ids=ContentIds(DataPaths(None, out / "cache")),
        files=WeightFiles(None),
        resolver=Resolver(profile, lambda name: False),
        device=torch.device("cpu"),
        refresh=False,
    )
    return Engine(status, 0, checkpoint_seconds=30)


def test_the_paper_profile_trains_as_dicnets_authors_do(tmp_path: Path) -> None:
    plan = make_plan(TABLE2, engine(tmp_path, PAPER).status)
    runs = {row.name: row.providers for row in plan.rows}
    dic, gan, ours = (
        runs[name]
        for name in (
            "DICNet [CVPR-20] / L_1 + L_Alignment",
            "DICNet [CVPR-20] / L_1 + L_Alignment + L_Perceptual + L_GAN",
            "Ours / w/o. Internal",
        )
    )
    for name, base, tuned, best in zip(("CelebA", "Helen"), dic, gan, ours, strict=True):
        assert isinstance(base, Run)
        assert isinstance(tuned, Run)
        assert isinstance(best, Run)
        assert type(base.data.data).__name__ == name
        assert tuned.start == base
        assert isinstance(base.start, Released)
        assert best.start == base.start
        assert (base.start.file, base.start.part) == ("FB_HG_68_CelebA.pth", "HG")
        assert (base.training.batch, best.training.batch) == (8, 32)
        (term,) = (part for part in walk(best.objective) if isinstance(part, D2SM))
        assert (term.window, term.queue) == (None, 256)
    frozen = [run.training.held.steps for run in (*dic, *gan)]  # type: ignore[union-attr]
    assert frozen == [2000, 20_000, 80_000, 100_000]
    assert [run.training.augment for run in dic] == ["none", "flips_transpose"]  # type: ignore[union-attr]
    assert DIC_ROW.network.name == "DICNet"


@pytest.mark.slow
def test_the_judge_of_smoke_orders_faces_by_how_well_they_are_seen(tmp_path: Path) -> None:
    """Ground truth, faces made four times larger, and eight times; by every size of the face."""
    made = engine(tmp_path, SMOKE)
    metric: Any = made.status.resolver.resolve(ALIGNED)
    made.ensure(metric.aligner)
    faces = made.status.resolver.resolve(CelebA("test"))
    errors = []
    for data, network in (
        (Clean(faces), PassThrough()),
        (PILBicubic(faces, 4), PillowBicubic(4)),
        (PILBicubic(faces, 8), PillowBicubic(8)),
    ):
        asked = (metric, TABLE2.protocol.evaluation)
        found = evaluate(network.eval(), data, made.status.ids.images(data), [asked], made)
        errors.append(found[asked])
    for name in ("eye_centres", *SIZES):
        good, middle, bad = (
            type(metric)(metric.aligner, name).summary(values) for values in errors
        )
        assert good < middle < bad, name
        assert bad > 1.5 * good, name
