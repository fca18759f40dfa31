"""What the message of an absent file says of where it comes from."""

from __future__ import annotations

from pathlib import PurePosixPath

from datasets.sources import Folder, Source


def in_words(source: Source) -> str:
    """Which files a source has, where they are from, and the command that brings or checks them.

    Sentences for the end of a message. Of many files the first and the last are named.
    """
    names = [
        file.path if isinstance(file, Folder) else PurePosixPath(file.path).name
        for file in source.files
    ]
    said = " and ".join(names) if len(names) < 3 else f"{names[0]} to {names[-1]}"
    if urls := [file.urls[0] for file in source.files if file.urls]:
        origin = urls[0] if len(urls) == 1 else urls[0].rpartition("/")[0]
        return f"It comes from {origin}; --fetch {source.name} fetches {said}."
    return f"{source.steps[0]} --fetch {source.name} tells every step, and checks {said}."
