"""Errors of what is declared and of what is asked for, and the words in which they are told."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from difflib import get_close_matches


class DeclarationError(ValueError):
    """A declaration contradicts itself; the message names table, row and what to change."""


class UsageError(Exception):
    """The command asks for what does not exist; the message names what does."""


def nearest(name: str, known: Iterable[str]) -> str:
    """` (did you mean 'L_1'?)` where a known name is like this one, else "".

    Case and spaces at the ends are ignored.
    """
    by_key = {text.strip().casefold(): text for text in known}
    found = get_close_matches(name.strip().casefold(), by_key, n=1, cutoff=0.7)
    return f" (did you mean {by_key[found[0]]!r}?)" if found else ""


def tell(error: Exception) -> None:
    """Print an error as the one line that a user reads of it, on stderr."""
    print(f"error: {one_line(str(error))}", file=sys.stderr)


def one_line(text: str) -> str:
    """The text with line ends, terminal escapes and other control characters written out.

    Names of files and what users type may hold them.
    """
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
