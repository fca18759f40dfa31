"""The door of the suite with the table of `quick.py` in the registry, for processes of tests.

python door.py --table quick --out DIR ...
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[3]), str(HERE.parents[1] / "engine")]


def enter(script, table, profile):
    """The command line with one table more, whose jobs enter by the same script; its status."""
    import reproduce
    from benchmarks.cli.request import Request
    from benchmarks.papers.registry import TABLES
    from benchmarks.profiles.registry import PROFILES

    TABLES[table.name] = table
    PROFILES["smoke"] = profile
    plain = Request.command_of
    Request.command_of = lambda request, job: (str(script), *plain(request, job)[1:])
    return reproduce.main()


if __name__ == "__main__":
    import quick

    sys.exit(enter(HERE, quick.TABLE, quick.PROFILE))
