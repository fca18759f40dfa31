"""Of an archive, the members that are wanted, where the data set wants them, and nothing else.

A whitelist in place of `extractall`: a member is copied under a name of ours, below a limit of
bytes, and all of them take their places when the last is whole.
"""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from shlex import quote

from benchmarks.engine.store import held
from benchmarks.fetch.members import DAMAGED, Entry, opened
from benchmarks.fetch.room import check_room
from benchmarks.fetch.signatures import begins_as_named
from datasets.images import DataError
from datasets.sources import Archive, Member

_PIECE = 2**20
_AGAIN = "It is not the archive that is declared: delete it and fetch it again."
_OTHER_PROGRAMS = (b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07")


def unpack(archive: Archive, path: Path, root: Path) -> list[Path]:
    """Put the wanted members of an archive where they belong below the data root.

    Files that are there already are replaced. The archive itself stays; `archive.keep` is for who
    calls this.

    Args:
        archive: what is wanted of it.
        path: where it lies: a zip, or a tar, packed or not.
        root: the data root.
    Returns:
        the files, in the archive's order.
    Raises:
        DataError: the archive is damaged, cut short, or not the one that is declared: a member is
            missing, too large, twice there, no regular file or not what its name says, or a name
            leads elsewhere. Or in a member's place lies a folder, or beside it the same in another
            format. Nothing has been put anywhere then.
    """
    _check_program(path)
    with _one_line(path, root), opened(path) as entries:
        wanted = _wanted(archive, path, entries)
        targets = [root / target for _, target in wanted]
        _check_places(targets, path)
        home = _home(targets, root)
        check_room(home, sum(entry.size for entry, _ in wanted))
        with _staging(path, home, root) as staging:
            for entry, name in wanted:
                _copy(entry, staging / name, path)
            for (_, name), target in zip(wanted, targets, strict=True):
                target.parent.mkdir(parents=True, exist_ok=True)
                os.replace(staging / name, target)
    return targets


def _check_program(path: Path) -> None:
    """Name the program that opens what Python's library does not.

    Raises:
        DataError: it is such an archive.
    """
    with _one_line(path, path.parent), open(path, "rb") as file:
        head = file.read(8)
    split = path.suffix == ".001" or path.with_suffix(".z01").exists()
    if split or path.suffix in (".7z", ".rar") or head.startswith(_OTHER_PROGRAMS):
        command = f"7z x -o{quote(str(path.parent))} {quote(str(path))}"
        raise DataError(
            f"{path} is an archive that needs another program: {command} "
            "(Debian: apt install 7zip). Then put its files where the data set wants them."
        )


def _wanted(archive: Archive, path: Path, entries: Sequence[Entry]) -> list[tuple[Entry, str]]:
    """The wanted members and their targets, after every check that their headers allow.

    Raises:
        DataError: see `unpack`.
    """
    chosen: dict[str, Entry] = {}
    counts = Counter[Member]()
    for entry in entries:
        member, target = _target(archive, entry)
        if _leads_out(entry.name) or _leads_out(target):
            raise DataError(f"{path} has a member {entry.name!r}, which leads out of it. {_AGAIN}")
        if member is None or entry.kind == "folder":
            continue
        _check_member(path, entry, member)
        if target in chosen:
            twice = f"{chosen[target].name!r} and {entry.name!r}"
            raise DataError(f"{path} has two members for {target}: {twice}. {_AGAIN}")
        chosen[target] = entry
        counts[member] += 1
    for member in archive.members:
        found = counts[member]
        if not found or member.count not in (None, found):
            count = "some" if member.count is None else member.count
            raise DataError(
                f"{path} has {found} members {member.pattern!r}, but {count} are declared; it "
                f"holds {_holds(entries)}. {_AGAIN}"
            )
    return [(entry, target) for target, entry in chosen.items()]


def _check_places(targets: Sequence[Path], path: Path) -> None:
    """See that no target is a folder, or of the name of another file but for the suffix.

    Raises:
        DataError: one is; a loader could not tell which of two such files is the set's.
    """
    ours = set(targets)
    folders = {target.parent for target in targets if target.parent.is_dir()}
    others = [file for folder in folders for file in folder.iterdir() if file not in ours]
    by_stem = {other.with_suffix(""): other for other in others if other.suffix}
    for target in targets:
        if target.is_dir():
            raise DataError(f"{target} is a folder, and {path} has a file to put there.")
        if other := by_stem.get(target.with_suffix("")):
            raise DataError(
                f"{other} is there already, and {path} has {target.name} to put beside it. Move "
                "those files away, or complete them and delete the archive."
            )


def _leads_out(name: str) -> bool:
    """Whether a name says where it lies by itself, or climbs."""
    return name.startswith("/") or ".." in name.split("/") or bool(re.match("[A-Za-z]:", name))


def _target(archive: Archive, entry: Entry) -> tuple[Member | None, str]:
    """Which declaration wants a member, and where it goes; None and "" if none does."""
    for member in archive.members:
        if match := re.fullmatch(member.pattern, entry.name):
            return member, match.expand(member.target)
    return None, ""


def _check_member(path: Path, entry: Entry, member: Member) -> None:
    """See that a wanted member is a file of a size that it may have.

    Raises:
        DataError: it is not.
    """
    if entry.kind != "file":
        raise DataError(f"{path}: {entry.name!r} is {entry.kind}, not a file. {_AGAIN}")
    if entry.size > member.largest:
        raise DataError(
            f"{path}: {entry.name!r} would have {entry.size} bytes, and {member.largest} at most "
            f"are declared. {_AGAIN}"
        )


def _holds(entries: Sequence[Entry]) -> str:
    """What an archive holds, in words: its four largest folders."""
    folders = Counter(
        str(PurePosixPath(entry.name).parent) for entry in entries if entry.kind == "file"
    )
    told = [f"{count} in {folder!r}" for folder, count in folders.most_common(4)]
    if len(folders) > 4:
        told.append(f"and {len(folders) - 4} folders more")
    return f"files: {', '.join(told)}" if told else "no file at all"


def _home(targets: Sequence[Path], root: Path) -> Path:
    """The folder that is there already and nearest above all targets: it is on their disk."""
    home = Path(os.path.commonpath([target.parent for target in targets]))
    while home != root and not home.is_dir():
        home = home.parent
    home.mkdir(parents=True, exist_ok=True)
    return home


@contextmanager
def _staging(path: Path, home: Path, root: Path) -> Iterator[Path]:
    """A folder for files that are not whole yet; what a killed process left there goes first."""
    with held(root / f".{path.name}.unpacking.lock", path.name):
        for folder in (home, *home.parents):
            shutil.rmtree(folder / f".{path.name}.unpacking", ignore_errors=True)
            if folder == root:
                break
        staging = home / f".{path.name}.unpacking"
        staging.mkdir()
        try:
            yield staging
        finally:
            shutil.rmtree(staging)


def _copy(entry: Entry, target: Path, path: Path) -> None:
    """Write a member's bytes, as many as its header says, to a new file.

    Raises:
        DataError: it has more or fewer, or does not begin as its name says.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    done = 0
    with entry.stream() as source, open(target, "xb") as out:
        piece = source.read(_PIECE)
        if not begins_as_named(target.name, piece):
            raise DataError(f"{path}: {entry.name!r} is no {target.suffix} file. {_AGAIN}")
        while piece:
            done += len(piece)
            if done > entry.size:  # a header that lies: no more of it reaches the disk
                break
            out.write(piece)
            piece = source.read(_PIECE)
        out.flush()
        os.fsync(out.fileno())
    if done != entry.size:
        raise DataError(
            f"{path}: {entry.name!r} does not have the {entry.size} bytes that its header says. "
            f"{_AGAIN}"
        )


@contextmanager
def _one_line(path: Path, root: Path) -> Iterator[None]:
    """What damaged bytes and full disks raise, as an error in one line."""
    try:
        yield
    except DAMAGED as error:
        raise DataError(
            f"{path} cannot be unpacked, it is damaged or cut short ({error}). Delete it and fetch "
            "it again."
        ) from error
    except OSError as error:
        raise DataError(
            f"{path} cannot be unpacked into {root}: {error.strerror or error} "
            f"({error.filename or path})."
        ) from error
