"""Multicast groups of a bridge, as ip(8) and bridge(8) list them."""

import ipaddress
import json
from dataclasses import replace

import pytest

from podpath.errors import CouldNotTest
from podpath.topology import multicast
from podpath.topology.multicast import Groups
from selftests.unit import samples

_ADDRESS = ipaddress.ip_address("fd00:88::12:3456")
_GROUP = "ff02::1:ff12:3456"


def link(**settings: object) -> str:
    return json.dumps([{"linkinfo": {"info_data": {"mcast_snooping": 1, **settings}}}])


def table(*entries: dict[str, str], **more: object) -> str:
    return json.dumps([{"mdb": list(entries), "router": {}, **more}])


def test_groups_of_addresses_end_with_their_last_24_bits() -> None:
    addresses = [ipaddress.ip_address("10.88.0.2"), _ADDRESS]

    assert multicast.solicited(addresses) == [(str(_ADDRESS), _GROUP)]


@pytest.mark.parametrize(
    ("settings", "in_force"),
    [
        ({"mcast_querier": 0}, False),
        ({"mcast_querier": 1}, True),
        ({"mcast_querier": 0, "mcast_querier_ipv6_addr": "fe80::1"}, True),
        ({"mcast_querier": 1, "mcast_snooping": 0}, False),
    ],
)
def test_groups_are_in_force_with_a_querier(settings: dict[str, object], in_force: bool) -> None:
    assert multicast.parse(link(**settings), table()).in_force is in_force


def test_ports_of_a_group_are_read() -> None:
    entries = [{"grp": _GROUP, "port": "veth1"}, {"grp": _GROUP, "port": "veth2"}]
    router = {"cni0": [{"port": "eth0"}]}

    read = multicast.parse(link(mcast_querier=1), table(*entries, router=router))

    assert read == Groups(True, {_GROUP: frozenset({"veth1", "veth2"})}, frozenset({"eth0"}))


def test_bridge_without_groups_lists_none() -> None:
    assert multicast.parse(link(), "[]").ports == {}
    assert multicast.parse(link(), "").ports == {}


@pytest.mark.parametrize(
    ("of_link", "groups"), [("", "[]"), ("[]", "[]"), ("{}", "[]"), ("[{}]", "[1]")]
)
def test_another_format_cannot_be_read(of_link: str, groups: str) -> None:
    with pytest.raises(CouldNotTest, match="multicast groups cannot be read"):
        multicast.parse(of_link, groups)


def _differences(groups: Groups) -> list[str]:
    topology = samples.topology()
    pod = next(iter(topology.pods))
    pods = {pod: replace(topology.pods[pod], addresses=(_ADDRESS,))}
    return [str(d) for d in multicast.multicast(replace(topology, pods=pods), groups, pod)]


def test_group_without_the_pods_port_is_a_difference() -> None:
    (difference,) = _differences(Groups(True, {_GROUP: frozenset({"veth9"})}))

    assert f"a port of {_GROUP}" in difference
    assert "sends it to veth9 alone" in difference
    assert "to no port alone" in _differences(Groups(True, {}))[0]


def test_groups_that_are_not_in_force_lose_nothing() -> None:
    assert _differences(Groups(False, {})) == []
