"""Networks take and give entries by name; seeds have purposes."""

from types import SimpleNamespace

import pytest

from benchmarks.engine.network_outputs import child_seed, network_outputs


class Named(SimpleNamespace):
    def __call__(self, *arguments):
        return self.function(*arguments)


def test_inputs_are_taken_in_the_declared_order():
    network = Named(inputs=("b", "a"), outputs=("pred",), function=lambda b, a: f"{b}-{a}")
    assert network_outputs(network, {"a": 1, "b": 2, "c": 3}) == {"pred": "2-1"}


def test_outputs_have_the_declared_names():
    network = Named(inputs=("a",), outputs=("pred", "depth"), function=lambda a: (a, -a))
    assert network_outputs(network, {"a": 1}) == {"pred": 1, "depth": -1}


def test_an_output_without_a_name_is_an_error():
    network = Named(inputs=("a",), outputs=("pred",), function=lambda a: (a, -a))
    with pytest.raises(ValueError, match="longer"):
        network_outputs(network, {"a": 1})


def test_seeds_of_purposes_are_the_same_on_every_machine():
    assert [child_seed(0, 1), child_seed(0, 2), child_seed(7, 1)] == [
        3964924996,
        3141116543,
        369571992,
    ]


def test_seeds_differ_by_seed_and_by_purpose():
    made = {child_seed(seed, *path) for seed in range(4) for path in ((), (1,), (2,), (1, 2))}
    assert len(made) == 16
