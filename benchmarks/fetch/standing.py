"""How a data root stands to what is needed: which files are there, right or wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path, PurePosixPath

from benchmarks.engine.weights import WeightFiles
from benchmarks.fetch.present import verified
from datasets.images import DataError
from datasets.sources import Archive, Folder, Member, RemoteFile, Source


class State(Enum):
    """What is known of one file of a source.

    PACKED: an archive that is there and right, and not unpacked yet.
    YOURS: it is missing, and only the user can bring it.
    """

    THERE = "there"
    PACKED = "to be unpacked"
    MISSING = "missing"
    YOURS = "to be brought by you"
    WRONG = "wrong"


@dataclass(frozen=True)
class Standing:
    """One file of a source in a data root.

    file: as declared, with the path at which it was looked for last.
    why: what is wrong with it, or how much of it is there; "" if nothing has to be said.
    """

    file: RemoteFile
    state: State
    why: str = ""


def standings(source: Source, root: Path | None) -> list[Standing]:
    """Every file of a source, in its order; reads what is there and has a digest to the end."""
    return [_standing(file, root) for file in source.files]


def _standing(file: RemoteFile, root: Path | None) -> Standing:
    absent = State.MISSING if file.urls else State.YOURS
    if root is None:
        return Standing(file, absent)
    if isinstance(file, Folder):
        return _counted(file, _in_folder(file, root), file.count, absent)
    unpacked = Standing(file, absent)
    if isinstance(file, Archive):
        unpacked = _unpacked(file, root, absent)
        if unpacked.state is State.THERE:
            return unpacked
    try:
        return _lying(file, root) or unpacked
    except DataError as error:
        return Standing(file, State.WRONG, str(error))


def _lying(file: RemoteFile, root: Path) -> Standing | None:
    """The file itself, where it or an archive that the user brought lies; None if it is nowhere.

    Raises:
        DataError: it is another file.
    """
    if verified(file, root):
        return Standing(file, State.PACKED if isinstance(file, Archive) else State.THERE)
    if isinstance(file, Archive):  # a browser or a client saved it in the data root itself
        beside = replace(file, path=PurePosixPath(file.path).name)
        return Standing(beside, State.PACKED) if verified(beside, root) else None
    folder, _, name = file.path.rpartition("/")
    for cache in WeightFiles(None).folders if folder == "weights" else ():
        if (cache / name).is_file() and verified(replace(file, path=name), cache):
            return Standing(file, State.THERE, f"in {cache}")
    return None


def _unpacked(archive: Archive, root: Path, absent: State) -> Standing:
    """An archive by the files that its members have become."""
    for member in archive.members:
        found = sum(1 for _ in root.glob(_places(member)))
        standing = _counted(archive, found, member.count, absent)
        if standing.state is not State.THERE:
            return standing
    return Standing(archive, State.THERE)


def _places(member: Member) -> str:
    """The pattern of the paths that members take: a group of the target may be any name."""
    return re.sub(r"\\\d", "*", re.sub(r"([\[?*])", r"[\1]", member.target))


def _in_folder(folder: Folder, root: Path) -> int:
    """How many files of a folder have the names that they must have."""
    place = root / folder.path
    if not place.is_dir():
        return 0
    return sum(re.fullmatch(folder.names, path.name) is not None for path in place.iterdir())


def _counted(file: RemoteFile, found: int, count: int | None, absent: State) -> Standing:
    """A file whose parts are counted, for nothing is known of their bytes."""
    if found >= (count or 1):
        return Standing(file, State.THERE)
    return Standing(file, absent, f"{found} of {count} files are there" if found else "")
