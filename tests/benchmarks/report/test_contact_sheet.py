import io

import numpy as np
import pytest
from PIL import Image

from benchmarks.report.contact_sheet import LINE, contact_sheet
from datasets.images import DataError

CAPTION = LINE + 3


def test_sheet_shows_the_centre_of_every_image_unscaled(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 300, 400, 3), np.uint8)
    tiles = []
    for i, image in enumerate(pixels):
        path = tmp_path / f"{i}.png"
        Image.fromarray(image).save(path)
        tiles.append((f"row {i}", path))
    sheet = np.asarray(Image.open(io.BytesIO(contact_sheet(tiles))))
    assert sheet.shape == (2 * (192 + CAPTION + 4), 4 * (256 + 4), 3)
    for i, image in enumerate(pixels):
        x, y = i % 4 * 260 + 2, i // 4 * (192 + CAPTION + 4) + CAPTION
        shown = sheet[y : y + 192, x : x + 256]
        assert np.array_equal(shown, image[54:246, 72:328])
        assert (sheet[y - CAPTION : y, x : x + 256] < 128).any()  # a caption


def test_long_captions_are_broken_and_stay_over_their_image(tmp_path):
    path = tmp_path / "image.png"
    Image.new("RGB", (100, 40)).save(path)
    tiles = [("L_2 + L_Perceptual + L_GAN", path), ("L_2", path)]
    sheet = np.asarray(Image.open(io.BytesIO(contact_sheet(tiles))))
    assert sheet.shape == (2 * LINE + 3 + 40 + 4, 2 * 104, 3)
    first, second = sheet[: 2 * LINE, :104], sheet[: 2 * LINE, 104:]
    assert (first[LINE:] < 128).any()
    assert (second[LINE:] >= 128).all()
    assert (first[:, 100:] >= 128).all()


def test_sheet_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one image"):
        contact_sheet([])


def test_a_damaged_picture_is_named(tmp_path):
    path = tmp_path / "a.png"
    Image.new("RGB", (40, 30)).save(path)
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(DataError, match=f"{path} is damaged or cut short"):
        contact_sheet([("row", path)])
