"""Hand-written values that conform, and ways to change one thing in them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from ipaddress import IPv4Address, ip_address, ip_interface, ip_network
from typing import Any

from podpath import profiles
from podpath.cni.conflist import DEFAULT, Conflist, parse
from podpath.cni.network import Network
from podpath.model import (
    NODE,
    Address,
    Bridge,
    Direction,
    Family,
    FdbEntry,
    Interface,
    Namespace,
    Observation,
    Packet,
    Path,
    PodNetwork,
    Port,
    Route,
    Settings,
    Sighting,
    Topology,
)
from podpath.paths import expected, probes
from podpath.profiles import Profile

BRIDGE = "cni0"
UPLINK = "uplink0"
PODS = ("client", "server", "bystander")
PROFILE = profiles.for_plugin("bridge")
NODE_INODE = 4000

_BRIDGE_INDEX = 3
_BRIDGE_MAC = "02:00:00:00:00:01"
_NUMBERS = {pod: number for number, pod in enumerate(PODS, start=2)}


# --- wiring -------------------------------------------------------------------------------


def address(pod: str) -> Address:
    """The IPv4 address of a pod of the sample topology."""
    return IPv4Address(f"10.88.0.{_NUMBERS[pod]}")


def mac(pod: str) -> str:
    """The MAC address of a pod's eth0."""
    return f"02:00:00:00:01:{_NUMBERS[pod]:02x}"


def host_end(pod: str) -> str:
    """The name of the peer of a pod's eth0."""
    return f"veth{_NUMBERS[pod]}"


def netns(pod: str) -> str:
    """The name of a pod's namespace."""
    return f"cni-0000000{_NUMBERS[pod]}-ab12"


def inode(pod: str) -> int:
    """The number of a pod's namespace."""
    return NODE_INODE + _NUMBERS[pod]


def sandbox(pod: str) -> str:
    """The container id that a pod's addresses are leased to."""
    return f"{_NUMBERS[pod]:064x}"


def leases() -> dict[str, str]:
    """What IPAM has stored for the sample topology."""
    return {str(address(pod)): sandbox(pod) for pod in PODS}


def containers() -> dict[str, dict[str, int]]:
    """The namespaces of two containers a pod."""
    return {pod: {"main": inode(pod), "beside": inode(pod)} for pod in PODS}


def topology() -> Topology:
    """A node with three pods, wired as the default conflist asks for."""
    return Topology(
        node=_node(),
        named={netns(pod): _pod_namespace(pod) for pod in PODS},
        pods={pod: _pod_network(pod) for pod in PODS},
    )


def _lo() -> Interface:
    return Interface(
        1, "lo", "", "00:00:00:00:00:00", 65536, True, addresses=(ip_interface("127.0.0.1/8"),)
    )


def _node() -> Namespace:
    bridge = Interface(
        _BRIDGE_INDEX,
        BRIDGE,
        "bridge",
        _BRIDGE_MAC,
        1500,
        True,
        addresses=(ip_interface("10.88.0.1/24"), ip_interface("fe80::1/64")),
        bridge=Bridge(stp=False, ageing=300),
        settings=Settings(frozenset({Family.IPV4})),
    )
    uplink = Interface(2, UPLINK, "veth", "02:00:00:00:00:02", 1500, True)
    return Namespace(
        name=NODE,
        inode=NODE_INODE,
        interfaces=(_lo(), uplink, bridge, *(_host_link(pod) for pod in PODS)),
        routes=(Route(ip_network("10.88.0.0/24"), None, BRIDGE),),
        fdb=tuple(FdbEntry(mac(pod), host_end(pod), BRIDGE, learned=True) for pod in PODS),
        nsids={number: inode(pod) for pod, number in _NUMBERS.items()},
        settings=Settings(frozenset({Family.IPV4})),
    )


def _host_link(pod: str) -> Interface:
    number = _NUMBERS[pod]
    return Interface(
        index=10 + number,
        name=host_end(pod),
        kind="veth",
        mac=f"02:00:00:00:02:{number:02x}",
        mtu=1500,
        up=True,
        master=_BRIDGE_INDEX,
        peer_index=2,
        peer_nsid=number,
        port=Port(state="forwarding", hairpin=False, isolated=False, learning=True),
    )


def _pod_namespace(pod: str) -> Namespace:
    eth0 = Interface(
        index=2,
        name="eth0",
        kind="veth",
        mac=mac(pod),
        mtu=1500,
        up=True,
        addresses=(ip_interface(f"{address(pod)}/24"), ip_interface("fe80::2/64")),
        peer_index=10 + _NUMBERS[pod],
        peer_nsid=0,
    )
    return Namespace(
        name=netns(pod),
        inode=inode(pod),
        interfaces=(_lo(), eth0),
        routes=(
            Route(ip_network("10.88.0.0/24"), None, "eth0"),
            Route(ip_network("0.0.0.0/0"), ip_address("10.88.0.1"), "eth0"),
        ),
        nsids={0: NODE_INODE},
    )


def routed() -> Topology:
    """The same pods on a node that routes between them, wired as the ptp plugin does."""
    base = topology()
    ends = tuple(
        replace(
            _host_link(pod),
            master=None,
            port=None,
            addresses=(ip_interface("10.88.0.1/32"),),
            settings=Settings(frozenset({Family.IPV4})),
        )
        for pod in PODS
    )
    uplink = base.node.interface(UPLINK)
    assert uplink
    routes = tuple(Route(ip_network(f"{address(p)}/32"), None, host_end(p)) for p in PODS)
    base = with_node(base, interfaces=(_lo(), uplink, *ends), routes=routes, fdb=())
    gateway = ip_address("10.88.0.1")
    inside = (
        Route(ip_network("10.88.0.1/32"), None, "eth0"),
        Route(ip_network("10.88.0.0/24"), gateway, "eth0"),
        Route(ip_network("0.0.0.0/0"), gateway, "eth0"),
    )
    for pod in PODS:
        base = with_namespace(base, pod, routes=inside)
    return base


def stacked(base: Topology | None = None) -> Topology:
    """The same pods, each with a macvlan link on the node's uplink, as the macvlan plugin does."""
    base = base or topology()
    uplink = base.node.interface(UPLINK)
    assert uplink
    uplink = replace(uplink, addresses=(ip_interface("192.0.2.2/24"),))
    default = Route(ip_network("0.0.0.0/0"), ip_address("192.0.2.1"), UPLINK)
    base = with_node(base, interfaces=(_lo(), uplink), routes=(default,), fdb=())
    for pod in PODS:
        link = {"kind": "macvlan", "mode": "bridge", "peer_index": uplink.index}
        base = with_pod_link(base, pod, **link)
        (inside,) = (i for i in base.pods[pod].result["interfaces"] if i["name"] == "eth0")
        ips = [{**ip, "interface": 0} for ip in base.pods[pod].result["ips"]]
        base = with_result(with_result(base, pod, "interfaces", [inside]), pod, "ips", ips)
    return base


def _pod_network(pod: str) -> PodNetwork:
    interfaces = [
        {"name": BRIDGE, "mac": _BRIDGE_MAC},
        {"name": host_end(pod), "mac": f"02:00:00:00:02:{_NUMBERS[pod]:02x}"},
        {"name": "eth0", "mac": mac(pod).upper(), "sandbox": f"/run/netns/{netns(pod)}"},
    ]
    result = {
        "interfaces": interfaces,
        "ips": [{"address": f"{address(pod)}/24", "gateway": "10.88.0.1", "interface": 2}],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    return PodNetwork(pod, netns(pod), (address(pod),), sandbox(pod), result)


def with_result(base: Topology, pod: str, key: str, value: object) -> Topology:
    """The topology with another value of one key of a pod's result."""
    return with_pod_network(base, pod, result={**base.pods[pod].result, key: value})


def with_pod_network(base: Topology, pod: str, **changes: Any) -> Topology:
    """The topology with something else said of a pod by the runtime."""
    return replace(base, pods={**base.pods, pod: replace(base.pods[pod], **changes)})


def with_namespace(base: Topology, pod: str, **changes: Any) -> Topology:
    """The topology with something changed in a pod's namespace."""
    name = base.pods[pod].netns
    return replace(base, named={**base.named, name: replace(base.named[name], **changes)})


def with_node(base: Topology, **changes: Any) -> Topology:
    """The topology with something changed in the node's own namespace."""
    return replace(base, node=replace(base.node, **changes))


def with_pod_link(base: Topology, pod: str, name: str = "eth0", /, **changes: Any) -> Topology:
    """The topology with one of a pod's interfaces changed."""
    return with_namespace(base, pod, interfaces=_changed(base.of_pod(pod), name, changes))


def with_node_link(base: Topology, name: str, /, **changes: Any) -> Topology:
    """The topology with one of the node's interfaces changed."""
    return with_node(base, interfaces=_changed(base.node, name, changes))


def _changed(space: Namespace, name: str, changes: Mapping[str, Any]) -> tuple[Interface, ...]:
    return tuple(replace(i, **changes) if i.name == name else i for i in space.interfaces)


def without_link(space: Namespace, name: str) -> tuple[Interface, ...]:
    """A namespace's interfaces but one."""
    return tuple(i for i in space.interfaces if i.name != name)


def extra_link(name: str, /, **changes: Any) -> Interface:
    """An interface that nobody asked for."""
    link = Interface(90, name, "dummy", "02:00:00:00:09:09", 1500, True)
    return replace(link, **changes)


def conflist(ipam: Mapping[str, Any] | None = None, **main: Any) -> Conflist:
    """The default conflist, with keys of its bridge plugin, or of its IPAM, replaced."""
    document = json.loads(DEFAULT.read_text())
    document["plugins"][0].update(main)
    document["plugins"][0]["ipam"].update(ipam or {})
    return parse(json.dumps(document))


def network(
    ipam: Mapping[str, Any] | None = None, profile: Profile = PROFILE, **main: Any
) -> Network:
    """The same with a profile, that of the bridge plugin by default."""
    return Network(conflist(ipam, **main), profile)


# --- traffic ------------------------------------------------------------------------------

IDENTIFIER = 7


def echo(source: str, destination: str, kind: int, sequence: int) -> Packet:
    """An echo request (8) or reply (0) between two pods."""
    return Packet(
        "icmp",
        mac_source=mac(source),
        mac_destination=mac(destination),
        source=address(source),
        destination=address(destination),
        ttl=64,
        ip_id=100 * kind + sequence,
        dont_fragment=True,
        kind=kind,
        number=(IDENTIFIER, sequence),
        size=56,
        digest="00ff00ff00ff00ff",
    )


def tcp(source: str, destination: str, **fields: Any) -> Packet:
    """A TCP segment from the client's port 40000 to port 80, or back."""
    there = source == "client"
    segment = Packet(
        "tcp",
        mac_source=mac(source),
        mac_destination=mac(destination),
        source=address(source),
        destination=address(destination),
        ttl=64,
        ports=(40000, 80) if there else (80, 40000),
    )
    return replace(segment, **fields)


def sighting(
    packet: Packet,
    where: tuple[str, str, Direction | None] = ("client", "eth0", Direction.OUT),
    time: int = 0,
    frame: bytes = b"",
) -> Sighting:
    """One sighting; where and when matter little to many tests."""
    namespace, interface, direction = where
    assert direction is not None, "a frame crosses an interface in one direction"
    return Sighting(namespace, interface, direction, time, packet, frame)


def path(kind: str, source: str = "", destination: str = "", base: Topology | None = None) -> Path:
    """A path of the bridge profile through the sample topology."""
    return expected.path(
        base or topology(), network(), kind, source=source, destination=destination
    )


def walk(along: Path, packet: Packet, start: int) -> list[Sighting]:
    """The packet seen once at each hop, a microsecond apart, in the order of the hops."""
    return [
        sighting(packet, hop.place, start + 1000 * number) for number, hop in enumerate(along.hops)
    ]


def paths() -> dict[str, Path]:
    """The legs of an exchange of the client with the server."""
    return {
        probes.REQUEST: path("unicast", "client", "server"),
        probes.REPLY: path("unicast", "server", "client"),
    }


def exchange(count: int = 2) -> list[Sighting]:
    """A ping of the client to the server, seen wherever it must be and nowhere else."""
    legs = paths()
    seen: list[Sighting] = []
    for sequence in range(1, count + 1):
        request = echo("client", "server", 8, sequence)
        reply = echo("server", "client", 0, sequence)
        seen += walk(legs[probes.REQUEST], request, sequence * 1_000_000)
        seen += walk(legs[probes.REPLY], reply, sequence * 1_000_000 + 100_000)
    return seen


def noise() -> probes.Noise:
    """What the namespaces of the sample topology may say on their own account."""
    base = topology()
    links = [i for space in (base.node, *base.named.values()) for i in space.interfaces]
    return probes.Noise(
        frozenset(a.ip for link in links for a in link.addresses),
        frozenset(link.mac for link in links),
        frozenset({ip_network("10.88.0.0/24")}),
    )


def observation(sightings: Sequence[Sighting]) -> Observation:
    """An observation whose proof is complete."""
    return Observation(tuple(sightings))
