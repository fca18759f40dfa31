import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from datasets.embedded.haze_photographs import EmbeddedIHaze, EmbeddedOHaze
from datasets.images import DataError, DataPaths

ROOT = Path(__file__).resolve().parents[2]
SETS = (EmbeddedIHaze, EmbeddedOHaze)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


def written(cache):
    """Every PNG file below the cache."""
    return {p.relative_to(cache).as_posix(): p for p in cache.rglob("*.png")}


@pytest.mark.parametrize(
    ("spec", "scene", "tested"), [(SETS[0], "indoor", (31, 32)), (SETS[1], "outdoor", (41, 42))]
)
def test_files_have_the_official_names_and_the_real_loader_reads_them(cache, spec, scene, tested):
    data_paths = DataPaths(None, cache)
    train, test = spec("train").open(data_paths), spec("test").open(data_paths)
    assert train.names == [f"{n:02}_{scene}" for n in range(1, 9)]
    assert test.names == [f"{n:02}_{scene}" for n in tested]
    assert (train.expected, test.expected) == (8, 2)
    assert test.where(1).endswith(f"{scene[0]}-haze/hazy/{tested[1]}_{scene}_hazy.png")
    entries = test.entries(0)
    assert tuple(entries) == spec.provides
    assert entries["image"].shape == entries["hazy"].shape == (128, 160, 3)
    assert test.size(0) == (128, 160)


@pytest.mark.parametrize("spec", SETS)
def test_haze_is_light_and_of_a_tint(cache, spec):
    """No channel stays dark, as one does nearly everywhere without haze."""
    images = spec("train").open(DataPaths(None, cache))
    for i in range(len(images)):
        entries = images.entries(i)
        clear, hazy = (entries[name].astype(float) for name in ("image", "hazy"))
        psnr = 10 * np.log10(255**2 / ((clear - hazy) ** 2).mean())
        assert 5 < psnr < 20
        assert hazy.min(-1).mean() > clear.min(-1).mean() + 20
        assert np.abs(np.diff(hazy.mean((0, 1)))).max() > 1


def test_splits_share_no_scene(cache):
    for spec in SETS:
        sets = [spec(split).open(DataPaths(None, cache)) for split in ("train", "test")]
        seen = {images.image(i).tobytes() for images in sets for i in range(len(images))}
        assert len(seen) == 10
        assert len({digest for images in sets for _, digest in images.manifest()}) == 10


def test_what_lies_there_is_left_alone_and_what_is_damaged_or_gone_is_made_again(tmp_path):
    spec, data_paths = EmbeddedIHaze("test"), DataPaths(None, tmp_path)
    first = [np.array(spec.open(data_paths).entries(i)["hazy"]) for i in range(2)]
    files = written(tmp_path)
    assert len(files) == 4
    before = {name: os.stat(path) for name, path in files.items()}
    spec.open(data_paths)
    assert {name: os.stat(path) for name, path in files.items()} == before
    damaged, gone = (files[name] for name in sorted(files) if "hazy" in name.rsplit("/")[-1])
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:100])
    gone.unlink()
    images = spec.open(data_paths)
    assert damaged.read_bytes() == whole
    assert all(np.array_equal(images.entries(i)["hazy"], first[i]) for i in range(2))
    assert not list(tmp_path.rglob("*.part"))


def test_processes_at_once_see_whole_files(tmp_path):
    program = (
        "import sys, zlib; from pathlib import Path\n"
        "from datasets.embedded.haze_photographs import EmbeddedOHaze\n"
        "from datasets.images import DataPaths\n"
        "images = EmbeddedOHaze('test').open(DataPaths(None, Path(sys.argv[1])))\n"
        "print(*(zlib.crc32(images.entries(i)[name].tobytes()) for i in range(2)"
        " for name in ('image', 'hazy')), images.manifest())\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    running = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=250)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert said[0] == said[1] != b""
    assert len(written(tmp_path)) == 4


def test_identity_is_the_declaration_not_the_files(tmp_path, monkeypatch):
    images = EmbeddedIHaze("test").open(DataPaths(None, tmp_path))
    before = images.manifest()
    assert [name for name, _ in before] == images.names
    monkeypatch.setattr(EmbeddedIHaze, "revision", 2)
    assert not {d for _, d in images.manifest()} & {d for _, d in before}


def test_a_cache_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "haze_photographs").write_bytes(b"a file where the folder should be")
    with pytest.raises(DataError, match=r"haze_photographs.* cannot be written.*another cache"):
        EmbeddedIHaze("test").open(DataPaths(None, tmp_path))


def test_other_splits_are_refused():
    with pytest.raises(ValueError, match="EmbeddedOHaze has the splits 'train' and 'test'"):
        EmbeddedOHaze("val")
