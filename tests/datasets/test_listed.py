"""Sets whose files are listed: what is missing, foreign, or has other bytes than the listed."""

import struct
from dataclasses import dataclass
from hashlib import sha256
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image

import datasets.listed as listed
from datasets.folders import LIVE1, Classic5, Set14
from datasets.images import DataError, DataPaths
from datasets.listed import ListedSet, manifest_of

ORIGIN = "somebody/cards@01234567, sets/Cards"


@dataclass(frozen=True)
class Cards(ListedSet):
    """Six images, not in the order of their names, of which one is grey."""

    place: ClassVar[str] = "games/cards"
    what: ClassVar[str] = "six images"
    grey: ClassVar[tuple[str, ...]] = ("ten",)


NAMES = ("king.bmp", "ten.png", "ace.bmp", "two.png", "one.tif", "six.png")


@pytest.fixture
def cards(data_paths, picture, monkeypatch, tmp_path):
    """The folder of a whole set with the listed bytes; one of its images is grey."""
    folder = data_paths.root / "games" / "cards"
    folder.mkdir(parents=True)
    lines = ["# somebody/cards@0123456789abcdef: sets/Cards", "name\tbytes\tsha256"]
    for seed, name in enumerate(NAMES):
        pixels = picture(8, 9, seed)
        Image.fromarray(pixels[..., 0] if name == "ten.png" else pixels).save(folder / name)
        content = (folder / name).read_bytes()
        lines.append(f"{name}\t{len(content)}\t{sha256(content).hexdigest()}")
    manifest_of.cache_clear()
    monkeypatch.setattr(listed, "_MANIFESTS", tmp_path)
    (tmp_path / "games_cards.tsv").write_text("\n".join(lines) + "\n")
    yield folder
    manifest_of.cache_clear()


def refused(data_paths):
    with pytest.raises(DataError) as caught:
        Cards().open(data_paths)
    return str(caught.value)


def test_a_list_says_where_its_files_are_from(cards):
    found = Cards().listed
    assert (found.repository, found.commit, found.folder) == (
        "somebody/cards", "0123456789abcdef", "sets/Cards",
    )  # fmt: skip
    assert found.origin == ORIGIN
    assert [file.name for file in found.files] == list(NAMES)
    assert [file.size for file in found.files] == [(cards / n).stat().st_size for n in NAMES]


def test_a_whole_set_opens_in_the_order_of_its_list(cards, data_paths, picture):
    images = Cards().open(data_paths)
    assert images.names == ["king", "ten", "ace", "two", "one", "six"]
    assert (images.expected, images.unofficial) == (6, "")
    assert np.array_equal(images.image(2), picture(8, 9, 2))
    wanted = [(name, sha256((cards / name).read_bytes()).hexdigest()) for name in NAMES]
    assert images.manifest() == wanted


def test_what_is_missing_is_not_called_other_bytes(cards, data_paths):
    (cards / "ace.bmp").unlink()
    images = Cards().open(data_paths)
    assert images.names == ["king", "ten", "two", "one", "six"]
    assert (len(images), images.expected, images.unofficial) == (5, 6, "")


@pytest.mark.parametrize("name", ["king.bmp", "ten.png"])
def test_a_copy_with_the_listed_pixels_is_the_file_itself(cards, data_paths, name):
    """... in another format, or of other bytes; with one value changed it is not."""
    i = NAMES.index(name)
    pixels = Cards().open(data_paths).image(i)
    known = manifest_of("games_cards").files
    listed_pixels = sha256(pixels.tobytes()).hexdigest()
    (listed._MANIFESTS / "games_cards.tsv").write_text(
        "# somebody/cards@0123456789abcdef: sets/Cards\nname\tbytes\tsha256\tpixels\n"
        + "".join(
            f"{f.name}\t{f.size}\t{f.sha256}\t{listed_pixels if f.name == name else ''}\n"
            for f in known
        )
    )
    manifest_of.cache_clear()
    (cards / name).unlink()
    shown = pixels.copy()
    planes = shown[..., 0] if name == "ten.png" else shown
    Image.fromarray(planes).save((cards / name).with_suffix(".png"), compress_level=0)
    assert Cards().open(data_paths).unofficial == ""
    shown[3, 4] ^= 1
    Image.fromarray(planes).save((cards / name).with_suffix(".png"))
    assert "1 of 6 files" in Cards().open(data_paths).unofficial


def test_other_bytes_are_read_and_named(cards, data_paths, picture):
    Image.fromarray(picture(8, 9, 77)).save(cards / "two.png")
    images = Cards().open(data_paths)
    assert np.array_equal(images.image(3), picture(8, 9, 77))
    assert images.unofficial == (
        f"1 of 6 files of Cards have other bytes than those of {ORIGIN}: two.png"
    )


def test_of_many_with_other_bytes_the_first_are_named(cards, data_paths, picture):
    for name in NAMES[1:]:
        if name != "ten.png":
            Image.fromarray(picture(8, 9, 77)).save(cards / name)
    said = Cards().open(data_paths).unofficial
    assert said.startswith("4 of 6 files of Cards have")
    assert said.endswith(": ace.bmp, two.png, one.tif and 1 more")


def test_a_png_may_take_the_place_of_a_listed_file(cards, data_paths):
    (cards / "one.png").write_bytes((cards / "one.tif").read_bytes())
    assert Cards().open(data_paths).unofficial == ""  # the listed file comes first
    with Image.open(cards / "ace.bmp") as image:
        image.save(cards / "ace.png")
    pixels = Cards().open(data_paths).image(2)
    (cards / "ace.bmp").unlink()
    images = Cards().open(data_paths)
    assert images.names[2] == "ace"
    assert np.array_equal(images.image(2), pixels)
    assert images.manifest()[2][0] == "ace.png"
    assert images.unofficial.endswith(": ace.png")


@pytest.mark.parametrize("stranger", ["queen.png", "KING.bmp", "ace.jpg", "two.TIFF", "a.jpeg"])
def test_images_of_other_names_are_refused(cards, data_paths, stranger):
    (cards / stranger).touch()
    message = refused(data_paths)
    assert f"{cards / stranger} is none of the 6 images of Cards, king.bmp to six.png" in message
    assert "Remove" in message
    assert "Cards is six images, in somebody/cards under sets/Cards" in message


def test_what_is_no_image_is_passed_over(cards, data_paths):
    for name in ("README.md", "Thumbs.db", "._king.bmp", ".queen.png"):
        (cards / name).touch()
    (cards / "originals").mkdir()
    assert len(Cards().open(data_paths)) == 6


def test_a_grey_image_is_handed_out_in_three_planes(cards, data_paths, picture):
    pixels = Cards().open(data_paths).image(1)
    assert pixels.shape == (8, 9, 3)
    assert all(np.array_equal(pixels[..., c], picture(8, 9, 1)[..., 0]) for c in range(3))


def test_a_grey_image_may_have_three_planes_and_no_colours(cards, data_paths, picture):
    planes = picture(8, 9, 1)[..., :1].repeat(3, 2)
    Image.fromarray(planes).save(cards / "ten.png")
    assert np.array_equal(Cards().open(data_paths).image(1), planes)
    Image.fromarray(picture(8, 9, 1)).save(cards / "ten.png")
    with pytest.raises(DataError, match="has colours") as caught:
        Cards().open(data_paths).image(1)
    assert str(cards / "ten.png") in str(caught.value)


def test_a_grey_image_among_colours_is_refused(cards, data_paths, picture):
    Image.fromarray(picture(8, 9)[..., 0]).save(cards / "two.png")
    with pytest.raises(DataError, match="grey image"):
        Cards().open(data_paths).image(3)


def bitmap(path, dots=0, colours=256):
    """The pixels of a PNG as the BMP file that MATLAB or Photoshop writes of them."""
    pixels = np.asarray(Image.open(path))
    height, width = pixels.shape[:2]
    grey = pixels.ndim == 2
    palette = np.arange(256, dtype=np.uint8).repeat(4).reshape(256, 4) * (1, 1, 1, 0)
    palette = palette.astype(np.uint8).tobytes() if grey else b""
    rows = (pixels if grey else pixels[..., ::-1])[::-1].reshape(height, -1)
    rows = np.pad(rows, ((0, 0), (0, -rows.shape[1] % 4))).tobytes()
    start = 54 + len(palette)
    important = colours if grey and dots else 0
    sizes = (40, width, height, 1, 8 if grey else 24, 0, len(rows))
    header = struct.pack("<2sIHHI", b"BM", start + len(rows), 0, 0, start)
    header += struct.pack("<IiiHHIIiiII", *sizes, dots, dots, colours * grey, important)
    return header + palette + rows


@pytest.mark.parametrize(("spec", "name", "dots"), [
    (Set14(), "baboon", 0), (Set14(), "bridge", 0), (LIVE1(), "womanhat", 0),
    (Classic5(), "boats", 0), (Classic5(), "lena", 2835),
])  # fmt: skip
def test_copies_as_png_have_the_pixels_of_the_listed_files(data_root, data_paths, spec, name, dots):
    """Written as BMP again they have the listed bytes, and such a file is read without a word."""
    copy = data_root / spec.place / f"{name}.png"
    if not copy.is_file():
        pytest.skip(f"no {copy}")
    path = data_paths.root / spec.place / f"{name}.bmp"
    path.parent.mkdir()
    path.write_bytes(bitmap(copy, dots))
    images = spec.open(data_paths)
    assert (images.names, images.unofficial) == ([name], "")
    copies = spec.open(DataPaths(data_root, data_paths.cache))
    assert np.array_equal(images.image(0), copies.image(copies.names.index(name)))
