"""Indented paragraphs on a terminal."""

from __future__ import annotations

import textwrap

from benchmarks.report.terminal import WIDTH


def indented(text: str, first: str = "    ") -> str:
    """The text in lines that a terminal holds, the later ones further in than the first."""
    return textwrap.fill(text, WIDTH - 10, initial_indent=first, subsequent_indent=" " * 14)
