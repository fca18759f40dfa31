"""Where the files of a data set come from, and files of weights: the one place that says so.

A declaration holds what sources print and no more: a size or a digest that nobody printed is left
out, and recorded at the first fetch.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RemoteFile:
    """One file as its origin has it.

    path: below the data root, "/"-separated: "weights/vgg16-397923af.pth".
    urls: tried in order; () for a file that only the user can bring.
    size: bytes, None where no source prints it.
    sha256: 64 hex digits, "" for one that is recorded at the first fetch.
    md5, sha1: 32 and 40 hex digits, where a source prints only these; else "".
    """

    path: str
    urls: tuple[str, ...] = ()
    size: int | None = None
    sha256: str = ""
    md5: str = ""
    sha1: str = ""


@dataclass(frozen=True)
class Member:
    r"""Which members of an archive are wanted, and where they go.

    pattern: regular expression for the whole "/"-separated name of a member:
        r"DIV2K_train_HR/(\d{4}\.png)".
    target: path below the data root, with \1 for a group: r"div2k/DIV2K_train_HR/\1".
    count: how many members there have to be, None where no source says.
    largest: bytes that one member may have.
    also: where a loader finds the same files as well, each like `target`; nothing is put there.
    """

    pattern: str
    target: str
    count: int | None = None
    largest: int = 64 * 2**20
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Archive(RemoteFile):
    """An archive, kept under `path` only while it is unpacked.

    members: what of it becomes files of the set; everything else stays inside.
    keep: whether the archive stays under `path` afterwards.
    """

    members: tuple[Member, ...] = ()
    keep: bool = False


@dataclass(frozen=True)
class Folder(RemoteFile):
    """A folder that only the user can fill, of whose files nothing is known but names and number.

    names: regular expression for the whole name of a file.
    count: how many files there have to be, None where no source says.
    """

    names: str = r".+"
    count: int | None = None


@dataclass(frozen=True)
class Source:
    """What a data set or a weights file is, where it comes from and under which terms.

    name: without blanks, by which it is asked for: "DIV2K_train", "vgg16-397923af.pth".
    terms: licence or conditions in a sentence.
    steps: what the user has to do where it needs an account or consent; each one line.
    """

    name: str
    files: tuple[RemoteFile, ...]
    terms: str
    steps: tuple[str, ...] = ()
