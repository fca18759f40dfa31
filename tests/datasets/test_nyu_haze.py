import numpy as np
import pytest

from datasets.images import DataError, DataPaths
from datasets.nyu_haze import NYU2Haze


@pytest.fixture
def scenes(data_paths, picture, save_png):
    """Writes the clear photographs of scenes, and for each hazy ones with these numbers."""

    def write(count, variants=((1, 1), (1, 2), (2, 1)), suffix=".png"):
        root = data_paths.root / "nyu2_haze"
        for i in range(1, count + 1):
            save_png(root / "images" / f"NYU2_{i}{suffix}", picture(4, 5, seed=i))
            for k, (j, m) in enumerate(variants):
                path = root / "data" / f"NYU2_{i}_{j}_{m}{suffix}"
                save_png(path, picture(4, 5, seed=1000 * i + k))
        return root

    return write


def message_of(call):
    with pytest.raises(DataError) as caught:
        call()
    return str(caught.value)


def scenes_of(images):
    return [int(name.split("_")[1]) for name in images.names]


def test_hazy_photographs_belong_to_the_clear_one_of_their_scene(scenes, data_paths, picture):
    scenes(12)
    images = NYU2Haze("train").open(data_paths)
    assert images.names[:4] == ["NYU2_1_1_1", "NYU2_1_1_2", "NYU2_1_2_1", "NYU2_2_1_1"]
    entries = images.entries(4)
    assert tuple(entries) == NYU2Haze.provides
    assert np.array_equal(entries["image"], picture(4, 5, seed=2))
    assert np.array_equal(entries["hazy"], picture(4, 5, seed=2001))


def test_order_is_that_of_the_numbers_not_of_the_text(scenes, data_paths):
    scenes(12, [(1, 1), (1, 10), (1, 9)])
    names = NYU2Haze("train").open(data_paths).names
    assert names[:3] == ["NYU2_1_1_1", "NYU2_1_1_9", "NYU2_1_1_10"]
    assert scenes_of(NYU2Haze("test").open(data_paths)) == [12] * 3
    assert sorted(scenes_of(NYU2Haze("train").open(data_paths))) == sorted([*range(1, 12)] * 3)


def test_no_scene_is_in_both_splits_and_the_test_set_has_its_share(scenes, data_paths):
    scenes(20)
    train, test = (NYU2Haze(split).open(data_paths) for split in ("train", "test"))
    assert len(test) == round(60 * 2256 / 27256) == 5
    assert scenes_of(test) == [19, 19, 20, 20, 20]
    assert scenes_of(train) == [i for i in range(1, 19) for _ in range(3)]  # 19 is tested on
    assert (train.expected, test.expected) == (25_000, 2_256)
    assert "60 of the 27256 pairs" in train.unofficial


def test_the_whole_set_gives_the_papers_test_set(data_paths, monkeypatch):
    """1298 scenes with 21 pairs each, but for two files that the set lacks."""
    monkeypatch.setattr("datasets.nyu_haze.PhotographPairs", lambda pairs, *rest: list(pairs))
    names = [f"NYU2_{i}_{j}_{k}" for i in range(1, 1299) for j in range(1, 8) for k in range(1, 4)]
    root = data_paths.root / "nyu2_haze"
    root.mkdir()

    def listed(folder, source):
        stems = names[:-2] if folder.name == "data" else [f"NYU2_{i}" for i in range(1, 1299)]
        return [folder / f"{stem}.jpg" for stem in stems]

    monkeypatch.setattr("datasets.nyu_haze.photographs_in", listed)
    train, test = ([p.name for p in NYU2Haze(s).open(data_paths)] for s in ("train", "test"))
    assert len(test) == 2256
    assert 25_000 - 20 <= len(train) <= 25_000
    assert not {name.split("_")[1] for name in train} & {name.split("_")[1] for name in test}


def test_missing_clear_photograph_is_named_with_its_hazy_one(scenes, data_paths):
    root = scenes(12)
    (root / "images" / "NYU2_7.png").unlink()
    message = message_of(lambda: NYU2Haze("test").open(data_paths))
    assert "3 of 36" in message
    assert str(root / "data" / "NYU2_7_1_1.png") in message
    assert str(root / "images" / "NYU2_7.png") in message


def test_strange_names_and_a_single_scene_are_refused(scenes, data_paths, picture, save_png):
    root = scenes(1)
    message = message_of(lambda: NYU2Haze("train").open(data_paths))
    assert "one scene alone" in message
    stranger = save_png(root / "data" / "NYU2_1.png", picture(4, 5))
    message = message_of(lambda: NYU2Haze("train").open(data_paths))
    assert f"{stranger} is no hazy photograph" in message
    assert "Remove" in message


def test_two_sizes_and_damage_are_found_when_opened(scenes, data_paths, picture, save_png):
    root = scenes(12)
    clear = save_png(root / "images" / "NYU2_1.png", picture(5, 4))
    message = message_of(lambda: NYU2Haze("train").open(data_paths))
    assert f"{root / 'data' / 'NYU2_1_1_1.png'} is 5x4" in message
    assert f"{clear} is 4x5" in message
    clear.write_bytes(b"text")
    assert f"{clear} is not an image" in message_of(lambda: NYU2Haze("train").open(data_paths))


def test_large_sets_are_checked_when_read_and_not_kept(scenes, data_paths, picture, monkeypatch):
    monkeypatch.setattr("datasets.photograph_pairs._FEW", 10)
    root = scenes(12)
    (root / "data" / "NYU2_1_1_1.png").write_bytes(b"text")
    images = NYU2Haze("train").open(data_paths)
    assert "is not an image" in message_of(lambda: images.entries(0))
    assert np.array_equal(images.entries(1)["hazy"], picture(4, 5, seed=1001))
    assert not (data_paths.cache / "images").exists()


def test_what_is_missing_is_named_with_its_source(data_paths, tmp_path):
    folder = data_paths.root / "nyu2_haze"
    assert "--data-root" in message_of(lambda: NYU2Haze("test").open(DataPaths(None, tmp_path)))
    assert str(folder) in message_of(lambda: NYU2Haze("test").open(data_paths))
    (folder / "data").mkdir(parents=True)
    message = message_of(lambda: NYU2Haze("test").open(data_paths))
    assert f"no PNG or JPEG file in {folder / 'data'}" in message
    assert "MayankSingal/PyTorch-Image-Dehazing" in message
    with pytest.raises(ValueError, match="'train' and 'test', not 'val'"):
        NYU2Haze("val")
