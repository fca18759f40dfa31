"""Ray is an extra: nothing else needs it, and its absence is told in one line."""

import sys

import pytest

from benchmarks.declare.errors import UsageError
from benchmarks.parallel.cluster import ClusterPlace


@pytest.mark.parametrize("address", ["auto", "local", "127.0.0.1:6379"])
def test_an_absent_ray_is_told_with_the_way_out(monkeypatch, address):
    for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN"):  # put back afterwards
        monkeypatch.setenv(name, "")
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError) as error:
        ClusterPlace(address, gpus_per_run=1, cpus_per_run=1)
    told = "--cluster needs Ray: pip install -r requirements-cluster.txt"
    assert str(error.value) == told
