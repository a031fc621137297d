"""Typed values of messages that are sound, and errors for those that are not."""

from collections.abc import Callable
from typing import Any

import pytest

from podpath.errors import CouldNotTest
from podpath.model import Family
from podpath.system.netlink.links import LinkMessage
from podpath.system.netlink.messages import (
    AddressMessage,
    NamespaceIdMessage,
    NeighbourMessage,
    QueueMessage,
    RouteMessage,
    RuleMessage,
)

from ...decoded import Decoded

_UP, _PROMISCUOUS = 0x1, 0x100


def _link(**attributes: Any) -> LinkMessage:
    return LinkMessage(Decoded({"family": 0, "index": 7, "flags": 0}, **attributes))


def _info(**attributes: Any) -> LinkMessage:
    return _link(IFLA_LINKINFO=Decoded({}, **attributes))


def test_link() -> None:
    link = LinkMessage(
        Decoded(
            {"family": 0, "index": 7, "flags": _UP | _PROMISCUOUS},
            IFLA_IFNAME="veth0",
            IFLA_MTU=1500,
            IFLA_MASTER=3,
            IFLA_LINK=9,
            IFLA_LINK_NETNSID=0,
            IFLA_XDP=Decoded({}, IFLA_XDP_ATTACHED="xdp"),
            IFLA_LINKINFO=Decoded({}, IFLA_INFO_KIND="veth"),
        )
    )

    assert (link.index, link.name, link.kind, link.mtu) == (7, "veth0", "veth", 1500)
    assert (link.master, link.peer_index, link.peer_nsid) == (3, 9, 0)
    assert all((link.is_up, link.is_promiscuous, link.is_general, link.has_xdp))
    assert (link.bridge, link.port, link.mode) == (None, None, "")


def test_link_without_attributes() -> None:
    link = _link()

    assert (link.master, link.peer_index, link.peer_nsid) == (None, None, None)
    assert (link.mac, link.kind, link.mode) == ("", "", "")
    assert not any((link.is_up, link.is_promiscuous, link.has_xdp))


def test_bridges_view_of_a_port_is_not_general() -> None:
    assert not LinkMessage(Decoded({"family": 7})).is_general


def test_vlans_are_of_the_bridges_view() -> None:
    """The same attribute of the interface itself has another meaning."""
    info = [Decoded({"vid": 1, "flags": 0x6}), Decoded({"vid": 7, "flags": 0})]
    spec = Decoded({}, IFLA_BRIDGE_VLAN_INFO=info)
    port = LinkMessage(Decoded({"family": 7}, IFLA_AF_SPEC=spec))

    vlans = [(v.number, v.is_pvid, v.is_untagged) for v in port.vlans]
    assert vlans == [(1, True, True), (7, False, False)]
    assert _link(IFLA_AF_SPEC=spec).vlans == ()
    assert LinkMessage(Decoded({"family": 7})).vlans == ()


@pytest.mark.parametrize(
    ("read", "error"),
    [
        (lambda: _link().name, "gives interface 7 no name"),
        (lambda: _link().mtu, "gives nothing as an MTU, which is no number"),
        (lambda: _link(IFLA_MTU=b"\1").mtu, r"gives b'\\x01' as an MTU, which is no number"),
        (lambda: _link(IFLA_MTU=True).mtu, "gives True as an MTU"),
        (lambda: _link(IFLA_LINKINFO=b"\1").kind, "as IFLA_LINKINFO, which is not understood"),
        (lambda: _link(IFLA_ADDRESS=5).mac, "gives 5 as a MAC address, which is no text"),
        (lambda: QueueMessage(Decoded({"index": 2})).kind, "interface 2 a queue without a name"),
        (
            lambda: RouteMessage(Decoded({}, RTA_GATEWAY="nowhere")).gateway,
            "gives 'nowhere' as the gateway of a route, which is no address",
        ),
    ],
)
def test_value_that_is_not_sound(read: Callable[[], object], error: str) -> None:
    with pytest.raises(CouldNotTest, match=error):
        read()


def test_port_of_another_kind_of_master_is_none() -> None:
    """The attributes of a bond's port have other meanings."""
    data = Decoded({}, IFLA_BRPORT_STATE=3)

    assert _info(IFLA_INFO_SLAVE_KIND="bond", IFLA_INFO_SLAVE_DATA=data).port is None


def test_port_without_the_switches_of_later_kernels() -> None:
    data = Decoded({}, IFLA_BRPORT_UNICAST_FLOOD=1, IFLA_BRPORT_GUARD=0)
    port = _info(IFLA_INFO_SLAVE_KIND="bridge", IFLA_INFO_SLAVE_DATA=data).port

    assert port is not None
    assert port.switches == {"flood": True, "guard": False}
    assert not port.isolated


def test_data_of_another_kind_of_link_is_not_read() -> None:
    """pyroute2 leaves the data of kinds that it does not know as bytes."""
    link = _info(IFLA_INFO_KIND="novel", IFLA_INFO_DATA=b"\1")

    assert (link.bridge, link.mode) == (None, "")


@pytest.mark.parametrize(
    ("number", "mode"), [(0, "l2"), (1, "l3"), (2, "l3s"), (3, "unknown mode 3")]
)
def test_mode_of_an_ipvlan(number: int, mode: str) -> None:
    """The kernel numbers the modes, and ip-link(8) names them."""
    data = Decoded({}, IFLA_IPVLAN_MODE=number)

    assert _info(IFLA_INFO_KIND="ipvlan", IFLA_INFO_DATA=data).mode == mode


def test_own_address_of_a_point_to_point_link() -> None:
    """IFA_ADDRESS is the other end's there."""
    message = AddressMessage(
        Decoded({"prefixlen": 32}, IFA_ADDRESS="10.0.0.1", IFA_LOCAL="10.0.0.2")
    )

    assert str(message.address) == "10.0.0.2/32"


@pytest.mark.parametrize("length", [-1, 33])
def test_prefix_that_is_out_of_range(length: int) -> None:
    message = AddressMessage(Decoded({"prefixlen": length}, IFA_LOCAL="10.0.0.1"))

    with pytest.raises(CouldNotTest, match=rf"gives 10\.0\.0\.1 a prefix of {length} bits"):
        _ = message.address


@pytest.mark.parametrize(("created", "updated", "refreshed"), [(5, 5, False), (5, 6, True)])
def test_lifetime_of_an_address(created: int, updated: int, refreshed: bool) -> None:
    times = Decoded({"cstamp": created, "tstamp": updated})

    assert AddressMessage(Decoded({}, IFA_CACHEINFO=times)).is_refreshed is refreshed


@pytest.mark.parametrize(("number", "family"), [(2, Family.IPV4), (10, Family.IPV6), (28, None)])
def test_families_other_than_ip_are_none(number: int, family: Family | None) -> None:
    """MPLS has routes, too."""
    assert RouteMessage(Decoded({"family": number})).family is family


@pytest.mark.parametrize("of", [RouteMessage, RuleMessage])
def test_table_in_the_attribute_goes_before_the_fixed_part(
    of: type[RouteMessage] | type[RuleMessage],
) -> None:
    """The fixed part has room for 255 tables only."""
    assert of(Decoded({"table": 254})).table == 254
    assert of(Decoded({"table": 252}, RTA_TABLE=1000, FRA_TABLE=1000)).table == 1000


@pytest.mark.parametrize("via", [{}, {"family": 17, "addr": "02:00"}, 7])
def test_gateway_that_is_not_understood_is_not_ignored(via: object) -> None:
    """Without its gateway, the route would be taken for a direct one."""
    with pytest.raises(CouldNotTest, match="as the gateway of a route"):
        _ = RouteMessage(Decoded({}, RTA_VIA=via)).gateway


def test_route_without_metrics() -> None:
    route = RouteMessage(Decoded({}))

    assert (route.limits, route.has_several_hops) == ({}, False)


def test_rule_without_conditions() -> None:
    rule = RuleMessage(Decoded({}))

    assert (rule.source, rule.destination, rule.interfaces, rule.priority) == (None, None, (), 0)


@pytest.mark.parametrize(
    ("state", "static"), [(0x80, True), (0x40, True), (0x02, False), (0, False)]
)
def test_neighbour_that_was_set(state: int, static: bool) -> None:
    assert NeighbourMessage(Decoded({"state": state})).is_static is static


@pytest.mark.parametrize(("number", "expected"), [(0, 0), (7, 7), (0xFFFFFFFF, None), (None, None)])
def test_number_of_a_namespace(number: int | None, expected: int | None) -> None:
    """The kernel gives -1 for a namespace without a number, and pyroute2 reads it unsigned."""
    assert NamespaceIdMessage(Decoded({}, NETNSA_NSID=number)).number == expected
