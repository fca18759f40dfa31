"""One picture of a table: the same part of one test image as each row restores it."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

TILE = (256, 192)  # widest and highest part of an image that is shown, unscaled
LINE = 13  # pixels of a line of a caption
COLUMNS = 4


def contact_sheet(tiles: Sequence[tuple[str, Path]]) -> bytes:
    """A PNG with the centre of every image under its caption, in reading order.

    Args:
        tiles: (caption, image file); all images have one size.

    Raises:
        ValueError: there is no tile.
        DataError: a file cannot be read.
    """
    from PIL import Image, ImageDraw, ImageFont

    from datasets.decoding import load_image

    if not tiles:
        raise ValueError("a contact sheet needs at least one image")
    parts = []
    for _, path in tiles:
        with load_image(path) as image:
            width, height = (min(a, b) for a, b in zip(image.size, TILE, strict=True))
            left, top = (image.width - width) // 2, (image.height - height) // 2
            parts.append(image.convert("RGB").crop((left, top, left + width, top + height)))
    font = ImageFont.load_default(11)
    width = parts[0].width + 4
    captions = [_wrapped(caption, lambda t: font.getlength(t) <= width - 6) for caption, _ in tiles]
    above = LINE * max(caption.count("\n") + 1 for caption in captions) + 3
    height = parts[0].height + above + 4
    rows = -(-len(tiles) // COLUMNS)
    sheet = Image.new("RGB", (min(COLUMNS, len(tiles)) * width, rows * height), "white")
    draw = ImageDraw.Draw(sheet)
    for i, (caption, part) in enumerate(zip(captions, parts, strict=True)):
        x, y = i % COLUMNS * width + 2, i // COLUMNS * height
        draw.text((x, y + 1), caption, fill="black", font=font, spacing=1)
        sheet.paste(part, (x, y + above))
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _wrapped(caption: str, fits: Callable[[str], bool]) -> str:
    """The caption in lines that fit, broken at blanks; a word that does not fit is a line."""
    lines = [""]
    for word in caption.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and not fits(longer):
            lines.append(word)
        else:
            lines[-1] = longer
    return "\n".join(lines)
