"""Routes that pods lack for their packets."""

import pytest

from podpath.model import Family, Topology
from podpath.topology import unrouted
from selftests.unit import samples


def without(prefix: int) -> Topology:
    """Return the sample without the client's route of this prefix length."""
    routes = samples.topology().of_pod("client").routes
    kept = tuple(r for r in routes if r.destination.prefixlen != prefix)
    assert kept != routes
    return samples.with_namespace(samples.topology(), "client", routes=kept)


@pytest.mark.parametrize(
    ("topology", "beyond", "lacks"),
    [
        pytest.param(samples.topology(), True, False, id="all-there"),
        pytest.param(without(24), False, True, id="own-network"),
        pytest.param(without(0), True, True, id="default-beyond"),
        pytest.param(without(0), False, False, id="default-between-pods"),
    ],
)
def test_missing_route_explains_packets_that_need_it(
    topology: Topology, beyond: bool, lacks: bool
) -> None:
    found = unrouted.lacking(
        topology, samples.network(), ["client", "server"], Family.IPV4, beyond=beyond
    )

    assert bool(found) is lacks


def test_route_of_another_family_or_pod_explains_nothing() -> None:
    topology, network = without(24), samples.network()

    assert unrouted.lacking(topology, network, ["client"], Family.IPV6, beyond=False) == []
    assert unrouted.lacking(topology, network, ["server", "absent"], None, beyond=False) == []
