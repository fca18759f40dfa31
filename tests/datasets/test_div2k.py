import pytest

from datasets.div2k import DIV2K
from datasets.images import DataError, Places


def message_of(spec, places):
    with pytest.raises(DataError) as caught:
        spec.open(places)
    return str(caught.value)


def test_part_of_a_split_opens_in_order_and_tells_its_full_size(places, picture, save_png):
    for number in (7, 800, 12):
        folder = places.root / "div2k" / "DIV2K_train_HR"
        save_png(folder / f"{number:04}.png", picture(6, 9, seed=number))
    save_png(places.root / "div2k" / "DIV2K_valid_HR" / "0801.png", picture(5, 4))
    (places.root / "div2k" / "DIV2K_valid_HR" / ".DS_Store").touch()
    train, valid = DIV2K("train").open(places), DIV2K("valid").open(places)
    assert train.names == ["0007", "0012", "0800"]
    assert (train.expected, valid.expected) == (800, 100)
    assert (train.image(1) == picture(6, 9, seed=12)).all()
    assert [name for name, _ in valid.manifest()] == ["DIV2K_valid_HR/0801.png"]
    assert not DIV2K.provides_labels


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
def test_strangers_are_refused(places, picture, save_png, split, stranger):
    folder = places.root / "div2k" / f"DIV2K_{split}_HR"
    save_png(folder / {"train": "0001.png", "valid": "0900.png"}[split], picture(4, 4))
    (folder / stranger).touch()
    message = message_of(DIV2K(split), places)
    assert f"{folder / stranger} is none of" in message
    assert "Remove" in message


def test_what_is_missing_is_named_with_its_source(places, tmp_path):
    source = "https://data.vision.ee.ethz.ch/cvl/DIV2K/"
    folder = places.root / "div2k" / "DIV2K_valid_HR"
    message = message_of(DIV2K("valid"), Places(None, tmp_path))
    assert "--data-root" in message
    assert source in message
    assert source in message_of(DIV2K("valid"), places)
    folder.parent.mkdir()
    message = message_of(DIV2K("valid"), places)
    assert f"no folder {folder}" in message
    assert source in message
    folder.mkdir()
    message = message_of(DIV2K("valid"), places)
    assert f"no image in {folder}" in message
    assert source in message


def test_damaged_image_is_found_when_the_set_is_opened(places):
    path = places.root / "div2k" / "DIV2K_train_HR" / "0001.png"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    assert f"{path} is empty" in message_of(DIV2K("train"), places)


def test_other_split_is_refused():
    with pytest.raises(ValueError, match="'train' and 'valid', not 'val'"):
        DIV2K("val")
