"""Routes are compared with the attributes that a conflist gives them."""

from dataclasses import replace
from ipaddress import ip_address, ip_network

from podpath.cni.routes import ConfiguredRoute
from podpath.model import Route
from podpath.system.netlink.messages import RouteMessage
from podpath.topology import routes
from podpath.topology.reading import routes as reading
from selftests.unit.decoded import Decoded

_ANYWHERE, _GATEWAY = ip_network("0.0.0.0/0"), ip_address("10.88.0.1")
_DEFAULT = Route(_ANYWHERE, _GATEWAY, "eth0")


def _kinds(expected: set[Route], present: set[Route]) -> list[str]:
    return [d.kind for d in routes.exactly("pod client", expected, present)]


def test_route_with_another_size_is_one_difference() -> None:
    """It is there, and leads where it must: packets still take it."""
    sized = replace(_DEFAULT, particulars=("mtu 1400",))

    (difference,) = routes.exactly("pod client", {sized}, {_DEFAULT})
    assert str(difference) == (
        "attributes of route at pod client 0.0.0.0/0 via 10.88.0.1 dev eth0:"
        " expected mtu 1400, saw none"
    )


def test_route_in_another_table_is_missing() -> None:
    other = replace(_DEFAULT, particulars=("table 100",))

    assert _kinds({other}, {_DEFAULT}) == ["missing route", "unexpected route"]
    assert other.elsewhere == ("table 100",)
    assert replace(_DEFAULT, particulars=("mtu 1400", "advmss 1300")).elsewhere == ()


def test_metric_and_scope_count_where_they_are_configured() -> None:
    """A metric that the plugin chose by itself sends no packet another way."""
    chosen = replace(_DEFAULT, metric=7, scope=253)
    asked = ConfiguredRoute(_ANYWHERE, None, metric=50, scope=0)

    assert list(routes.with_attributes([chosen], [])) == [chosen]
    (shown,) = routes.with_attributes([chosen], [asked])
    assert shown.particulars == ("metric 7", "scope link")


def test_ipv6_has_a_usual_metric_and_no_scopes() -> None:
    route = Route(ip_network("::/0"), ip_address("fd00::1"), "eth0", metric=0)
    asked = ConfiguredRoute(route.destination, None, metric=1024, scope=253)

    (shown,) = routes.with_attributes([route], [asked])
    assert shown.particulars == ("metric 1024",)


def test_size_that_the_kernel_learned_of_a_destination_is_no_route() -> None:
    """A dump has it beside the routes, once an ICMP error asked for smaller packets."""
    fields = {"family": 2, "type": 1, "proto": 0, "dst_len": 32, "scope": 0}
    learned, route = (
        RouteMessage(Decoded({**fields, "flags": flags}, RTA_TABLE=254, RTA_DST="10.88.0.5"))
        for flags in (0x200, 0)
    )

    assert len(list(reading.routes([learned], {}))) == 0
    assert len(list(reading.routes([route], {}))) == 1
