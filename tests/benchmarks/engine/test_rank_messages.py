"""What the processes of one training exchange, and who is one."""

import os
import re

import pytest
import torch
import torch.distributed as dist
from in_process import call
from rank_processes import RankProcesses

from benchmarks.cli.session import usable_device
from benchmarks.declare.errors import UsageError
from benchmarks.engine.ranks import check_one_process, processes, ranks
from losses.ranks import ALONE, RankLost, Ranks


@pytest.fixture(scope="module")
def three():
    group = RankProcesses(3)
    yield group
    group.close()


def batch(rows=6):
    return torch.arange(rows * 2 * 4 * 5, dtype=torch.float64).reshape(rows, 2, 4, 5)


def there_and_back(ranks):
    given = batch()
    kinds = {"plain": given, "channels last": given.to(memory_format=torch.channels_last)}
    kinds |= {"labels": given.long()[:, 0].clone(), "numbers": given[:, 0, 0, 0].float()}
    for kind, rows in kinds.items():
        own = ranks.own(rows)
        assert len(own) == 2, kind
        last = kind == "channels last"
        dense = own.contiguous(memory_format=torch.channels_last) if last else own.contiguous()
        whole = ranks.whole(dense)
        assert torch.equal(whole, rows), kind
        assert whole.dtype == rows.dtype, kind
        assert whole.stride() == rows.stride(), kind
    return ranks.own(given)[0, 0, 0, 0].item()


def test_a_batch_comes_back_in_its_order_dtype_and_layout(three):
    """Rows 0, 3 are the first rank's, 1, 4 the second's."""
    assert three.call(there_and_back) == [0.0, 40.0, 80.0]


def own_gradient(ranks):
    own = ranks.own(batch()).clone().requires_grad_()
    weight = torch.arange(1.0, 7.0, dtype=torch.float64).view(6, 1, 1, 1)
    total = (ranks.whole(own) * weight).sum() + ranks.mean(own.sum()) + ranks.sum(own.sum())
    total.backward()
    return own.grad[:, 0, 0, 0].tolist(), total.item()


def test_gradients_reach_the_own_rows_and_values_are_those_of_all(three):
    whole = batch()
    rows = whole.sum((1, 2, 3))
    expected = (rows * torch.arange(1.0, 7.0)).sum() + rows.sum() / 3 + rows.sum()
    for rank, (gradient, total) in enumerate(three.call(own_gradient)):
        assert gradient == pytest.approx([rank + 1 + 4 / 3, rank + 4 + 4 / 3], rel=1e-12)
        assert total == pytest.approx(float(expected), rel=1e-12)


def exchanged(ranks):
    a, b = torch.full((2, 3), ranks.rank + 1.0), torch.full((1,), 10.0**ranks.rank).double()
    ranks.add_up([a, b])
    c, d = torch.full((2, 2), float(ranks.rank)), torch.full((3,), 5.0 - ranks.rank)
    ranks.follow_first([c, d])
    ranks.follow_first([])
    said = [ranks.any(ranks.rank == 2), ranks.any(False)]
    told = [ranks.first(f"rank {ranks.rank}".encode()), ranks.first(b"")]
    return a.unique().tolist(), b.tolist(), c.unique().tolist(), d.tolist(), said, told


def test_sums_decisions_and_words_are_the_same_on_all_ranks(three):
    expected = ([6.0], [111.0], [0.0], [5.0] * 3, [True, False], [b"rank 0", b""])
    assert three.call(exchanged) == [expected] * 3


def test_one_process_sends_nothing_and_gives_back_what_it_got():
    assert not dist.is_initialized()
    own = batch().requires_grad_()
    assert all(one is own for one in (ALONE.own(own), ALONE.whole(own), ALONE.each(own)[0]))
    assert ALONE.mean(own) is own
    assert ALONE.sum(own) is own
    ALONE.add_up([own])
    ALONE.follow_first([own])
    assert (ALONE.any(True), ALONE.any(False), ALONE.first(b"a")) == (True, False, b"a")
    assert list(range(5))[ALONE.share] == list(range(5))


def left_alone(ranks):
    """What the first rank is told, whatever it sends to one that is gone."""
    if ranks.rank == 1:
        os._exit(9)
    sends = {
        "whole": lambda: ranks.whole(torch.zeros(1, 2)),
        "add_up": lambda: ranks.add_up([torch.zeros(4)]),
        "follow_first": lambda: ranks.follow_first([torch.zeros(4)]),
        "any": lambda: ranks.any(False),
        "first": lambda: ranks.first(b"word"),
    }
    told = {}
    for name, send in sends.items():
        try:
            for _ in range(100):  # who only gives may notice later
                send()
        except RankLost as error:
            told[name] = str(error)
    return told


def test_who_waits_for_a_process_that_is_gone_is_told():
    group = RankProcesses(2)
    group.begin(left_alone)
    first, second = group.end(60)
    group.close()
    assert second is None
    assert set(first) == {"whole", "add_up", "follow_first", "any", "first"}
    for message in first.values():
        assert message.startswith("another process of this training is gone (")
        assert "\n" not in message


@pytest.fixture
def started(monkeypatch):
    """The environment of the second of two processes that torchrun starts."""
    for name, value in {"WORLD_SIZE": "2", "RANK": "1", "LOCAL_RANK": "1"}.items():
        monkeypatch.setenv(name, value)


def test_a_plain_command_is_alone(monkeypatch):
    for value in (None, "", "1"):
        if value is None:
            monkeypatch.delenv("WORLD_SIZE", raising=False)
        else:
            monkeypatch.setenv("WORLD_SIZE", value)
        assert processes() == 1
        check_one_process()
        with ranks(torch.device("cuda:1")) as found:
            assert found is ALONE
    assert not dist.is_initialized()


def test_a_numbered_device_is_refused(started):
    told = "--device cuda:1 is one GPU, and 2 processes take one each"
    with pytest.raises(UsageError, match=told), ranks(torch.device("cuda:1")):
        pass


def test_processes_that_do_not_find_each_other_are_told_so(started, monkeypatch):
    for name in ("MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    told = r"the 2 processes of this command do not find each other \(.*MASTER_ADDR.*\); start them"
    with pytest.raises(UsageError, match=told), ranks(torch.device("cpu")):
        pass


def test_a_process_without_a_gpu_is_told_so(started, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(UsageError, match="process 1 of this machine has no GPU: 1 can be seen"):
        usable_device("cuda")


def test_each_process_takes_the_gpu_of_its_number(started, monkeypatch):
    """As far as that can be seen without one."""
    taken = []
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", taken.append)
    with pytest.raises(UsageError, match="--device cuda cannot be used"):
        usable_device("cuda")
    assert taken == [1]
    usable_device("cpu")
    assert taken == [1]


def test_a_command_that_makes_a_whole_table_is_refused(started, capsys, tmp_path):
    status, _, told = call(capsys, "--table", "d2sm_table1", "--out", tmp_path)
    assert status == 2
    assert re.fullmatch(r"error: this command was started 2 times, .*--run ID.*\n", told)
    assert not list(tmp_path.iterdir())


def test_ranks_know_their_images():
    assert [list(range(8))[Ranks(rank, 4).share] for rank in range(4)] == [
        [0, 4], [1, 5], [2, 6], [3, 7],
    ]  # fmt: skip
