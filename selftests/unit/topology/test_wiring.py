"""Wiring rules: a conforming topology gives nothing, one change gives exactly its difference."""

import json
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address, ip_interface, ip_network
from types import ModuleType
from typing import Any

import pytest

import podpath.topology.bridge
from podpath import profiles
from podpath.cni.conflist import parse
from podpath.model import (
    Bridge,
    Difference,
    Family,
    FdbEntry,
    Inherited,
    Port,
    Route,
    Rule,
    Settings,
    Topology,
)
from podpath.requirements import REQUIREMENTS
from podpath.topology import addresses, interfaces, macs, result, routing, settings, whole
from podpath.topology.multicast import Groups
from podpath.topology.wiring import Wiring, method_of

from .. import samples

Judge = Callable[[Wiring], list[Difference]]
Change = Callable[[Topology], Topology]

POD = "client"
FORWARDS, PROXY = Settings(frozenset({Family.IPV4})), Settings(proxies=frozenset({"proxy_arp"}))
STACKED = samples.network(profile=profiles.for_plugin("macvlan"))
_EXTRA = "unexpected route"
PORT = Port(state="forwarding", hairpin=False, isolated=False, learning=True)

RULES: dict[str, Judge] = {
    "netns_name": Wiring.netns_name,
    "netns_ip": lambda w: w.netns_ip(POD),
    "netns_shared": lambda w: w.netns_shared(samples.containers()),
    "pod_links": lambda w: w.pod_links(POD),
    "veth_peer": lambda w: w.veth_peer(POD),
    "bridge_port": lambda w: w.bridge_port(POD),
    "bridge_members": Wiring.bridge_members,
    "bridge_gateway": Wiring.bridge_gateway,
    "multicast": lambda w: w.multicast(POD, groups=Groups(in_force=True, ports={})),
    "lower_link": lambda w: Wiring(samples.stacked(w.topology), STACKED).lower_link(POD),
    "mtu": lambda w: w.mtu(POD),
    "mac": Wiring.mac,
    "addr": lambda w: w.addr(POD, leases=samples.leases()),
    "route": lambda w: w.route(POD),
    "host_end": lambda w: Wiring(routed(w.topology), w.network).host_end(POD),
    "rule": lambda w: w.rule(POD),
    "lo": lambda w: w.lo(POD),
    "node_addr": lambda w: w.node_addr(POD),
    "node_route": Wiring.node_route,
    "settings": lambda w: w.settings(POD),
    "switched": lambda w: settings.switched(
        "a pod", w.topology.of_pod(POD).settings, Settings(), w.network
    ),
    "result": lambda w: w.result(POD),
    "hooks": lambda w: w.hooks({"node": [], POD: []}),
    "node_links": lambda w: w.node_links(frozenset({"lo", samples.UPLINK})),
    "fdb": lambda w: w.fdb(POD),
    "bridged": lambda w: podpath.topology.bridge.bridged(w.topology, w.network, POD, "server"),
}
#: What is no requirement by itself, but is used elsewhere.
BESIDE = {"switched", "bridged"}
#: What is named in its module for what it gives.
METHODS = {"topology.result.differences": "result", "topology.hooks.differences": "hooks"}


def _public(holder: object) -> set[str]:
    return {name for name, value in vars(holder).items() if callable(value) and name[0] != "_"}


def _functions(module: ModuleType) -> set[str]:
    own = {n for n in _public(module) if getattr(module, n).__module__ == module.__name__}
    return {METHODS.get(f"{module.__name__.removeprefix('podpath.')}.{name}", name) for name in own}


def test_every_rule_is_tried_here() -> None:
    """A new public function of these modules must come into the table."""
    modules = (interfaces, macs, podpath.topology.bridge, addresses, routing, settings, result)

    assert {name for module in modules for name in _functions(module)} | {
        "hooks",
        "multicast",
    } == set(RULES)


def test_every_requirement_has_the_method_of_its_name() -> None:
    """And there is no other method, but for the one that finds them."""
    names = {method_of(identifier) for identifier in REQUIREMENTS if identifier.startswith("TOPO-")}

    assert _public(Wiring) == names | {"differences"}
    assert set(RULES) == names | BESIDE


def test_requirement_is_held_by_its_id() -> None:
    """With the pod, for one of each pod, and with what its method takes beside."""
    wiring = Wiring(eth0(mtu=1400)(samples.topology()), samples.network())

    assert wiring.differences("TOPO-MTU", POD) == wiring.mtu(POD) != []
    assert wiring.differences("TOPO-ADDR", POD, leases={}) == wiring.addr(POD, leases={}) != []
    assert wiring.differences("TOPO-BRIDGE-MEMBERS") == []


@pytest.mark.parametrize("rule", RULES)
def test_conforming_topology_has_no_difference(rule: str) -> None:
    """The sample topology is wired as the default conflist asks for."""
    assert RULES[rule](Wiring(samples.topology(), samples.network())) == []


def network(**changes: Any) -> Change:
    return lambda t: samples.with_pod_network(t, POD, **changes)


def space(**changes: Any) -> Change:
    return lambda t: samples.with_namespace(t, POD, **changes)


def eth0(**changes: Any) -> Change:
    return lambda t: samples.with_pod_link(t, POD, **changes)


def pod_lo(**changes: Any) -> Change:
    return lambda t: samples.with_pod_link(t, POD, "lo", **changes)


def host(**changes: Any) -> Change:
    return lambda t: samples.with_node_link(t, samples.host_end(POD), **changes)


def bridge(**changes: Any) -> Change:
    return lambda t: samples.with_node_link(t, samples.BRIDGE, **changes)


def inherited(**changes: Settings) -> Change:
    return network(inherited=Inherited(**changes))


def both(first: Change, second: Change) -> Change:
    return lambda t: second(first(t))


def node(**changes: Any) -> Change:
    return lambda t: samples.with_node(t, **changes)


def pod_gains(name: str, **changes: Any) -> Change:
    def change(base: Topology) -> Topology:
        links = (*base.of_pod(POD).interfaces, samples.extra_link(name, **changes))
        return samples.with_namespace(base, POD, interfaces=links)

    return change


def pod_loses(name: str) -> Change:
    return lambda t: samples.with_namespace(
        t, POD, interfaces=samples.without_link(t.of_pod(POD), name)
    )


def node_gains(name: str, **changes: Any) -> Change:
    return lambda t: samples.with_node(
        t, interfaces=(*t.node.interfaces, samples.extra_link(name, **changes))
    )


def node_loses(name: str) -> Change:
    return lambda t: samples.with_node(t, interfaces=samples.without_link(t.node, name))


def routed(base: Topology) -> Topology:
    """As where the node routes: what the host end is a port of is left to another test."""
    return host(master=None, port=None, settings=FORWARDS)(base)


def unlisted(base: Topology) -> Topology:
    """The pod's namespace has no name any more."""
    rest = {name: space for name, space in base.named.items() if name != samples.netns(POD)}
    return replace(base, named=rest)


def renamed(name: str) -> Change:
    def change(base: Topology) -> Topology:
        names = {name if n == samples.netns(POD) else n: s for n, s in base.named.items()}
        return samples.with_pod_network(replace(base, named=names), POD, netns=name)

    return change


def fdb(*entries: FdbEntry) -> Change:
    others = tuple(e for e in samples.topology().node.fdb if e.mac != samples.mac(POD))
    return node(fdb=(*others, *entries))


def learned(port: str, **changes: Any) -> FdbEntry:
    return replace(FdbEntry(samples.mac(POD), port, samples.BRIDGE, learned=True), **changes)


def held(*addresses: str) -> tuple[Any, ...]:
    return tuple(ip_interface(a) for a in addresses)


def with_result(key: str, value: object) -> Change:
    return lambda t: samples.with_result(t, POD, key, value)


def node_route(text: str, *particulars: str, device: str = "cni0") -> Change:
    more = Route(ip_network(text), None, device, particulars)
    return lambda t: samples.with_node(t, routes=(*t.node.routes, more))


def node_rule(**about: Any) -> Change:
    return node(rules=(Rule("100: table 100", **about),))


ETH0 = {"name": "eth0", "mac": samples.mac(POD), "sandbox": f"/run/netns/{samples.netns(POD)}"}
VETH = {"name": samples.host_end(POD), "mac": "02:00:00:00:02:01"}
IP = {"address": f"{samples.address(POD)}/24", "gateway": "10.88.0.1", "interface": 2}
SUBNET = ip_network("10.88.0.0/24")
CONNECTED = Route(ip_network("10.88.0.0/24"), None, "eth0")
DEFAULT = Route(ip_network("0.0.0.0/0"), ip_address("10.88.0.1"), "eth0")
STRANGE = Route(ip_network("192.0.2.0/24"), ip_address("10.88.0.1"), "eth0")
SERVERS = samples.netns("server")
SERVERS_MAC = samples.mac("server")

CHANGES = [
    ("multicast", "none", network(addresses=(ip_address("fd00:88::7"),)), ["multicast group"]),
    ("netns_name", "unlisted", unlisted, ["missing namespace"]),
    ("netns_name", "other-name", renamed("sandbox-1"), ["namespace name"]),
    ("netns_name", "no-hex", renamed("cni-xyz"), ["namespace name"]),
    ("netns_name", "shared", network(netns=SERVERS), ["shared namespace"]),
    ("netns_ip", "none", network(addresses=()), ["missing address"]),
    ("netns_ip", "not-in-kernel", eth0(addresses=()), ["address in wrong namespace"]),
    (
        "netns_ip",
        "also-elsewhere",
        lambda t: samples.with_pod_link(t, "server", addresses=held("10.88.0.2/24")),
        ["address in wrong namespace"],
    ),
    (
        "netns_ip",
        "on-the-node",
        lambda t: samples.with_node(
            t,
            interfaces=(
                *t.node.interfaces,
                samples.extra_link("dummy0", addresses=held("10.88.0.2/32")),
            ),
        ),
        ["address in wrong namespace"],
    ),
    (
        "netns_ip",
        "in-the-network-of-the-nodes-lo",
        lambda t: samples.with_node(
            t,
            interfaces=(
                *t.node.interfaces,
                samples.extra_link("lo", addresses=held("10.88.0.200/24")),
            ),
        ),
        ["address in wrong namespace"],
    ),
    # the other pod's containers are where they were, but the pod is said to be here
    (
        "netns_shared",
        "shared",
        network(netns=SERVERS),
        ["wrong namespace", "wrong namespace", "shared namespace"],
    ),
    ("netns_shared", "moved", space(inode=1), ["wrong namespace", "wrong namespace"]),
    ("pod_links", "no-eth0", pod_loses("eth0"), ["missing interface"]),
    ("pod_links", "no-lo", pod_loses("lo"), ["missing interface"]),
    ("pod_links", "eth0-down", eth0(up=False), ["interface down"]),
    ("pod_links", "lo-down", pod_lo(up=False), ["interface down"]),
    ("pod_links", "second", pod_gains("eth1"), ["unexpected interface"]),
    ("pod_links", "second-down", pod_gains("eth1", up=False), ["unexpected interface"]),
    ("pod_links", "tunnel-up", pod_gains("tunl0"), ["unexpected interface"]),
    ("pod_links", "kernels-own-tunnel", pod_gains("tunl0", up=False), []),
    ("veth_peer", "no-eth0", pod_loses("eth0"), ["missing interface"]),
    ("veth_peer", "macvlan", eth0(kind="macvlan"), ["kind of interface"]),
    ("veth_peer", "no-peer-namespace", eth0(peer_nsid=None), ["peer"]),
    ("veth_peer", "peer-elsewhere", space(nsids={0: 1}), ["peer"]),
    ("veth_peer", "no-peer", eth0(peer_index=77), ["peer"]),
    ("veth_peer", "one-way-index", host(peer_index=77), ["peer"]),
    ("veth_peer", "one-way-namespace", host(peer_nsid=3), ["peer"]),
    ("veth_peer", "peer-of-another-kind", host(kind="dummy"), ["peer"]),
    ("lower_link", "no-eth0", pod_loses("eth0"), ["missing interface"]),
    ("bridge_port", "no-host-end", eth0(peer_nsid=None), ["peer"]),
    ("bridge_port", "down", host(up=False), ["interface down"]),
    ("bridge_port", "no-master", host(master=None), ["master"]),
    ("bridge_port", "other-master", host(master=2), ["master"]),
    ("bridge_port", "no-port", host(port=None), ["bridge port"]),
    ("bridge_port", "state", host(port=replace(PORT, state="disabled")), ["port state"]),
    ("bridge_port", "hairpin", host(port=replace(PORT, hairpin=True)), ["hairpin"]),
    ("bridge_port", "isolated", host(port=replace(PORT, isolated=True)), ["isolation"]),
    ("bridge_port", "not-learning", host(port=replace(PORT, learning=False)), ["learning"]),
    ("bridge_port", "flood", host(port=replace(PORT, switches={"flood": False})), ["flood"]),
    ("bridge_port", "locked", host(port=replace(PORT, switches={"locked": True})), ["locked"]),
    ("bridge_gateway", "not-forwarding-itself", bridge(settings=Settings()), ["forwarding"]),
    (
        "bridge_gateway",
        "ipv6-address",
        bridge(addresses=held("10.88.0.1/24", "fd00::1/64")),
        ["gateway address"],
    ),
    ("bridge_members", "no-bridge", node_loses(samples.BRIDGE), ["missing interface"]),
    ("bridge_members", "detached", host(master=None), ["missing port"]),
    ("bridge_members", "stranger", node_gains("veth99", master=3), ["unexpected port"]),
    ("bridge_gateway", "no-bridge", node_loses(samples.BRIDGE), ["missing interface"]),
    ("bridge_gateway", "not-a-bridge", bridge(bridge=None), ["missing interface"]),
    ("bridge_gateway", "down", bridge(up=False), ["link state"]),
    ("bridge_gateway", "STP", bridge(bridge=Bridge(stp=True, ageing=300)), ["STP"]),
    ("bridge_gateway", "promiscuous", bridge(promiscuous=True), ["promiscuous"]),
    ("bridge_gateway", "no-address", bridge(addresses=()), ["gateway address"]),
    (
        "bridge_gateway",
        "other-address",
        bridge(addresses=held("10.88.0.9/24")),
        ["gateway address"],
    ),
    ("bridge_gateway", "prefix", bridge(addresses=held("10.88.0.1/16")), ["gateway address"]),
    (
        "bridge_gateway",
        "second-address",
        bridge(addresses=held("10.88.0.1/24", "10.89.0.1/24")),
        ["gateway address"],
    ),
    ("bridge_gateway", "not-forwarding", node(settings=Settings()), ["forwarding"]),
    ("mtu", "pod", eth0(mtu=1400), ["MTU", "MTU"]),  # the other two differ from it
    ("mtu", "host", host(mtu=1400), ["MTU"]),
    ("mtu", "bridge", bridge(mtu=1400), ["MTU"]),
    ("mtu", "no-host-end", eth0(peer_nsid=None), ["MTU"]),
    ("mtu", "no-eth0", pod_loses("eth0"), ["MTU", "MTU", "MTU"]),
    ("mac", "not-as-in-result", eth0(mac="02:00:00:00:77:77"), ["MAC in result"]),
    ("mac", "bridge", bridge(mac="02:00:00:00:77:77"), ["MAC in result"] * 3),
    ("mac", "host-end-renamed", host(name="veth77"), ["MAC in result"]),
    ("mac", "no-result", network(result={}), []),
    ("mac", "shared", eth0(mac=SERVERS_MAC), ["MAC in result", "MAC address"]),
    ("addr", "no-eth0", pod_loses("eth0"), ["missing interface"]),
    ("addr", "none-held", eth0(addresses=()), ["addresses", "addresses"]),
    ("addr", "prefix", eth0(addresses=held("10.88.0.2/16")), ["prefix length"]),
    ("addr", "not-said", network(addresses=()), ["addresses"]),
    (
        "addr",
        "out-of-range",
        lambda t: network(addresses=(ip_address("192.0.2.1"),))(
            eth0(addresses=held("192.0.2.1/24"))(t)
        ),
        ["address range", "lease"],
    ),
    (
        "addr",
        "shared",
        lambda t: samples.with_pod_network(t, "server", addresses=(samples.address(POD),)),
        ["shared address"],
    ),
    ("addr", "not-leased", network(sandbox="ab" * 32), ["lease"]),
    ("route", "no-default", space(routes=(CONNECTED,)), ["missing route"]),
    ("route", "no-connected", space(routes=(DEFAULT,)), ["missing route"]),
    ("route", "more", space(routes=(CONNECTED, DEFAULT, STRANGE)), ["unexpected route"]),
    (
        "route",
        "other-gateway",
        space(routes=(CONNECTED, replace(DEFAULT, gateway=ip_address("10.88.0.9")))),
        ["missing route", "unexpected route"],
    ),
    (
        "route",
        "other-device",
        space(routes=(replace(CONNECTED, device="eth1"), DEFAULT)),
        ["missing route", "unexpected route"],
    ),
    (
        "route",
        "another-table",
        space(routes=(CONNECTED, DEFAULT, replace(STRANGE, particulars=("table 9",)))),
        ["unexpected route"],
    ),
    (
        "route",
        "with-an-mtu",
        space(routes=(CONNECTED, replace(DEFAULT, particulars=("mtu 1200",)))),
        ["attributes of route"],
    ),
    ("rule", "one", space(rules=(Rule("100: table 9"),)), ["unexpected rule"]),
    ("lo", "no-lo", pod_loses("lo"), ["missing interface"]),
    ("lo", "no-address", pod_lo(addresses=()), ["missing address"]),
    ("lo", "small", pod_lo(mtu=1400), ["MTU"]),
    (
        "lo",
        "two-addresses",
        pod_lo(addresses=held("127.0.0.1/8", "10.96.0.1/32")),
        ["unexpected address"],
    ),
    ("lo", "ipv6-too", pod_lo(addresses=held("127.0.0.1/8", "::1/128")), []),
    ("host_end", "down", host(up=False), ["interface down"]),
    ("host_end", "absent", eth0(peer_nsid=None), ["peer"]),
    ("host_end", "node-forwards-not", node(settings=Settings()), ["forwarding"]),
    ("node_addr", "absent", eth0(peer_nsid=None), ["peer"]),
    ("node_addr", "address", host(addresses=held("192.0.2.9/32")), ["unexpected address"]),
    (
        "node_addr",
        "ipv4-link-local",
        host(addresses=held("169.254.1.1/32")),
        ["unexpected address"],
    ),
    ("node_addr", "ipv6-link-local", host(addresses=held("fe80::9/64")), []),
    ("node_route", "connected", node_route("10.88.0.0/24"), []),
    ("node_route", "absent", node(routes=()), ["missing route"]),
    ("node_route", "elsewhere", node_route("10.99.0.0/24", device="eth0"), []),
    ("node_route", "host-route", node_route("10.88.0.2/32"), ["unexpected route"]),
    ("node_route", "other-device", node_route("10.88.0.0/24", device="eth0"), ["unexpected route"]),
    ("node_route", "other-table", node_route("10.88.0.0/24", "table 9"), ["unexpected route"]),
    ("node_route", "rule-from-pods", node_rule(source=SUBNET), ["unexpected rule"]),
    ("node_route", "rule-of-the-bridge", node_rule(interfaces=("cni0",)), ["unexpected rule"]),
    ("node_route", "rule-of-others", node_rule(source=ip_network("10.99.0.0/24")), []),
    ("settings", "eth0-hears-everything", eth0(promiscuous=True), ["promiscuous"]),
    ("settings", "eth0-without-ARP", eth0(flags=frozenset({"no ARP"})), ["flags"]),
    ("settings", "host-end-flags", host(flags=frozenset({"no multicast"})), ["flags"]),
    (
        "settings",
        "eth0-forwards",
        eth0(settings=Settings(frozenset({Family.IPV6}))),
        ["forwarding"],
    ),
    ("settings", "proxy-in-pod", eth0(settings=PROXY), ["proxy ARP"]),
    ("settings", "proxy-at-host-end", host(settings=PROXY), ["proxy ARP"]),
    ("settings", "proxy-at-bridge", bridge(settings=PROXY), ["proxy ARP"]),
    (
        "settings",
        "other-than-inherited",
        both(inherited(pod=PROXY), eth0(settings=FORWARDS)),
        ["forwarding"],
    ),
    ("switched", "forwarding", space(settings=FORWARDS), ["forwarding"]),
    ("switched", "proxy", space(settings=PROXY), ["proxy ARP"]),
    ("result", "no-result", network(result={}), ["result"]),
    ("result", "no-interfaces", with_result("interfaces", []), ["result"] * 3),
    (
        "result",
        "no-macs",
        with_result("interfaces", [{"name": "cni0"}, VETH, ETH0]),
        ["result"],
    ),
    ("result", "no-host-end", with_result("interfaces", [{}, {}, ETH0]), ["result"] * 2),
    (
        "result",
        "other-sandbox",
        with_result("interfaces", [VETH, VETH, {**ETH0, "sandbox": "/run/netns/cni-0"}]),
        ["result"],
    ),
    ("result", "dns", with_result("dns", {"nameservers": ["192.0.2.53"]}), ["result"]),
    ("result", "no-dns", with_result("dns", {"search": []}), []),
    ("result", "no-addresses", with_result("ips", []), ["result"]),
    (
        "result",
        "prefix",
        with_result("ips", [{**IP, "address": "10.88.0.2/16"}]),
        ["result"] * 1,
    ),
    ("result", "gateway", with_result("ips", [{**IP, "gateway": "10.88.0.9"}]), ["result"]),
    ("result", "no-gateway", with_result("ips", [{**IP, "gateway": None}]), []),
    ("result", "interface", with_result("ips", [{**IP, "interface": 1}]), ["result"]),
    ("result", "no-interface", with_result("ips", [{**IP, "interface": 7}]), ["result"]),
    ("result", "route", with_result("routes", [{"dst": "192.0.2.0/24"}]), ["result"] * 2),
    (
        "result",
        "via",
        with_result("routes", [{"dst": "0.0.0.0/0", "gw": "10.88.0.9"}]),
        ["result"],
    ),
    ("hooks", "queue", host(queues=("clsact",)), ["traffic control"]),
    ("hooks", "xdp", eth0(xdp=True), ["XDP program"]),
    ("node_links", "more", node_gains("dummy0"), ["unexpected interface"]),
    ("node_links", "no-uplink", node_loses(samples.UPLINK), ["missing interface"]),
    ("node_links", "no-bridge", node_loses(samples.BRIDGE), ["missing interface"]),
    ("node_links", "lost-pod", eth0(peer_nsid=None), ["unexpected interface"]),
    ("node_links", "kernels-own-tunnel", node_gains("sit0", up=False), []),
    ("fdb", "no-host-end", eth0(peer_nsid=None), ["peer"]),
    ("fdb", "forgets", bridge(bridge=Bridge(stp=False, ageing=3)), ["ageing"]),
    ("fdb", "not-learned", fdb(), ["FDB"]),
    ("fdb", "permanent-only", fdb(learned("veth2", learned=False)), ["FDB"]),
    ("fdb", "other-port", fdb(learned("veth3")), ["FDB"]),
    ("fdb", "two-ports", fdb(learned("veth2"), learned("veth3")), ["FDB"]),
    ("fdb", "other-bridge", fdb(learned("veth2", bridge="br1")), ["FDB"]),
    ("bridged", "no-host-end", eth0(peer_nsid=None), ["not bridged"]),
    ("bridged", "no-bridge", node_loses(samples.BRIDGE), ["not bridged", "not bridged"]),
    ("bridged", "no-master", host(master=None), ["not bridged"]),
    ("bridged", "not-learned", fdb(), ["FDB"]),
]


@pytest.mark.parametrize(
    ("rule", "change", "kinds"),
    [pytest.param(rule, *case, id=f"{rule}-{name}") for rule, name, *case in CHANGES],
)
def test_one_change_gives_exactly_its_differences(
    rule: str, change: Change, kinds: list[str]
) -> None:
    """What was changed is named, and nothing else is."""
    found = RULES[rule](Wiring(change(samples.topology()), samples.network()))

    assert [d.kind for d in found] == kinds


def test_every_rule_is_seen_to_fail() -> None:
    """A rule that nothing violates proves nothing."""
    assert {rule for rule, _, _, kinds in CHANGES if kinds} == set(RULES)


@pytest.mark.parametrize(
    ("rule", "configured", "kinds"),
    [
        pytest.param("bridge_port", {"hairpinMode": True}, ["hairpin"], id="hairpin"),
        pytest.param("bridge_port", {"portIsolation": True}, ["isolation"], id="isolation"),
        pytest.param("bridge_port", {"bridge": "br1"}, ["master"], id="bridge"),
        pytest.param("bridge_gateway", {"promiscMode": True}, ["promiscuous"], id="promiscuous"),
        pytest.param("bridge_members", {"bridge": "br1"}, ["missing interface"], id="members"),
        pytest.param("bridge_gateway", {"isGateway": False}, ["gateway address"], id="gateway"),
        pytest.param("mtu", {"mtu": 1400}, ["MTU"] * 3, id="MTU"),
        pytest.param("route", {"ipam": {"routes": []}}, ["unexpected route"], id="no-route"),
        pytest.param(
            "route",
            {"ipam": {"routes": [{"dst": "0.0.0.0/0"}, {"dst": "192.0.2.0/24"}]}},
            ["missing route"],
            id="route",
        ),
        pytest.param(
            "addr",
            {"ipam": {"ranges": [[{"subnet": "10.88.0.0/24", "rangeStart": "10.88.0.9"}]]}},
            ["address range"],
            id="range",
        ),
        pytest.param(
            "addr",
            {"ipam": {"ranges": [[{"subnet": "10.88.0.0/24"}], [{"subnet": "fd00::/64"}]]}},
            ["addresses"],
            id="family",
        ),
    ],
)
def test_topology_that_ignores_the_conflist_differs(
    rule: str, configured: dict[str, Any], kinds: list[str]
) -> None:
    """The same topology, with something else asked for."""
    ipam = configured.get("ipam")
    main = {key: value for key, value in configured.items() if key != "ipam"}
    found = RULES[rule](Wiring(samples.topology(), samples.network(ipam, **main)))

    assert [d.kind for d in found] == kinds


def test_default_gateway_asks_for_a_default_route() -> None:
    """isDefaultGateway stands for a route that IPAM need not name."""
    network = samples.network({"routes": []}, isDefaultGateway=True)

    assert Wiring(samples.topology(), network).route(POD) == []


@pytest.mark.parametrize(
    ("chained", "reports", "kinds"),
    [("route-override", True, []), ("route-override", False, [_EXTRA]), ("tuning", True, [_EXTRA])],
    ids=["reported", "unreported", "known plugin"],
)
def test_chained_plugin_that_podpath_does_not_know_may_add_a_route(
    chained: str, reports: bool, kinds: list[str]
) -> None:
    """The result of the chain tells it: podpath cannot know what such a plugin is asked for."""
    base, network = samples.topology(), samples.network()
    added = Route(ip_network("10.77.0.0/16"), ip_address("10.88.0.1"), "eth0")
    conflist = replace(network.conflist, sections=(*network.conflist.sections, {"type": chained}))
    entries = [*base.pods[POD].result["routes"], {"dst": "10.77.0.0/16", "gw": "10.88.0.1"}]
    told = replace(base.pods[POD], result={**base.pods[POD].result, "routes": entries})
    space = base.of_pod(POD)
    changed = replace(
        base,
        named={**base.named, samples.netns(POD): replace(space, routes=(*space.routes, added))},
        pods={**base.pods, POD: told} if reports else base.pods,
    )

    found = Wiring(changed, replace(network, conflist=conflist)).route(POD)
    assert [d.kind for d in found] == kinds


def test_bridge_without_gateway_may_change_its_mac() -> None:
    """The bridge's own MAC has to stay only where it is a gateway."""
    changed = bridge(mac="02:00:00:00:77:77")(samples.topology())

    assert Wiring(changed, samples.network(isGateway=False)).mac() == []


def test_bridge_without_gateway_needs_no_forwarding() -> None:
    """A bridge that is no gateway holds no address, and the node need not forward."""
    changed = node(settings=Settings())(bridge(addresses=())(samples.topology()))

    assert Wiring(changed, samples.network(isGateway=False)).bridge_gateway() == []


def test_difference_says_where_and_what() -> None:
    """One line tells a person where to look, what should be there, and what is."""
    changed = host(master=None)(samples.topology())
    (found,) = Wiring(changed, samples.network()).bridge_port(POD)

    assert str(found) == "master at node veth2 (pod client): expected cni0, saw none"


@pytest.mark.parametrize("settings", [FORWARDS, PROXY, FORWARDS | PROXY])
def test_what_new_namespaces_start_with_is_not_the_plugins(settings: Settings) -> None:
    """Of a pod, of its eth0 and of its host end: the host's settings turned it on."""
    there = both(eth0(settings=settings), host(settings=Settings(proxies=settings.proxies)))
    known = inherited(pod=settings, node=settings)

    base, network = samples.topology(), samples.network()
    assert Wiring(both(there, known)(base), network).settings(POD) == []
    assert Wiring(there(base), network).settings(POD) != []


@pytest.mark.parametrize(
    ("sysctl", "on", "off"),
    [
        ({"net.ipv4.ip_forward": "1"}, FORWARDS, Settings()),
        ({"net/ipv4/conf/IFNAME/proxy_arp": "1"}, PROXY, Settings()),
        ({"net.ipv4.conf.all.forwarding": "0"}, Settings(), FORWARDS),
        ({"net.ipv4.conf.IFNAME.forwarding": "0"}, Settings(), FORWARDS),
        ({"net.ipv4.conf.all.proxy_arp": "0"}, Settings(), Settings()),
        ({"net.ipv4.conf.default.forwarding": "1"}, Settings(), Settings()),
        ({"net.ipv6.conf.all.forwarding": "1"}, Settings(frozenset({Family.IPV6})), Settings()),
        ({"net.ipv6.conf.eth0.forwarding": "1"}, Settings(), Settings()),
        ({"net.core.somaxconn": "500", "net.ipv4.conf.all.rp_filter": "1"}, Settings(), Settings()),
    ],
)
def test_what_tuning_is_configured_to_set_is_expected(
    sysctl: dict[str, str], on: Settings, off: Settings
) -> None:
    """It must be as configured, whatever new namespaces start with."""
    document = json.loads(samples.conflist().text)
    document["plugins"].append({"type": "tuning", "sysctl": sysctl})
    tuned = replace(samples.network(), conflist=parse(json.dumps(document)))

    def found(now: Settings, before: Settings) -> int:
        return len(settings.switched("a pod", now, before, tuned))

    assert tuned.conflist.switched == (on, off)
    assert found(on, Settings()) == found(on, off) == 0
    assert (found(Settings(), Settings()) > 0) is (on != Settings())
    assert (found(on | off, off) > 0) is (off != Settings())


def test_differences_that_other_pods_have_too_are_no_race() -> None:
    """The names of pods and of host ends do not count; kinds and the bridge do."""
    known = [
        Difference("MTU", "node veth12ab (pod client)", "1500", "1400"),
        Difference("hairpin", "pod server eth0", "on", "off"),
    ]
    same = Difference("MTU", "node veth99ff (pod pod-3)", "1500", "1400")
    other = [
        Difference("master", "node veth99ff (pod pod-3)", "cni0", "none"),
        Difference("MTU", "node cni0", "1500", "1400"),
    ]

    assert whole.unlike([same, *other], known, samples.network()) == other
