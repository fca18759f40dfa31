"""A declared network: a class and arguments, whose order is no part of its identity."""

from __future__ import annotations

from typing import ClassVar

from torch import nn

from benchmarks.declare.runs import Network, Run, network


class Wide(nn.Module):
    inputs: ClassVar[tuple[str, ...]] = ("input", "sigma")
    outputs: ClassVar[tuple[str, ...]] = ("pred", "noise_level")

    def __init__(self, width: int = 1, depth: int = 1):
        super().__init__()
        self.sizes = (width, depth)


def test_arguments_have_one_order() -> None:
    declared = network(Wide, width=3, depth=2)
    assert declared == network(Wide, depth=2, width=3)
    assert declared.arguments == (("depth", 2), ("width", 3))
    assert declared != network(Wide, depth=3, width=2)


def test_arguments_reach_the_constructor() -> None:
    built = network(Wide, width=3, depth=2).build()
    assert isinstance(built, Wide)
    assert built.sizes == (3, 2)
    assert Network(Wide).build().sizes == (1, 1)


def test_a_network_is_written_as_it_is_declared() -> None:
    assert repr(network(Wide, width=3, depth="a")) == "Wide(depth='a', width=3)"
    assert repr(Network(Wide)) == "Wide()"
    assert network(Wide).name == "Wide"


def test_inputs_and_outputs_are_those_of_the_class() -> None:
    declared = network(Wide)
    assert (declared.inputs, declared.outputs) == (("input", "sigma"), ("pred", "noise_level"))


def test_building_twice_gives_two_networks() -> None:
    declared = network(Wide)
    assert declared.build() is not declared.build()


def test_a_run_is_of_seed_zero_and_from_scratch_unless_it_says_otherwise() -> None:
    run = Run(network(Wide), None, None, None)  # type: ignore[arg-type]
    assert (run.seed, run.start) == (0, None)
