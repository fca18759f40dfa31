"""What has arrived of a file: `.NAME.HASH.part` beside it, and what it is part of in `.part.json`.

Each address has a part of its own, with a hash of it in the name: a mirror that is tried does not
cost what another has given. The names begin with a dot, so that a folder with a part in it is still
a folder of images.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from datasets.atomic import write_atomically


@dataclass(frozen=True)
class Origin:
    """Which file at which address the bytes are of.

    url: as it was asked for, before redirects.
    version: its ETag or Last-Modified; a part without it cannot be continued.
    size: bytes of the whole file, None if the origin did not say.
    """

    url: str
    version: str
    size: int | None


class Part:
    """What one address has given of the file that is to be `target`.

    Who holds the file's lock alone uses it.
    """

    def __init__(self, target: Path, url: str):
        tag = hashlib.sha256(url.encode()).hexdigest()[:8]
        self.url = url
        self.path = target.with_name(f".{target.name}.{tag}.part")
        self._notes = self.path.with_name(f"{self.path.name}.json")

    @property
    def size(self) -> int:
        """Bytes that are there."""
        return self.path.stat().st_size if self.path.exists() else 0

    def origin(self) -> Origin | None:
        """What the part is of, if more of it can be had from its address; else None."""
        if not self.size:
            return None
        try:
            origin = Origin(**json.loads(self._notes.read_bytes()))
        except (OSError, ValueError, TypeError, RecursionError):
            return None
        return origin if origin.url == self.url and origin.version else None

    def begin(self, origin: Origin) -> None:
        """Empty the part, to be filled from this origin.

        Raises:
            OSError: the folder cannot be written.
        """
        self.path.write_bytes(b"")  # before the notes: never old bytes beside a new version
        text = json.dumps(asdict(origin))
        write_atomically(self._notes, lambda file: file.write(text.encode()))

    def remove(self) -> None:
        """Forget what has arrived."""
        self.path.unlink(missing_ok=True)
        self._notes.unlink(missing_ok=True)
