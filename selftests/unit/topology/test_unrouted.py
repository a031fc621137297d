"""Routes that pods lack for their packets."""

from ipaddress import ip_interface

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


def test_addresses_that_the_node_takes_for_its_own() -> None:
    """Packets to them end at the node, whichever way they come."""
    own = ip_interface(f"{samples.address('client')}/32")
    topology = samples.with_node_link(samples.topology(), samples.UPLINK, addresses=(own,))

    def held(pod: str, family: Family = Family.IPV4) -> bool:
        return bool(unrouted.held_by_node(topology, [pod], family))

    assert held("client")
    assert not held("server")
    assert not held("client", Family.IPV6)
    assert unrouted.held_by_node(topology, [], None)
