"""What makes two runs the same run."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import tiny

from benchmarks.declare.runs import Run, network
from benchmarks.declare.sources import assumed, paper
from benchmarks.engine.content_ids import ContentIds, digest, slug
from benchmarks.engine.plan import make_plan
from benchmarks.papers.d2sm.denoising import TABLE1, TABLE4
from benchmarks.profiles.paper import PAPER
from benchmarks.profiles.resolve import Resolver
from benchmarks.profiles.smoke import SMOKE
from datasets.folders import CBSD68, Kodak24
from datasets.images import DataPaths
from losses.l1 import L1
from losses.l2 import L2


@pytest.fixture
def identity(tmp_path):
    return ContentIds(DataPaths(None, tmp_path))


@pytest.fixture
def run():
    return make_plan(tiny.tiny_table(), tiny.tiny_engine("unused").status).rows[0].providers[0]


def test_every_part_of_the_declaration_counts(identity, run):
    changes = [
        {"seed": 1},
        {"objective": 1.0 * L2()},
        {"objective": 0.5 * L1()},
        {"network": network(tiny.TinyDenoiser, width=9)},
        {"training": replace(run.training, steps=41)},
        {"training": replace(run.training, augment="none")},
        {"data": replace(run.data, sigma=(0, 50))},
        {"data": replace(run.data, data=replace(run.data.data, seed=1))},
        {"start": None},
    ]
    ids = [identity.run_id(run), *(identity.run_id(replace(run, **c)) for c in changes)]
    assert len(set(ids)) == len(ids)


def test_origin_of_a_number_does_not_count(identity, run):
    for wrap in (lambda v: paper(v, "4.1"), lambda v: assumed(v, "because")):
        same = replace(run, training=replace(run.training, steps=wrap(40)))
        assert identity.run_id(same) == identity.run_id(run)


def test_revision_of_a_component_counts(identity, run, tmp_path, monkeypatch):
    before = identity.run_id(run)
    monkeypatch.setattr(tiny.TinyDenoiser, "revision", 2)
    assert ContentIds(DataPaths(None, tmp_path)).run_id(run) != before


def test_changed_start_changes_the_run(identity, run):
    other = replace(run, start=replace(run.start, seed=5))
    assert identity.run_id(other) != identity.run_id(run)


def test_files_of_the_data_count(tmp_path, run):
    """The same declaration over other pixels is another run."""
    import numpy as np
    from PIL import Image

    from datasets.degradations.noise import Noisy

    ids = []
    for value in (0, 1, 0):
        root = tmp_path / str(len(ids))
        (root / "cbsd68").mkdir(parents=True)
        Image.fromarray(np.full((321, 481, 3), value, np.uint8)).save(
            root / "cbsd68" / "101085.png"
        )
        identity = ContentIds(DataPaths(root, tmp_path / "cache"))
        ids.append(identity.run_id(replace(run, data=Noisy(CBSD68(), sigma=25))))
    assert ids[0] == ids[2] != ids[1]


@pytest.mark.parametrize(("spec", "wanted"), [(CBSD68(), "955c8e229b"), (Kodak24(), "b0d9c9b36a")])
def test_stored_runs_are_still_of_these_sets(identity, monkeypatch, spec, wanted):
    """Golden: what stored scores of the whole sets are named after."""
    files = [(file.name, file.sha256) for file in spec.listed.files]
    monkeypatch.setattr(identity, "images", lambda data: SimpleNamespace(manifest=lambda: files))
    assert digest(identity.canonical(spec)) == wanted


def test_folder_name_tells_network_and_objective(run):
    assert slug(run) == "tinydenoiser-l1"


def test_table4_shares_table1s_runs(tmp_path):
    resolver = Resolver(SMOKE, lambda name: False)
    identity = ContentIds(DataPaths(None, tmp_path))

    def ids(table):
        return {(g, r.label): identity.run_id(resolver.run(table, r, 0)) for g, r in table.rows()}

    one, four = ids(TABLE1), ids(TABLE4)
    assert four["FFDNet", "FFDNet"] == one["FFDNet", "L_1"]
    assert four["FFDNet", "Ours"] == one["FFDNet", "w/. Internal"]
    assert len(set(one.values())) == len(TABLE1.rows())
    assert len(set(four.values()) - set(one.values())) == 3


def test_paper_profile_runs_what_is_declared():
    resolver = Resolver(PAPER, lambda name: True)
    for _, row in TABLE1.rows():
        run = resolver.run(TABLE1, row, 0)
        assert isinstance(run, Run)
        assert run.training is TABLE1.protocol.training
        assert run.start is None
        assert "random" not in repr(run)
        assert "StreetScenes" not in repr(run)
