"""What is remembered is found by content only, and never takes more memory than was allowed."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from benchmarks.metrics.image_cache import ImageCache, digest_of_weights

KIB = 1024


def image(i: int) -> Tensor:
    return torch.full((3, 4, 4), float(i))


class Maker:
    """Makes one KiB from an image and counts how often it is asked to."""

    def __init__(self, memory: ImageCache):
        self.memory = memory
        self.made: list[int] = []

    def ask(self, i: int, name: str = "maker") -> Tensor:
        def make() -> tuple[Tensor, ...]:
            self.made.append(i)
            return (torch.full((256,), float(i)),)

        (found,) = self.memory.of(image(i), name, make)
        assert torch.equal(found, torch.full((256,), float(i)))
        return found


def test_content_decides_and_not_identity() -> None:
    maker = Maker(ImageCache(10 * KIB))
    for _ in range(3):
        maker.ask(1)  # a new tensor each time
    assert maker.made == [1]

    reused = image(2)
    memory = maker.memory
    before = memory.of(reused, "maker", lambda: (reused.clone(),))
    reused.fill_(5)
    after = memory.of(reused, "maker", lambda: (reused.clone(),))
    assert before[0].unique().tolist() == [2]
    assert after[0].unique().tolist() == [5]


def test_maker_shape_and_type_count() -> None:
    memory = ImageCache(10 * KIB)
    zeros = torch.zeros(3, 4, 4)
    for x in (zeros, zeros.view(3, 2, 8), zeros.to(torch.int32)):
        assert memory.of(x, "a", lambda x=x: (x,))[0] is x  # type: ignore[misc]
    other = torch.ones(1)
    assert memory.of(zeros, "b", lambda: (other,))[0] is other
    assert len(memory) == 4


def test_memory_stays_below_the_limit() -> None:
    maker = Maker(ImageCache(4 * KIB + 100, patience=3))
    for i in range(50):
        maker.ask(i)
        assert maker.memory.held <= 4 * KIB + 100
        assert maker.memory.held == len(maker.memory) * KIB
    assert len(maker.memory) == 4


def test_nothing_is_dropped_for_what_is_too_large() -> None:
    memory = ImageCache(KIB, patience=10)
    memory.of(image(0), "", lambda: (torch.zeros(200),))
    memory.of(image(1), "", lambda: (torch.zeros(2000),))
    assert (len(memory), memory.held) == (1, 800)


def test_a_test_set_that_does_not_fit_keeps_its_first_images() -> None:
    # Dropping the least recently used one would find nothing at all in the second round.
    maker = Maker(ImageCache(4 * KIB, patience=20))
    for _ in range(3):
        for i in range(10):
            maker.ask(i)
    assert maker.made == [*range(10), *range(4, 10), *range(4, 10)]


def test_a_test_set_that_is_done_with_makes_room() -> None:
    maker = Maker(ImageCache(4 * KIB, patience=6))
    for i in range(4):
        maker.ask(i)
    for _ in range(4):
        for i in range(100, 104):
            maker.ask(i)
    maker.made.clear()
    for i in range(100, 104):
        maker.ask(i)
    assert maker.made == []


def test_what_is_not_on_the_cpu_is_made_each_time() -> None:
    memory = ImageCache(KIB)
    elsewhere = torch.empty(3, 4, 4, device="meta")
    made = [memory.of(elsewhere, "", lambda: (torch.zeros(1),))[0] for _ in range(2)]
    assert made[0] is not made[1]
    assert len(memory) == 0


def test_digest_of_weights_sees_one_changed_number_and_buffers() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))
    before = digest_of_weights(network)
    assert digest_of_weights(network) == before
    network[1].running_mean[2] += 1e-6  # type: ignore[index]
    assert digest_of_weights(network) != before
