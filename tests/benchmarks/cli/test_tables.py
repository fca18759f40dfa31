"""Several tables in one command."""

from types import SimpleNamespace

import pytest

from benchmarks.cli import tables
from datasets.images import DataError


def work(name, made, error=None):
    """The work on a table that is made, or cannot be begun."""

    def make():
        made.append(name)
        if error:
            raise error

    grid = SimpleNamespace(name=name)
    return SimpleNamespace(
        make=make, grid=lambda: grid, problems=list, pictures=list, complete=lambda grid: True
    )


@pytest.mark.parametrize(("broken", "status"), [((), 0), (("a",), 2), (("a", "b"), 2)])
def test_table_that_cannot_be_begun_stops_no_other(monkeypatch, capsys, broken, status):
    made: list[str] = []
    works = {
        name: work(name, made, DataError(f"{name} is not begun") if name in broken else None)
        for name in ("a", "b")
    }
    request = SimpleNamespace(words=("all",), data_root=None, plan=False, profile="smoke")
    session = SimpleNamespace(
        request=request, engine=None, work=works.get, write=lambda grid: "written"
    )
    monkeypatch.setattr(tables, "Session", lambda request: session)
    monkeypatch.setattr(tables, "to_fill", lambda words, with_data_root: list(works))
    assert tables.run(request) == status
    assert made == ["a", "b"]
    told = capsys.readouterr().err
    assert [line for line in told.splitlines() if line.startswith("error: ")] == [
        f"error: {name} is not begun" for name in broken
    ]
