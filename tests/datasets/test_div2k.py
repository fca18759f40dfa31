import pytest

from datasets.div2k import DIV2K
from datasets.images import DataError, DataPaths


def message_of(spec, data_paths):
    with pytest.raises(DataError) as caught:
        spec.open(data_paths)
    return str(caught.value)


def test_part_of_a_split_opens_in_order_and_tells_its_full_size(data_paths, picture, save_png):
    for number in (7, 800, 12):
        folder = data_paths.root / "div2k" / "DIV2K_train_HR"
        save_png(folder / f"{number:04}.png", picture(6, 9, seed=number))
    save_png(data_paths.root / "div2k" / "DIV2K_valid_HR" / "0801.png", picture(5, 4))
    (data_paths.root / "div2k" / "DIV2K_valid_HR" / ".DS_Store").touch()
    train, valid = DIV2K("train").open(data_paths), DIV2K("valid").open(data_paths)
    assert train.names == ["0007", "0012", "0800"]
    assert (train.expected, valid.expected) == (800, 100)
    assert (train.image(1) == picture(6, 9, seed=12)).all()
    assert [name for name, _ in valid.manifest()] == ["DIV2K_valid_HR/0801.png"]
    assert DIV2K.provides == ("image",)


@pytest.mark.parametrize(
    ("split", "stranger"),
    [
        ("train", "0801.png"),
        ("valid", "0800.png"),
        ("train", "0000.png"),
        ("valid", "0901.png"),
        ("valid", "801.png"),
        ("valid", "0801x4.png"),
        ("train", "notes.txt"),
    ],
)
def test_strangers_are_refused(data_paths, picture, save_png, split, stranger):
    folder = data_paths.root / "div2k" / f"DIV2K_{split}_HR"
    save_png(folder / {"train": "0001.png", "valid": "0900.png"}[split], picture(4, 4))
    (folder / stranger).touch()
    message = message_of(DIV2K(split), data_paths)
    assert f"{folder / stranger} is none of" in message
    assert "Remove" in message


def test_what_is_missing_is_named_with_its_source(data_paths, tmp_path):
    source = "https://data.vision.ee.ethz.ch/cvl/DIV2K/"
    folder = data_paths.root / "div2k" / "DIV2K_valid_HR"
    message = message_of(DIV2K("valid"), DataPaths(None, tmp_path))
    assert "--data-root" in message
    assert source in message
    assert source in message_of(DIV2K("valid"), data_paths)
    folder.parent.mkdir()
    message = message_of(DIV2K("valid"), data_paths)
    assert f"no folder {folder}" in message
    assert source in message
    folder.mkdir()
    message = message_of(DIV2K("valid"), data_paths)
    assert f"no image in {folder}" in message
    assert source in message


def test_damaged_image_is_found_when_the_set_is_opened(data_paths):
    path = data_paths.root / "div2k" / "DIV2K_train_HR" / "0001.png"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    assert f"{path} is empty" in message_of(DIV2K("train"), data_paths)


def test_other_split_is_refused():
    with pytest.raises(ValueError, match="'train' and 'valid', not 'val'"):
        DIV2K("val")
