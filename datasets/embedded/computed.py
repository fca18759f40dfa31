"""The identity of images that are computed: there is no file to hash."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def computed_manifest(origin: object, names: Sequence[str]) -> list[tuple[str, str]]:
    """(name, sha256 of what the image is computed from): `origin` as it prints, and the name."""
    return [(n, hashlib.sha256(f"{origin} {n}".encode()).hexdigest()) for n in names]
