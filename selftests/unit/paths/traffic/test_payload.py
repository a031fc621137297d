"""The largest payload: the smallest MTU of links and routes on the way decides."""

from dataclasses import replace
from ipaddress import ip_address, ip_network

from podpath.model import Family, Route, Topology
from podpath.paths.traffic.payload import largest_beyond, largest_payload

from ... import samples

_GATEWAY = ip_address("10.88.0.1")
_DEFAULT = Route(ip_network("0.0.0.0/0"), _GATEWAY, "eth0", ("mtu 1400",))


def with_route(base: Topology, pod: str, route: Route) -> Topology:
    name = base.pods[pod].netns
    inside = base.named[name]
    changed = replace(inside, routes=(*inside.routes, route))
    return replace(base, named={**base.named, name: changed})


def test_links_alone_limit_packets_without_other_routes() -> None:
    """1500 bytes less the headers of IPv4 and ICMP."""
    assert largest_payload(samples.topology(), Family.IPV4) == 1472
    assert largest_beyond(samples.topology(), Family.IPV4, samples.UPLINK) == 1472


def test_default_route_limits_packets_to_beyond_alone() -> None:
    """Pods on a bridge reach each other by the route of their own network."""
    base = with_route(samples.topology(), "client", _DEFAULT)

    assert largest_payload(base, Family.IPV4) == 1472
    assert largest_beyond(base, Family.IPV4, samples.UPLINK) == 1372


def test_route_to_another_pod_limits_packets_between_pods() -> None:
    """The most specific route decides."""
    route = replace(_DEFAULT, destination=ip_network(f"{samples.address('server')}/32"))
    base = with_route(samples.topology(), "client", route)

    assert largest_payload(base, Family.IPV4) == 1372


def test_uplink_limits_packets_to_beyond() -> None:
    """An overlay leaves less room than the pods' links have."""
    base = samples.topology()
    links = tuple(
        replace(i, mtu=1450) if i.name == samples.UPLINK else i for i in base.node.interfaces
    )
    base = samples.with_node(base, interfaces=links)

    assert largest_beyond(base, Family.IPV4, samples.UPLINK) == 1422
