"""A changed constant makes exactly the rows that use it stale."""

import shutil

import pytest

from benchmarks.engine import freshness, source_texts
from benchmarks.engine.graph import dependencies
from benchmarks.engine.status import EVALUATE_MODULE, TRAIN_MODULE
from benchmarks.papers.d2sm.denoising import TABLE1
from benchmarks.profiles.resolve import Resolver
from benchmarks.profiles.smoke import SMOKE


@pytest.fixture
def tree(tmp_path, monkeypatch):
    for package in source_texts.PACKAGES:
        shutil.copytree(source_texts.ROOT / package, tmp_path / package)
    monkeypatch.setattr(freshness, "TEXTS", {})
    begin(tmp_path)
    yield tmp_path
    forget()


def begin(tree):
    """As another command would, which reads the modules as they are now."""
    freshness.TEXTS.clear()
    freshness.TEXTS.update(source_texts.read(tree))
    forget()


def forget():
    for cached in (freshness._imports, freshness._digest):
        cached.cache_clear()


def rows():
    resolver = Resolver(SMOKE, lambda name: False)
    runs = {f"{g} / {r.label}": resolver.run(TABLE1, r, 0) for g, r in TABLE1.rows()}
    return {name: freshness.sources(run, TRAIN_MODULE) for name, run in runs.items()}


def stale_after(tree, module, old, new):
    before = rows()
    path = tree / module
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    assert rows() == before  # what runs is what was there when the command began
    begin(tree)
    after = rows()
    return {name for name in before if freshness.changed(before[name], after[name])}


def test_change_in_one_loss_makes_its_rows_stale_and_no_other(tree):
    text = (tree / "losses/contextual.py").read_text()
    assert stale_after(tree, "losses/contextual.py", text, text + "\nNEW_CONSTANT = 2\n") == {
        "FFDNet / + L_Contextual"
    }


def test_change_in_a_network_makes_its_block_stale(tree):
    text = (tree / "baselines/denoising/sadnet.py").read_text()
    stale = stale_after(tree, "baselines/denoising/sadnet.py", text, text + "\nNEW = 2\n")
    assert stale == {"SADNet / -", "SADNet / w/o. Internal", "SADNet / w/. Internal"}


def test_change_behind_an_import_counts(tree):
    """features.py is imported by the losses that compare features, and by no other."""
    stale = stale_after(tree, "losses/features.py", "0.485", "0.486")
    assert "FFDNet / + L_Perceptual" in stale
    assert "FFDNet / w/. Internal" in stale
    assert "FFDNet / L_1" not in stale


def test_docstrings_comments_and_layout_do_not_count(tree):
    path = tree / "losses/l1.py"
    before = rows()
    text = path.read_text().replace('"""', '"""Other words. ', 1)
    path.write_text("# a comment\n\n" + text + "\n\n# another\n")
    begin(tree)
    assert rows() == before


def test_papers_and_reports_do_not_count(tree):
    names = {module for sources in rows().values() for module in sources}
    assert not any(name.startswith(("benchmarks.papers", "benchmarks.report")) for name in names)
    assert "benchmarks.engine.store" not in names
    assert "benchmarks.profiles.resolve" not in names
    assert {"benchmarks.engine.train", "datasets.sampling", "losses.l1"} <= names


def test_measuring_makes_no_training_stale(tree):
    """Only where it chooses the weights, see `training_sources`."""
    names = {module for sources in rows().values() for module in sources}
    judged = {name for name in names if name.startswith("benchmarks.metrics")}
    assert not judged
    assert "benchmarks.engine.evaluate" not in names


def test_released_and_fixed_networks_have_no_record_so_their_code_counts():
    """A cached calibration must not outlive a change in FFDNet or in the reading of its file."""
    from benchmarks.engine.score import Score
    from benchmarks.metrics.miou import MIoU
    from benchmarks.papers import calibration
    from benchmarks.papers.d2sm.denoising import SEGMENTER

    table = calibration.TABLE
    (row,), column = table.groups["FFDNet, colour"], table.columns[0]
    score = Score(row.released, column.data, column.metric, table.protocol.evaluation)
    names = freshness.sources(score, EVALUATE_MODULE)
    assert {"baselines.denoising.ffdnet", "baselines.released"} <= names.keys()
    judged = Score(row.released, column.data, MIoU(SEGMENTER.paper), table.protocol.evaluation)
    assert "baselines.judges.hrnet" in freshness.sources(judged, EVALUATE_MODULE)


def test_nested_runs_are_compared_on_their_own():
    resolver = Resolver(SMOKE, lambda name: False)
    row = next(r for _, r in TABLE1.rows() if r.label == "+ L_CrossEntropy")
    run = resolver.run(TABLE1, row, 0)
    assert "baselines.judges.unet" not in freshness.sources(run, TRAIN_MODULE)
    assert {d.network.name for d in dependencies(run)} == {"FFDNet", "Unet"}
