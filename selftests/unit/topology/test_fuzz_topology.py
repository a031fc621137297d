"""Whatever the kernel says by netlink: sound values come of it, or it could not be tested."""

import socket
from collections.abc import Iterator
from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st

from podpath.model import (
    Address,
    AddressWithPrefix,
    Family,
    FdbEntry,
    Port,
    Route,
    Settings,
    Subnet,
)
from podpath.system.netlink.attributes import Attributes
from podpath.system.netlink.links import LinkMessage
from podpath.system.netlink.messages import (
    AddressMessage,
    NeighbourMessage,
    QueueMessage,
    RouteMessage,
    RuleMessage,
)
from podpath.topology.reading import fdb, links, neighbour_tables, routes, rules

from ..decoded import Decoded
from ..strategies import soundly, values

_addresses = [
    "10.88.0.2",
    "fd00::2",
    "fe80::1%eth0",
    "nowhere",
    "10.88.0.2/24",
    b"\x0a\x58\x00\x02",
]
_odd = st.one_of(
    st.none(),
    st.integers(-1, 300),
    st.sampled_from([2**32 - 1, 2**64, b"\xff", "", "eth0", *_addresses]),
    values,
    st.builds(Decoded, st.just({})),
)


def _mostly(*usual: Any) -> st.SearchStrategy[Any]:
    """What is usual, as a rule, so that what is odd comes alone."""
    return st.sampled_from(usual * 5 + (None,)).flatmap(
        lambda value: _odd if value is None else st.just(value)
    )


def _message(
    header: dict[str, st.SearchStrategy[Any]], **attributes: st.SearchStrategy[Any]
) -> st.SearchStrategy[Decoded]:
    return st.builds(
        lambda head, rest: Decoded(head, **rest),
        st.fixed_dictionaries(header),
        st.fixed_dictionaries({}, optional=attributes) | st.fixed_dictionaries(attributes),
    )


_bridge = _message(
    {},
    IFLA_BR_STP_STATE=_mostly(0, 1, 2),
    IFLA_BR_AGEING_TIME=_mostly(30000),
    IFLA_BR_VLAN_FILTERING=_mostly(0, 1),
)
_macvlan = _message({}, IFLA_MACVLAN_MODE=_mostly("bridge", "private"))
_ipvlan = _message({}, IFLA_IPVLAN_MODE=_mostly(0, 1, 2, 3))
_port = _message(
    {},
    IFLA_BRPORT_STATE=_mostly(0, 3, 4, 5, 255, -1),
    IFLA_BRPORT_MODE=_mostly(0, 1),
    IFLA_BRPORT_ISOLATED=_mostly(0, 1),
    IFLA_BRPORT_LEARNING=_mostly(0, 1),
    IFLA_BRPORT_UNICAST_FLOOD=_mostly(0, 1),
)
_info = _message(
    {},
    IFLA_INFO_KIND=_mostly("bridge", "veth", "macvlan", "ipvlan"),
    IFLA_INFO_DATA=_bridge | _macvlan | _ipvlan | _odd,
    IFLA_INFO_SLAVE_KIND=_mostly("bridge", "bond"),
    IFLA_INFO_SLAVE_DATA=_port | _odd,
)
_link = _message(
    {"index": _mostly(2, 3), "flags": _mostly(0, 0x1003)},
    IFLA_IFNAME=_mostly("eth0", b"x\xff"),
    IFLA_MTU=_mostly(1500),
    IFLA_ADDRESS=_mostly("02:00:00:00:00:01"),
    IFLA_MASTER=_mostly(3),
    IFLA_LINK=_mostly(9),
    IFLA_LINK_NETNSID=_mostly(0),
    IFLA_XDP=_message({}, IFLA_XDP_ATTACHED=_mostly("xdp")) | _odd,
    IFLA_LINKINFO=_info | _odd,
).map(LinkMessage)
_families = _mostly(int(socket.AF_INET), int(socket.AF_INET6), 28, 45, 129)
_address = _message(
    {
        "index": _mostly(2),
        "family": _families,
        "prefixlen": _mostly(24, 33, 64, 129, -1),
        "scope": _mostly(0, 253),
        "flags": _mostly(0, 128, 32),
    },
    IFA_FLAGS=_mostly(0, 128, 32),
    IFA_CACHEINFO=_odd,
    IFA_LOCAL=_mostly(*_addresses),
    IFA_ADDRESS=_mostly(*_addresses),
).map(AddressMessage)
_route = _message(
    {
        "family": _families,
        "type": _mostly(1, 2, 6, 99),
        "proto": _mostly(2, 4),
        "table": _mostly(254, 0),
        "dst_len": _mostly(0, 24, 33, 64, 128),
        "scope": _mostly(0, 253),
        "flags": _mostly(0, 0x200),
    },
    RTA_TABLE=_mostly(254, 100),
    RTA_PRIORITY=_mostly(0, 50, 1024),
    RTA_METRICS=_message({}, RTAX_MTU=_mostly(1400)) | _odd,
    RTA_MULTIPATH=_mostly([]),
    RTA_DST=_mostly("10.88.0.0", "fd00::", "10.88.0.1"),
    RTA_GATEWAY=_mostly(*_addresses),
    RTA_VIA=_mostly({"family": 10, "addr": "fe80::1"}, {"family": 17, "addr": "02:00"}, {}),
    RTA_OIF=_mostly(2, 7),
).map(RouteMessage)
_rule = _message(
    {"table": _mostly(254, 0), "src_len": _mostly(0, 32, 129), "dst_len": _mostly(0, 24)},
    FRA_TABLE=_mostly(254, 1000),
    FRA_PRIORITY=_mostly(0, 32766),
    FRA_SRC=_mostly(*_addresses),
    FRA_DST=_mostly(*_addresses),
    FRA_IIFNAME=_mostly("eth0"),
).map(RuleMessage)
_queue = _message({"index": _mostly(2)}, TCA_KIND=_mostly("noqueue", "clsact")).map(QueueMessage)
_entry = _message(
    {"ifindex": _mostly(2), "flags": _mostly(0, 2), "state": _mostly(0x80, 2)},
    NDA_MASTER=_mostly(3),
    NDA_LLADDR=_mostly("02:00:00:00:00:01"),
).map(NeighbourMessage)
_neighbour = _message(
    {}, NDA_DST=_mostly(*_addresses), NDA_LLADDR=_mostly("02:00:00:00:00:01")
).map(NeighbourMessage)
_NAMES = {2: "eth0", 3: "cni0"}


def _is_number(value: object) -> bool:
    return type(value) is int


def test_time_of_an_address_that_is_cut_off_is_told() -> None:
    """The kernel's structure has four numbers; a shorter one has none of them."""
    times = Attributes(Decoded({}))

    assert soundly(lambda: times.field("ifa_valid", "the time of an address")) is None


@given(_link, st.lists(_address, max_size=2), st.lists(_queue, max_size=2))
def test_any_link_is_an_interface_or_told(
    link: LinkMessage, addresses: list[AddressMessage], queues: list[QueueMessage]
) -> None:
    """Each field is of its type, whatever is missing or out of range."""
    interface = soundly(lambda: links.interface(link, addresses, queues, Settings()))
    if interface is None:
        return
    assert all(_is_number(n) for n in (interface.index, interface.mtu))
    assert all(n is None or _is_number(n) for n in (interface.master, interface.peer_index))
    assert all(
        isinstance(t, str) for t in (interface.name, interface.kind, interface.mac, interface.mode)
    )
    assert interface.name != ""
    assert all(isinstance(a, get_args(AddressWithPrefix)) for a in interface.addresses)
    if interface.port:
        _check_port(interface.port)


def _check_port(port: Port) -> None:
    assert isinstance(port.state, str)
    assert (port.state == "forwarding") <= (port != Port("disabled", False, False, False))


@given(st.lists(_route, max_size=3))
def test_any_routes_are_read_or_told(messages: list[RouteMessage]) -> None:
    """Those of other families are passed over; a gateway is an address, of whatever family."""
    for route in soundly(lambda: list(routes.routes(messages, _NAMES))) or ():
        assert isinstance(route, Route)
        assert isinstance(route.destination, get_args(Subnet))
        assert route.gateway is None or isinstance(route.gateway, get_args(Address))
        assert isinstance(route.device, str)


def test_gateway_of_another_family_is_no_direct_route() -> None:
    """An IPv4 route by way of an IPv6 gateway is not one to the link itself."""
    via = {"family": 10, "addr": "fe80::1"}
    message = Decoded(
        {"family": 2, "type": 1, "proto": 4, "dst_len": 24, "scope": 0, "flags": 0},
        RTA_TABLE=254,
        RTA_DST="10.88.0.0",
        RTA_VIA=via,
    )
    (route,) = routes.routes([RouteMessage(message)], _NAMES)

    assert str(route.gateway) == "fe80::1"


@given(_rule, st.sampled_from(list(Family)))
def test_any_rule_is_read_or_told(message: RuleMessage, family: Family) -> None:
    """A rule is told in a line; what it is about are networks."""
    rule = soundly(lambda: rules._rule(message, family))
    if rule is not None:
        assert rule.text
        assert all(
            n is None or isinstance(n, get_args(Subnet)) for n in (rule.source, rule.destination)
        )


@given(st.lists(_entry, max_size=3))
def test_any_fdb_is_read_or_told(messages: list[NeighbourMessage]) -> None:
    """Entries have a MAC address and names."""
    for entry in soundly(lambda: list(fdb.entries(messages, _NAMES))) or ():
        assert isinstance(entry, FdbEntry)
        assert all(isinstance(t, str) for t in (entry.mac, entry.port, entry.bridge))


@given(st.lists(_neighbour, max_size=3))
def test_any_neighbours_are_read_or_told(messages: list[NeighbourMessage]) -> None:
    """Those that are not resolved have no MAC address, and are passed over."""
    table = soundly(lambda: dict(neighbour_tables._resolved(messages)))

    assert all(address and mac for address, mac in (table or {}).items())


def _states() -> Iterator[tuple[int, str]]:
    for state in (-1, 5, 255):
        yield state, f"unknown state {state}"


def test_port_states_out_of_range_are_not_forwarding() -> None:
    """A state that no kernel had when this was written is told as its number."""
    for state, name in [*enumerate(links._STATES), *_states()]:
        data = Decoded({}, IFLA_BRPORT_STATE=state, IFLA_BRPORT_MODE=0, IFLA_BRPORT_LEARNING=1)
        info = Decoded({}, IFLA_INFO_SLAVE_KIND="bridge", IFLA_INFO_SLAVE_DATA=data)
        port = LinkMessage(Decoded({}, IFLA_LINKINFO=info)).port

        assert port is not None
        assert links.port(port).state == name


def test_names_that_are_not_utf8_are_texts() -> None:
    """As file names are: pyroute2 leaves them as bytes."""
    assert LinkMessage(Decoded({}, IFLA_IFNAME=b"x\xff")).name == "x\udcff"
