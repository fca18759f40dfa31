"""How a data root stands to what is needed: which files are there, right or wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath

from benchmarks.engine.weights import WeightFiles
from benchmarks.fetch.present import verified
from datasets.images import DataError
from datasets.sources import Archive, Folder, RemoteFile, Source


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

    why: what is wrong with it, or how much of it is there; "" if nothing has to be said.
    place: where it lies if not under its path in the data root.
    """

    file: RemoteFile
    state: State
    why: str = ""
    place: Path | None = None


def standings(source: Source, root: Path | None) -> list[Standing]:
    """Every file of a source, in its order; reads what is there and has a digest to the end."""
    return [_standing(file, root) for file in source.files]


def _standing(file: RemoteFile, root: Path | None) -> Standing:
    absent = State.MISSING if file.urls else State.YOURS
    if root is None:
        return Standing(file, absent)
    if isinstance(file, Folder):
        found = _in_folder(file, root)
        if file.count and found > file.count:
            why = f"{root / file.path} holds {found} files of the set, which has {file.count}"
            return Standing(file, State.WRONG, f"{why}. Remove those that are not of it.")
        return _counted(file, found, file.count, absent)
    unpacked = Standing(file, absent)
    if isinstance(file, Archive):
        unpacked = _unpacked(file, root, absent)
        if unpacked.state is State.THERE:
            return unpacked
    try:
        return _lying(file, root, absent) or unpacked
    except DataError as error:
        return Standing(file, State.WRONG, str(error))


def _lying(file: RemoteFile, root: Path, absent: State) -> Standing | None:
    """The file itself, where it or an archive that the user brought lies; None if it is nowhere.

    Raises:
        DataError: in the data root is another file.
    """
    if verified(file, root):
        return Standing(file, State.PACKED if isinstance(file, Archive) else State.THERE)
    if isinstance(file, Archive):  # a browser or a client saved it in the data root itself
        beside = root / PurePosixPath(file.path).name
        found = verified(file, root, beside)
        return Standing(file, State.PACKED, place=beside) if found else None
    folder, _, name = file.path.rpartition("/")
    for cache in WeightFiles(None).folders if folder == "weights" else ():
        place = cache / name
        try:
            if place.is_file() and verified(file, root, place):
                return Standing(file, State.THERE, f"in {cache}", place)
        except DataError:  # another program's: the data root is searched first
            return Standing(file, absent, f"{place} is another file, which does not count")
    return None


def _unpacked(archive: Archive, root: Path, absent: State) -> Standing:
    """An archive by the files that its members have become."""
    for member in archive.members:
        found = max(_in_place(place, root) for place in (member.target, *member.also))
        standing = _counted(archive, found, member.count, absent)
        if standing.state is not State.THERE:
            return standing
    return Standing(archive, State.THERE)


def _in_place(target: str, root: Path) -> int:
    """How many files have paths that members may take: a group of the target may be any name."""
    pattern = re.sub(r"\\\d", "*", re.sub(r"([\[?*])", r"[\1]", target))
    return sum(not _is_hidden(path.name) for path in root.glob(pattern))


def _in_folder(folder: Folder, root: Path) -> int:
    """How many files of a folder have the names that they must have."""
    place = root / folder.path
    names = [path.name for path in place.iterdir()] if place.is_dir() else []
    return sum(not _is_hidden(name) and bool(re.fullmatch(folder.names, name)) for name in names)


def _is_hidden(name: str) -> bool:
    """Whether loaders pass over a file: `._1.png` is what some systems leave beside 1.png."""
    return name.startswith(".")


def _counted(file: RemoteFile, found: int, count: int | None, absent: State) -> Standing:
    """A file whose parts are counted, for nothing is known of their bytes."""
    if found >= (count or 1):
        return Standing(file, State.THERE)
    return Standing(file, absent, f"{found} of {count} files are there" if found else "")
