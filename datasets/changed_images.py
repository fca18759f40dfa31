"""Opened images that are those of another set but for what a subclass says."""

from __future__ import annotations

from datasets.images import Entries, Images, Pixels


class ChangedImages(Images):
    """Hands out what `images` has; a subclass overrides what is otherwise."""

    def __init__(self, images: Images):
        self.images = images
        self.names = images.names
        self.expected = images.expected
        self.unofficial = images.unofficial
        self.mirrored = images.mirrored

    def image(self, i: int) -> Pixels:
        """Image `i` alone, RGB, (H, W, 3) uint8; errors as of its set."""
        return self.images.image(i)

    def size(self, i: int) -> tuple[int, int]:
        """Height and width of image `i`; errors as of its set."""
        return self.images.size(i)

    def where(self, i: int) -> str:
        """Image `i` in a message, as its set has it."""
        return self.images.where(i)

    def entries(self, i: int) -> Entries:
        """Every entry of image `i`; errors as of its set."""
        return self.images.entries(i)

    def manifest(self) -> list[tuple[str, str]]:
        """That of the set."""
        return self.images.manifest()
