"""Several sets of ranges of one IP version: a pod gets one address of each."""

from ipaddress import ip_address, ip_interface, ip_network
from typing import Any

import pytest

from podpath.cni.network import Network
from podpath.model import Difference, Route, Topology
from podpath.topology.wiring import Wiring

from .. import samples

POD = "client"
OWN, SECOND = "10.88.0.2/24", "10.99.0.2/24"


def _network(**main: Any) -> Network:
    ranges = [
        [{"subnet": "10.88.0.0/24", "rangeEnd": "10.88.0.20"}, {"subnet": "10.77.0.0/24"}],
        [{"subnet": "10.99.0.0/24"}],
    ]
    return samples.network({"ranges": ranges}, **main)


def _with_addresses(*texts: str) -> Topology:
    held = tuple(map(ip_interface, texts))
    topology = samples.with_pod_link(samples.topology(), POD, addresses=held)
    return samples.with_pod_network(topology, POD, addresses=tuple(a.ip for a in held))


def _addr(*texts: str) -> list[Difference]:
    held = _with_addresses(*texts)
    leases = {text.partition("/")[0]: samples.sandbox(POD) for text in texts}
    return Wiring(held, _network()).addr(POD, leases=leases)


def test_one_address_of_each_set_conforms() -> None:
    """An address of any range of the first set, and one of the second."""
    assert _addr(OWN, SECOND) == []
    assert _addr("10.77.0.9/24", SECOND) == []


@pytest.mark.parametrize(
    ("held", "kind", "expected"),
    [
        ((OWN,), "addresses", "one of 10.99.0.1-10.99.0.254"),
        (
            (OWN, "10.77.0.9/24", SECOND),
            "addresses",
            "one of 10.77.0.1-10.77.0.254, 10.88.0.1-10.88.0.20",
        ),
        (
            (OWN, "10.66.0.9/24"),
            "address range",
            "10.77.0.1-10.77.0.254, 10.88.0.1-10.88.0.20, 10.99.0.1-10.99.0.254",
        ),
    ],
    ids=["missing", "two-of-one-set", "outside"],
)
def test_other_numbers_of_addresses_are_one_difference(
    held: tuple[str, ...], kind: str, expected: str
) -> None:
    """Too few, too many, or one that is in no set."""
    (difference,) = _addr(*held)

    assert (difference.kind, difference.expected) == (kind, expected)


def test_pod_has_the_routes_of_each_address() -> None:
    """A connected route for each subnet; other routes lead to the first address's gateway."""
    held = _with_addresses(OWN, SECOND)
    assert [d.where for d in Wiring(held, _network()).route(POD)] == [
        f"pod {POD} 10.99.0.0/24 via the link dev eth0"
    ]
    connected = Route(ip_network("10.99.0.0/24"), None, "eth0")
    routes = (*held.of_pod(POD).routes, connected)

    assert Wiring(samples.with_namespace(held, POD, routes=routes), _network()).route(POD) == []


def test_gateway_of_a_result_is_that_of_the_addresss_range() -> None:
    """Each address of a result has the gateway of its own range."""
    ips = [
        {"address": OWN, "gateway": "10.88.0.1", "interface": 0},
        {"address": SECOND, "gateway": "10.88.0.1", "interface": 0},
    ]
    held = samples.with_result(_with_addresses(OWN, SECOND), POD, "ips", ips)
    (difference,) = (d for d in Wiring(held, _network()).result(POD) if "gateway" in d.where)

    assert (difference.expected, difference.seen) == ("10.99.0.1", "10.88.0.1")


@pytest.mark.parametrize(
    ("held", "conforms"),
    [
        (("10.88.0.1/24",), False),
        (("10.88.0.1/24", "10.99.0.1/24"), True),
        (("10.88.0.1/24", "10.99.0.1/24", "10.77.0.1/24"), True),
        (("10.88.0.1/24", "10.99.0.1/24", "10.55.0.1/24"), False),
    ],
)
def test_bridge_has_the_gateways_of_the_ranges_in_use(
    held: tuple[str, ...], *, conforms: bool
) -> None:
    """Those of the pods' ranges, and perhaps of ranges that pods had before, but no others."""
    pods = _with_addresses(OWN, SECOND)
    node = samples.with_node_link(pods, samples.BRIDGE, addresses=tuple(map(ip_interface, held)))
    differences = Wiring(node, _network(isGateway=True)).bridge_gateway()

    assert (differences == []) is conforms
    assert {d.kind for d in differences} <= {"gateway address"}


def test_gateway_outside_of_the_subnet_is_no_pods_address() -> None:
    """Such a gateway takes no address from the pods."""
    ipam = samples.network(
        {"ranges": [[{"subnet": "10.88.0.0/24", "gateway": "169.254.1.1"}]]}
    ).ipam

    assert ipam.range_of(ip_address("169.254.1.1")) is None
    assert ipam.ranges[0].usable == 254
