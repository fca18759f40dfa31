"""Files with weights: found by name, checked by sha256; only --fetch downloads them."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.declare.weight_sources import WEIGHT_SOURCES
from datasets.images import DataError
from datasets.source_words import in_words


class MissingFile(DataError):  # noqa: N818 - shown in the cell as `needs <file>`
    """A file that a cell needs is not there; `what` is its name."""

    def __init__(self, name: str, message: str):
        super().__init__(message)
        self.what = name


class WrongFile(DataError):  # noqa: N818
    """A file is there under the right name with other content."""

    what = "the released file"


@dataclass
class WeightFiles:
    """The folders that are searched: `<data root>/weights`, then torch's own cache."""

    data_root: Path | None
    _digests: dict[Path, str] = field(default_factory=dict)

    @property
    def folders(self) -> list[Path]:
        """The folders in the order in which they are searched."""
        home = os.environ.get("TORCH_HOME", "~/.cache/torch")
        torch_cache = Path(home).expanduser() / "hub" / "checkpoints"
        return ([self.data_root / "weights"] if self.data_root else []) + [torch_cache]

    def has(self, name: str) -> bool:
        """Whether a file of that name is in one of the folders."""
        return any((folder / name).is_file() for folder in self.folders)

    def find(self, name: str, sha256: str) -> Path:
        """The path of a file whose digest starts with `sha256` ("" accepts any).

        Raises:
            MissingFile: it is in none of the folders; the message says where to put it.
            WrongFile: it is there with another digest.
        """
        for folder in self.folders:
            path = folder / name
            if path.is_file():
                self._check(path, sha256)
                return path
        source = WEIGHT_SOURCES.get(name)
        raise MissingFile(
            name,
            f"{name} is not there. Put it into {' or '.join(str(f) for f in self.folders)}"
            + (f". {in_words(source)}" if source else ".")
            + ("" if self.data_root else " --data-root DIR names a folder with weights/ in it."),
        )

    def digest(self, path: Path) -> str:
        """The file's sha256, computed once per process."""
        if path not in self._digests:
            with open(path, "rb") as file:
                self._digests[path] = hashlib.file_digest(file, "sha256").hexdigest()
        return self._digests[path]

    def _check(self, path: Path, sha256: str) -> None:
        found = self.digest(path)
        if not found.startswith(sha256):
            raise WrongFile(
                f"{path} is not the released file: its sha256 starts with "
                f"{found[: max(8, len(sha256))]}, expected {sha256}. Fetch it again."
            )
