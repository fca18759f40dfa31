"""One training of every network, with its own objective, on small crops and narrow as in smoke."""

import pytest
import rows_of_tables

from benchmarks.rehearse.training import steps_of

# A network that halves many times, or whose faces are all of one size, needs larger crops.
CROPS = {"DcGAN": 256, "MSCNN": 64}
FACES = ("SRResNet", "URDGN", "RDN", "PFSR", "StudentFAN", "FSRNet", "DICNet")


def first_runs(out):
    """The run of each network with the most terms, by the network's name."""
    found = {}
    for crop in (64, 128, 256):
        for run in rows_of_tables.runs(out, rows_of_tables.smaller(crop)):
            name = run.network.name
            wanted = 128 if name in FACES else CROPS.get(name, 64)
            if wanted == crop and len(found.get(name, run).objective.terms) <= len(
                run.objective.terms
            ):
                found[name] = run
    return found


NAMES = sorted({run.network.name for run in rows_of_tables.runs("unused")})


@pytest.fixture(scope="module")
def by_network(tmp_path_factory):
    return first_runs(tmp_path_factory.mktemp("runs"))


@pytest.mark.parametrize("name", NAMES)
def test_network_of_the_paper_profile_makes_two_steps(by_network, tmp_path, name):
    run = by_network[name]
    steps = steps_of(run, rows_of_tables.status_of(tmp_path), tmp_path, 2)
    assert steps.parameters > 0
    assert steps.network_flop > 0
    assert steps.checkpoint > 4 * steps.parameters  # weights, and the optimiser's averages
