"""The profiles by the names that the command line takes."""

from __future__ import annotations

from benchmarks.profiles.lite import LITE
from benchmarks.profiles.paper import PAPER
from benchmarks.profiles.smoke import SMOKE

PROFILES = {profile.name: profile for profile in (SMOKE, LITE, PAPER)}
