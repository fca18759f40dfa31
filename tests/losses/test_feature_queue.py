from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from losses.feature_queue import FeatureQueue


def numbered(*numbers: int) -> Tensor:
    """Rows that say who they are."""
    return torch.tensor(numbers, dtype=torch.float32)[:, None].expand(-1, 3).clone()


def held(rows: Tensor) -> list[int]:
    return [int(row[0]) for row in rows]


def make_queue(size: int) -> FeatureQueue:
    return FeatureQueue(size, torch.device("cpu"))


def test_queue_starts_empty_and_holds_pushed_rows_only() -> None:
    queue = make_queue(7)
    live = numbered(1, 2, 3)
    assert queue.beside(live).shape == (0, 3)
    queue.push(live)
    assert held(queue.beside(numbered(4, 5, 6))) == [1, 2, 3]


def test_queue_puts_the_newest_set_in_front_and_drops_the_oldest_rows() -> None:
    queue = make_queue(7)
    for start in (1, 4, 7):
        queue.push(numbered(start, start + 1, start + 2))
    assert held(queue.rows) == [7, 8, 9, 4, 5, 6, 1]


def test_queue_and_live_rows_together_are_at_most_its_size() -> None:
    queue = make_queue(7)
    for start in (1, 4, 7):
        queue.push(numbered(start, start + 1, start + 2))
    assert held(queue.beside(numbered(10, 11, 12))) == [7, 8, 9, 4]
    assert held(queue.beside(numbered(10))) == [7, 8, 9, 4, 5, 6]


def test_queue_gives_nothing_when_the_live_rows_fill_it() -> None:
    queue = make_queue(3)
    queue.push(numbered(1, 2, 3, 4, 5))
    assert held(queue.rows) == [1, 2, 3]
    assert queue.beside(numbered(6, 7, 8)).shape == (0, 3)
    assert queue.beside(numbered(6, 7, 8, 9)).shape == (0, 3)


def test_queue_of_size_zero_remembers_nothing() -> None:
    queue = make_queue(0)
    queue.push(numbered(1, 2))
    assert queue.beside(numbered(3)).shape == (0, 3)


def test_queue_keeps_no_graph() -> None:
    queue = make_queue(4)
    queue.push(numbered(1, 2).requires_grad_() * 2)
    assert not queue.rows.requires_grad


def test_queue_survives_a_checkpoint_in_order(tmp_path: Path) -> None:
    queue = make_queue(5)
    for start in (1, 4):
        queue.push(numbered(start, start + 1, start + 2))
    torch.save(queue.state_dict(), tmp_path / "state.pt")
    resumed = make_queue(5)
    resumed.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    assert held(resumed.rows) == [4, 5, 6, 1, 2]


def test_queue_state_does_not_change_with_later_pushes() -> None:
    queue = make_queue(5)
    queue.push(numbered(1, 2, 3))
    state = queue.state_dict()
    queue.push(numbered(4, 5, 6))
    assert held(state["_extra_state"]["rows"]) == [1, 2, 3]


def test_queue_saves_its_rows_and_not_the_memory_of_dropped_ones(tmp_path: Path) -> None:
    queue = make_queue(2)
    queue.push(torch.zeros(1000, 100))
    torch.save(queue.state_dict(), tmp_path / "state.pt")
    assert (tmp_path / "state.pt").stat().st_size < 10_000


def test_queue_rejects_features_of_another_length() -> None:
    queue = make_queue(5)
    queue.push(torch.zeros(2, 3))
    with pytest.raises(ValueError, match="keep crop and window constant"):
        queue.beside(torch.zeros(2, 4))
