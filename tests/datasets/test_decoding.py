import contextlib
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from datasets.decoding import decode_grey, decode_indices, decode_rgb, size_of
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


def test_a_transparent_colour_is_as_good_as_an_alpha_channel(tmp_path, picture):
    """The tRNS chunk of a PNG of mode RGB names the colour whose pixels are transparent."""
    pixels = picture(4, 4)
    path = tmp_path / "a.png"
    used = tuple(pixels[2, 1].tolist())
    Image.fromarray(pixels).save(path, transparency=used)
    assert "transparent" in refused(path)
    unused = next((k, 0, 0) for k in range(256) if not (pixels == (k, 0, 0)).all(-1).any())
    Image.fromarray(pixels).save(path, transparency=unused)
    assert np.array_equal(decode_rgb(path), pixels)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "I;16"])
def test_grey_image_is_refused_with_the_way_out(tmp_path, mode):
    path = tmp_path / "a.png"
    Image.new(mode, (4, 4)).save(path)
    message = refused(path)
    assert ("16 bits" if mode == "I;16" else "grey") in message
    assert "Use the set's" in message


def test_grey_image_of_a_grey_set_has_three_equal_planes(tmp_path, picture, save_png):
    plane = picture(5, 7)[..., 0]
    pixels = decode_grey(save_png(tmp_path / "a.png", plane))
    assert pixels.shape == (5, 7, 3)
    assert (pixels == plane[..., None]).all()


@pytest.mark.parametrize("mode", ["1", "LA", "I;16", "RGB"])
def test_what_is_not_8_bits_of_grey_is_refused_there_too(tmp_path, mode):
    path = tmp_path / "a.png"
    Image.new(mode, (4, 4), (9, 8, 7) if mode == "RGB" else 0).save(path)
    assert "Use the set's" in refused(path, decode_grey)


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


def test_a_damaged_png_gives_its_pixels_or_none(tmp_path, picture, save_png):
    """Decoding by itself reaches neither the checksums nor always the last bytes."""
    pixels = np.zeros((40, 40, 3), np.uint8)
    pixels[::3, ::7] = picture(14, 6)
    path = save_png(tmp_path / "a.png", pixels)
    whole = path.read_bytes()
    flipped = [whole[:i] + bytes([whole[i] ^ 4]) + whole[i + 1 :] for i in range(len(whole))]
    spared = 0
    for content in flipped + [whole[:length] for length in range(len(whole))]:
        path.write_bytes(content)
        with contextlib.suppress(DataError):
            assert np.array_equal(decode_rgb(path), pixels)
            spared += 1
    assert spared == 12  # length and checksum of the empty last chunk


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_jpeg_without_its_end_is_refused(tmp_path, picture, options):
    """Pillow takes zeros for coded pixels; downloads that broke off are often filled with them."""
    path = tmp_path / "a.jpg"
    Image.fromarray(picture(160, 200)).save(path, **options)
    whole = path.read_bytes()
    assert decode_rgb(path).shape == (160, 200, 3)
    half = whole[: len(whole) // 2]
    for rest in (b"", bytes(len(whole) - len(half))):
        path.write_bytes(half + rest)
        assert "damaged or cut short" in refused(path)


def test_jpeg_may_go_on_behind_its_end_and_hold_another(tmp_path, picture):
    """A camera's file: a small JPEG in its header, and what the maker adds behind the end."""
    small, path = io.BytesIO(), tmp_path / "a.jpg"
    Image.fromarray(picture(8, 8)).save(small, "JPEG")
    Image.fromarray(picture(40, 50)).save(path, comment=small.getvalue())
    expected = decode_rgb(path)
    whole = path.read_bytes()
    path.write_bytes(whole + b"\xff\xda trailer")
    assert np.array_equal(decode_rgb(path), expected)
    path.write_bytes(whole[: -len(whole) // 3] + bytes(999))  # the small one still has its end
    assert "damaged or cut short" in refused(path)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data", "ignore:Truncated File Read")
@pytest.mark.parametrize(
    ("suffix", "options"),
    [("bmp", {}), ("tiff", {}), ("tiff", {"compression": "tiff_lzw"})],
)
def test_truncated_bmp_and_tiff_are_refused(tmp_path, picture, suffix, options):
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(picture(9, 8)).save(path, **options)
    assert np.array_equal(decode_rgb(path), picture(9, 8))
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        refused(path)


def test_rows_of_516_bytes_are_not_taken_for_16_bits(tmp_path, picture):
    Image.fromarray(picture(2, 172)).save(tmp_path / "a.bmp")
    assert np.array_equal(decode_rgb(tmp_path / "a.bmp"), picture(2, 172))


@pytest.mark.parametrize("where", ["_open", "load"])
@pytest.mark.parametrize(
    "error",
    [
        struct.error("unpack requires 4 bytes"),
        zlib.error("invalid stored block lengths"),
        SyntaxError("broken PNG file"),
        Image.DecompressionBombError("too many pixels"),
        KeyError("none of the errors that decoders usually raise"),
        ZeroDivisionError("likewise"),
    ],
)
def test_whatever_a_decoder_raises_names_the_file(
    tmp_path, picture, save_png, monkeypatch, where, error
):
    path = save_png(tmp_path / "a.png", picture(4, 4))

    def stumble(image):
        raise error

    monkeypatch.setattr(PngImagePlugin.PngImageFile, where, stumble)
    for decode in (decode_rgb, decode_indices):
        assert "Copy or download it again" in refused(path, decode)


@pytest.mark.parametrize("form", ["GIF", "PPM", "ICO"])
def test_other_formats_are_refused_whatever_their_name(tmp_path, picture, form):
    path = tmp_path / "a.png"
    Image.fromarray(picture(16, 16)).save(path, form)
    for decode in (decode_rgb, decode_indices, size_of):
        assert "is not an image that can be read" in refused(path, decode)


def test_files_are_opened_in_one_place():
    """Elsewhere only `jpeg` opens what it has itself just written to memory."""
    root = Path(__file__).resolve().parents[2]
    paths = [p for folder in ("benchmarks", "datasets") for p in (root / folder).rglob("*.py")]
    found = [p.relative_to(root).as_posix() for p in paths if "Image.open(" in p.read_text()]
    assert sorted(found) == ["datasets/decoding.py", "datasets/degradations/jpeg.py"]


def test_a_postscript_file_starts_no_interpreter(tmp_path, picture, monkeypatch):
    path = tmp_path / "a.png"
    Image.fromarray(picture(16, 16)).save(path, "EPS")
    monkeypatch.setattr("PIL.EpsImagePlugin.Ghostscript", lambda *_, **__: pytest.fail("started"))
    assert "is not an image that can be read" in refused(path)


def test_what_is_no_regular_file_is_not_opened(no_regular_file):
    for decode in (decode_rgb, decode_indices, size_of):
        assert "not a file" in refused(no_regular_file, decode)


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
