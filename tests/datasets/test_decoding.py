import numpy as np
import pytest
from PIL import Image

from datasets.decoding import decode_indices, decode_rgb, size_of
from datasets.images import DataError


def refused(path, decode=decode_rgb):
    """The message with which a file is refused; it must name the file."""
    with pytest.raises(DataError) as caught:
        decode(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_rgb_png_is_read_exactly(tmp_path, picture, save_png):
    pixels = picture(7, 9)
    assert np.array_equal(decode_rgb(save_png(tmp_path / "a.png", pixels)), pixels)


def test_opaque_alpha_is_dropped_without_loss(tmp_path, picture, save_png):
    pixels = picture(6, 5)
    opaque = np.dstack([pixels, np.full((6, 5), 255, np.uint8)])
    decoded = decode_rgb(save_png(tmp_path / "a.png", opaque))
    assert decoded.shape == (6, 5, 3)
    assert np.array_equal(decoded, pixels)


def test_palette_is_resolved_without_loss(tmp_path):
    colours = np.array([[10, 200, 30], [0, 0, 255], [255, 254, 1]], np.uint8)
    indices = np.array([[0, 1, 2], [2, 1, 0]], np.uint8)
    image = Image.fromarray(indices, mode="P")
    image.putpalette(colours.tobytes())
    image.save(tmp_path / "a.png")
    assert np.array_equal(decode_rgb(tmp_path / "a.png"), colours[indices])


def test_transparent_pixels_are_refused(tmp_path, picture, save_png):
    alpha = np.full((4, 4), 255, np.uint8)
    alpha[2, 1] = 254
    path = save_png(tmp_path / "a.png", np.dstack([picture(4, 4), alpha]))
    assert "transparent" in refused(path)
    assert "original file" in refused(path)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "I;16"])
def test_grey_image_is_refused_with_the_way_out(tmp_path, mode):
    path = tmp_path / "a.png"
    Image.new(mode, (4, 4)).save(path)
    message = refused(path)
    assert ("16 bits" if mode == "I;16" else "grey") in message
    assert "Use the set's" in message


def test_cmyk_is_refused(tmp_path):
    path = tmp_path / "a.jpg"
    Image.new("CMYK", (4, 4)).save(path)
    assert "CMYK" in refused(path)
    assert "RGB file" in refused(path)


def test_16_bit_rgb_is_refused_instead_of_cut_to_8(tmp_path, png_of_16_bits):
    path = tmp_path / "a.png"
    path.write_bytes(png_of_16_bits)
    with Image.open(path) as image:
        assert image.mode == "RGB"  # what would otherwise pass unnoticed
    assert "16 bits" in refused(path)
    assert "8-bit file" in refused(path)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_truncated_png_is_refused(tmp_path, picture, save_png, share):
    path = save_png(tmp_path / "a.png", picture(40, 40))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    assert "damaged or cut short" in refused(path)
    assert "again" in refused(path)


def test_flipped_byte_is_refused(tmp_path, picture, save_png):
    path = save_png(tmp_path / "a.png", picture(40, 40))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    path.write_bytes(content)
    assert "damaged" in refused(path)


@pytest.mark.parametrize(
    ("content", "diagnosis", "way_out"),
    [
        (b"", "empty (0 bytes)", "again"),
        (b"<!DOCTYPE html><html><body>Log in</body></html>", "web page", "logged in"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "Git LFS", "git lfs pull"),
        (b"some notes about the data", "not an image", "again"),
    ],
)
def test_what_is_no_image_is_named(tmp_path, content, diagnosis, way_out):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    for decode in (decode_rgb, decode_indices, size_of):
        message = refused(path, decode)
        assert diagnosis in message
        assert way_out in message


def test_missing_file_is_named(tmp_path):
    assert "cannot be read" in refused(tmp_path / "nowhere.png")


def test_decompression_bomb_is_refused(tmp_path, monkeypatch, picture, save_png):
    path = save_png(tmp_path / "a.png", picture(30, 30))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    refused(path)


def test_indices_of_a_palette_image_are_not_resolved(tmp_path):
    indices = np.array([[0, 1], [33, 7]], np.uint8)
    image = Image.fromarray(indices, mode="P")
    image.putpalette(bytes(range(255, 255 - 3 * 40, -1)))
    image.save(tmp_path / "a.png")
    assert np.array_equal(decode_indices(tmp_path / "a.png"), indices)


def test_label_colours_are_refused_as_a_label_map(tmp_path, picture, save_png):
    path = save_png(tmp_path / "a_color.png", picture(4, 4))
    assert "one 8-bit channel" in refused(path, decode_indices)


def test_size_is_width_then_height(tmp_path, picture, save_png):
    assert size_of(save_png(tmp_path / "a.png", picture(3, 8))) == (8, 3)
