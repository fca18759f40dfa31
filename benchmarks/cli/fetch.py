"""--fetch: tell what tables, data sets and weights need, and bring what a program may bring."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.cli.request import Request
from benchmarks.cli.session import Session
from benchmarks.cli.text import indented
from benchmarks.engine.progress import say
from benchmarks.fetch.bring import bring
from benchmarks.fetch.needed import Need, asked
from benchmarks.fetch.records import Record, recorded
from benchmarks.fetch.standing import Standing, State, standings
from benchmarks.papers.registry import FIGURES, TABLES
from datasets.sources import Folder, RemoteFile, Source

_NAMED = 2  # files of a source that are named; of more it is told where they go


def run(request: Request) -> int:
    """Say what is needed and what the user has to do; without --plan fetch, verify and unpack it.

    Returns:
        0 if all that was asked for is there, or was only told; else 1.
    """
    root = request.data_root
    status = Session(request).engine.status
    needs = asked(request.words, {**TABLES, **FIGURES}, status, request.only)
    if not needs:
        print(f"the profile {request.profile} needs no file that has to be fetched")
        return 0
    if root is not None and not request.plan:
        root.mkdir(parents=True, exist_ok=True)
    looked_at = [(need, standings(need.source, root)) for need in needs]
    for need, found in looked_at:
        _describe(need, found, root)
    print("\n" + _total(looked_at, root))
    if request.plan or root is None:
        _tell_steps([need.source for need, found in looked_at if _yours(found)], root)
        return 0
    incomplete = [need.source for need, found in looked_at if not _complete(need, found, root)]
    _tell_steps(incomplete, root)
    summary = f"{len(needs) - len(incomplete)} of {len(needs)} sources are there"
    lacking = ", ".join(f"{source.name} is not" for source in incomplete)
    print(f"{summary}: {lacking}" if lacking else summary)
    return int(bool(incomplete))


def _complete(need: Need, found: Sequence[Standing], root: Path) -> bool:
    """Bring what is missing of a source; says what failed, and whether all of it is there."""
    source = need.source
    failures = bring(source.name, found, root)
    for failure in failures:
        say(f"{source.name}: {failure}")
    if all(standing.state is State.THERE for standing in found):
        return not failures
    after = standings(source, root)
    if all(standing.state is State.THERE for standing in after):
        print(f"{source.name}: fetched and verified")
        return True
    for standing in after:
        if standing.state is State.WRONG:
            say(f"{source.name}: {standing.why}")
    return False


def _yours(found: Sequence[Standing]) -> bool:
    """Whether a file of a source waits for the user."""
    return any(standing.state is State.YOURS for standing in found)


def _tell_steps(sources: Sequence[Source], root: Path | None) -> None:
    """Print what the user has to do; a step of several sources once. Without a root it is DIR."""
    told: set[str] = set()
    for source in sources:
        if source.steps:
            print(f"\n{source.name} needs you ({source.terms}):")
            new = [step for step in source.steps if step not in told]
            for step in new:
                print("    " + (step.replace("DIR", shlex.quote(str(root))) if root else step))
            told.update(new)


def _describe(need: Need, found: Sequence[Standing], root: Path | None) -> None:
    """Print one source: files, size, state and digests; its terms; who wants it."""
    source = need.source
    head = f"{source.name}: {_files(source)}, {_size(source.files)}, {_state(found)}"
    print(indented(head, first=""))
    print(indented(f"digest: {_digest(source.files, root)}"))
    print(indented(f"terms:  {source.terms}"))
    if need.wanted_by:
        print(indented(f"for:    {', '.join(need.wanted_by)}"))


def _files(source: Source) -> str:
    paths = [file.path for file in source.files]
    if len(paths) <= _NAMED:
        return " and ".join(paths)
    return f"{len(paths)} files, {paths[0]} to {paths[-1]}"


def _size(files: Sequence[RemoteFile]) -> str:
    known = [file.size for file in files if file.size is not None]
    unknown = len(files) - len(known)
    if not known:
        return "size not printed by its source"
    return gigabytes(sum(known)) + (f" and {unknown} of unknown size" if unknown else "")


def gigabytes(size: int) -> str:
    """A number of bytes in words: `3.53 GB`, `8.6 kB`."""
    for unit, bytes_ in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= bytes_:
            return f"{size / bytes_:.3g} {unit}"
    return f"{size} bytes"


def _state(found: Sequence[Standing]) -> str:
    """`there`, or how many files are in each state, and what is to be said of the first."""
    by_state: dict[State, list[Standing]] = {}
    for standing in found:
        by_state.setdefault(standing.state, []).append(standing)
    if len(by_state) == 1:
        (state,) = by_state
        said = state.value
    else:
        said = ", ".join(f"{len(them)} {state.value}" for state, them in by_state.items())
    why = next((s.why for s in found if s.why), "")
    return f"{said} ({why})" if why else said


def _digest(files: Sequence[RemoteFile], root: Path | None) -> str:
    if len(files) > _NAMED and all(file.sha256 for file in files):
        return f"manifest of {len(files)} files, sha256 each"
    known = recorded(root) if root is not None else {}
    return "; ".join(dict.fromkeys(_digest_of(file, known) for file in files))


def _digest_of(file: RemoteFile, known: Mapping[str, Record]) -> str:
    printed = [f"{n} {d[:8]}..." for n in ("sha256", "md5", "sha1") if (d := getattr(file, n))]
    if printed:
        return ", ".join(printed)
    if isinstance(file, Folder):
        return "none; files are counted"
    if first := known.get(file.path):
        return f"sha256 {first.sha256[:8]}..., recorded on {first.date}"
    return "recorded at first fetch"


def _total(looked_at: Sequence[tuple[Need, list[Standing]]], root: Path | None) -> str:
    """What is to be downloaded, and the room that there is."""
    missing = [s.file for _, found in looked_at for s in found if s.state is State.MISSING]
    yours = sum(s.state is State.YOURS for _, found in looked_at for s in found)
    said = (
        f"to download: {len(missing)} files, {_size(missing)}" if missing else "nothing to download"
    )
    if yours:
        said += f"; {yours} to be brought by you"
    if root is None:
        return said
    above = next(path for path in (root, *root.parents) if path.exists())
    return f"{said}; {gigabytes(shutil.disk_usage(above).free)} free in {above}"
