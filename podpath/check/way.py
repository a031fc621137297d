"""The way of packets that a profile gives a network, before there are pods. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from podpath.check import abilities
from podpath.cni.network import Network
from podpath.profiles import GATEWAY, GATEWAY_PORT, LIMITER, PLURAL, HopRule

#: Kind of path -> its title, for the kinds that people ask for first.
TITLES = {
    "unicast": "pod A to pod B",
    "isolated": "pod A to pod B: the bridge drops it",
    "to-node": "pod to its gateway on the node",
    "from-node": "node to pod",
    "outward": "pod to beyond the node",
    "inward": "the answer from beyond the node",
}
#: Kinds of path that exist only if the conflist asks for them.
_IF_MASQUERADED = frozenset({"outward", "inward"})
_POD_A, _POD_B, _NODE = "pod A", "pod B", "node"


@dataclass(frozen=True, slots=True)
class Hop:
    """One hop.

    Attributes:
        at: "pod A", "pod B" or "node".
        interface: name of the interface, or what it is.
        direction: "in" or "out".
        note: what the interface is, and what changes of the packet there; empty if nothing.
    """

    at: str
    interface: str
    direction: str
    note: str = ""


def ways(network: Network) -> dict[str, tuple[Hop, ...]]:
    """Return kind of path -> its hops, for the kinds of TITLES that the network has."""
    section = network.conflist.section
    kinds = [kind for kind in TITLES if kind in network.profile.paths]
    if not section.get("ipMasq") or "ipmasq" in abilities.undecided(network):
        kinds = [kind for kind in kinds if kind not in _IF_MASQUERADED]
    if not network.has_gateway:
        kinds = [kind for kind in kinds if kind not in ("to-node", "from-node")]
    absent = "unicast" if network.conflist.isolated else "isolated"
    kinds = [kind for kind in kinds if kind != absent]
    return {kind: tuple(_hops(network, network.hops(kind))) for kind in kinds}


def drawing(hops: Sequence[Hop]) -> list[str]:
    """Return the drawing of a way: places above, and interfaces below each in order."""
    above, below = [], []
    for place, group in groupby(hops, key=lambda hop: hop.at):
        names = " -> ".join(hop.interface for hop in group)
        width = max(len(place), len(names))
        above.append(f"{place:<{width}}")
        below.append(f"{names:<{width}}")
    return ["    ".join(above).rstrip(), " -> ".join(below).rstrip()]


def _hops(network: Network, rules: Sequence[HopRule]) -> Iterator[Hop]:
    for rule in rules:
        if rule.optional or PLURAL & {rule.at, rule.interface}:
            continue
        at = {"source": _POD_A, "destination": _POD_B}.get(rule.at, _NODE)
        interface, role = _interface(network, rule)
        changes = _changes(network, rule)
        yield Hop(at, interface, rule.direction, ", ".join(filter(None, [role, *changes])))


def _interface(network: Network, rule: HopRule) -> tuple[str, str]:
    """Return the name of a hop's interface, and what it is."""
    bridge = network.bridge
    port = f", a port of {bridge}" if bridge else ""
    profile = network.profile
    key = profile.lower.key if profile.lower else ""
    lower = str(network.conflist.section.get(key) or "uplink")
    known = {
        "pod": ("eth0", profile.kind if profile.lower else "one end of a veth pair"),
        "source": ("vethA", f"the other end of pod A's eth0{port}"),
        "destination": ("vethB", f"the other end of pod B's eth0{port}"),
        "master": (bridge, profile.master.kind if profile.master else ""),
        "lower": (lower, "the link below the pods' eth0"),
        "uplink": ("uplink", "the interface of the node's default route"),
        GATEWAY: (network.vlan_gateway, "the gateway's interface in the pods' VLAN"),
        GATEWAY_PORT: ("gateway-port", f"the gateway's port of {bridge}"),
        LIMITER: ("ifb", "limits what pod A sends"),
        "lo": ("lo", ""),
    }
    return known[rule.interface]


def _changes(network: Network, rule: HopRule) -> Iterator[str]:
    """Yield what differs of the packet at a hop from the packet that the sender sent."""
    if rule.ttl:
        yield f"TTL {rule.ttl:+}"
    if rule.rewritten or rule.routed:
        yield "other MAC addresses"
    if rule.translated:
        yield "other addresses"
    if rule.tagged and network.conflist.vlans.access:
        yield f"VLAN tag {network.conflist.vlans.access}"
