"""Pods whose gateway no interface holds: proxy ARP, one MAC address, a permanent neighbour."""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address, ip_interface, ip_network

import pytest

from podpath import profiles
from podpath.model import (
    Difference,
    Family,
    Neighbour,
    Packet,
    Route,
    Rule,
    Settings,
    Topology,
)
from podpath.paths import observe
from podpath.topology.wiring import Wiring

from .. import samples

CALICO, AWS = (profiles.named(name) for name in ("calico", "aws"))
POD = "client"
MAC = "ee:ee:ee:ee:ee:ee"
GATEWAY = ip_address("169.254.1.1")
_FORWARDS = frozenset({Family.IPV4})


def _with_own_gateway(base: Topology) -> Topology:
    """Pods with an address alone, whose gateway the node does not hold."""
    routes = (
        Route(ip_network("169.254.1.1/32"), None, "eth0"),
        Route(ip_network("0.0.0.0/0"), GATEWAY, "eth0"),
    )
    for pod in samples.PODS:
        base = samples.with_namespace(base, pod, routes=routes)
        own = ip_interface(f"{samples.address(pod)}/32")
        base = samples.with_pod_link(base, pod, addresses=(own,))
        end = samples.host_end(pod)
        base = samples.with_node_link(base, end, addresses=())
        interfaces = base.pods[pod].result["interfaces"]
        base = samples.with_result(base, pod, "interfaces", interfaces[1:])
    return base


def calico() -> Topology:
    base = _with_own_gateway(samples.routed())
    for pod in samples.PODS:
        settings = Settings(_FORWARDS, frozenset({"proxy_arp"}))
        end = samples.host_end(pod)
        base = samples.with_node_link(base, end, mac=MAC, settings=settings)
        interfaces = [{"name": end, "mac": MAC}, *base.pods[pod].result["interfaces"][1:]]
        base = samples.with_result(base, pod, "interfaces", interfaces)
    return base


def _mac_of_end(topology: Topology, pod: str) -> str:
    end = topology.host_end(pod)
    assert end
    return end.mac


def aws() -> Topology:
    base = _with_own_gateway(samples.routed())
    rules = []
    for pod in samples.PODS:
        neighbour = Neighbour(GATEWAY, _mac_of_end(base, pod), "eth0")
        base = samples.with_namespace(base, pod, neighbours=(neighbour,))
        own = ip_network(samples.address(pod))
        rules.append(Rule(f"to {own}", destination=own, table=254))
    return samples.with_node(base, rules=tuple(rules))


Judge = Callable[[Wiring], list[Difference]]
RULES: dict[str, Judge] = {
    "addr": lambda w: w.addr(POD, leases=samples.leases()),
    "host_end": lambda w: w.host_end(POD),
    "mac": Wiring.mac,
    "node_addr": lambda w: w.node_addr(POD),
    "node_route": Wiring.node_route,
    "route": lambda w: w.route(POD),
    "settings": lambda w: w.settings(POD),
}
KINDS = {"calico": (CALICO, calico), "aws": (AWS, aws)}


def found(kind: str, rule: str, change: Callable[[Topology], Topology] = lambda t: t) -> str:
    profile, make = KINDS[kind]
    network = samples.network(profile=profile, isGateway=False, ipam={"routes": []})
    return "\n".join(map(str, RULES[rule](Wiring(change(make()), network))))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("kind", KINDS)
def test_topology_of_the_profile_has_no_difference(kind: str, rule: str) -> None:
    """The samples are wired as the profiles say."""
    assert found(kind, rule) == ""


def _end(**changes: object) -> Callable[[Topology], Topology]:
    return lambda t: samples.with_node_link(t, samples.host_end(POD), **changes)


def _pod(**changes: object) -> Callable[[Topology], Topology]:
    return lambda t: samples.with_namespace(t, POD, **changes)


def _node(**changes: object) -> Callable[[Topology], Topology]:
    return lambda t: samples.with_node(t, **changes)


_OTHER_MAC = Neighbour(GATEWAY, "02:00:00:00:00:99", "eth0")
_STRANGER = Neighbour(ip_address("10.88.0.9"), MAC, "eth0")
_TO_POD = ip_network(samples.address(POD))


@pytest.mark.parametrize(
    ("kind", "rule", "change", "said"),
    [
        ("calico", "settings", _end(settings=Settings(_FORWARDS)), "expected on, saw off"),
        ("calico", "mac", _end(mac="02:00:00:00:00:99"), f"expected {MAC}, saw 02:00:00:00:00:99"),
        ("calico", "node_addr", _end(addresses=(ip_interface("10.88.0.1/32"),)), "unexpected"),
        ("calico", "node_route", _node(routes=()), "missing route at node 10.88.0.2/32"),
        ("calico", "route", _pod(routes=()), "missing route at pod client 169.254.1.1/32"),
        ("calico", "route", _pod(neighbours=(_STRANGER,)), "pod client 10.88.0.9: expected none"),
        ("aws", "route", _pod(neighbours=()), "169.254.1.1: expected 02:00:00:00:02:02, saw none"),
        ("aws", "route", _pod(neighbours=(_OTHER_MAC,)), "saw 02:00:00:00:00:99"),
        ("aws", "node_route", _node(rules=()), "missing rule at node to 10.88.0.2/32"),
        (
            "aws",
            "node_route",
            _node(rules=(Rule("to a table", destination=_TO_POD, table=100),)),
            "unexpected rule",
        ),
        (
            "aws",
            "settings",
            _end(settings=Settings(_FORWARDS, frozenset({"proxy_arp"}))),
            "expected off, saw on",
        ),
    ],
)
def test_each_change_is_found(
    kind: str, rule: str, change: Callable[[Topology], Topology], said: str
) -> None:
    """One change in a sample gives its difference."""
    assert said in found(kind, rule, change)


def test_link_local_gateway_is_the_host_ends() -> None:
    """For IPv6 alone: a host end has the address that the kernel makes of its MAC address."""
    end = ip_interface("fe80::ecee:eeff:feee:eeee/64")
    ranges = {"ranges": [[{"subnet": "10.88.0.0/24"}], [{"subnet": "fd00:88::/64"}]]}
    network = samples.network(ipam=ranges, profile=CALICO, isGateway=False)
    six = (samples.address(POD), ip_address("fd00:88::2"))
    base = samples.with_pod_network(calico(), POD, addresses=six)

    assert "missing address" in str(Wiring(base, network).node_addr(POD))
    held = samples.with_node_link(base, samples.host_end(POD), addresses=(end,))
    assert Wiring(held, network).node_addr(POD) == []


def test_host_end_answers_for_the_gateway_alone() -> None:
    """Such answers are no packets that must not be there; those for another address are."""
    profile, make = KINDS["calico"]
    network = samples.network(profile=profile, isGateway=False, ipam={"routes": []})
    answer = Packet(
        "arp",
        mac_source=MAC,
        mac_destination=samples.mac(POD),
        source=GATEWAY,
        destination=samples.address(POD),
        kind=2,
    )
    noise = observe.noise(make(), network)

    assert answer in noise
    assert replace(answer, mac_source=samples.mac("server")) not in noise
    assert replace(answer, source=ip_address("169.254.1.2")) not in noise
    without = observe.noise(aws(), samples.network(profile=AWS, isGateway=False))
    assert replace(answer, mac_source=_mac_of_end(aws(), POD)) not in without
