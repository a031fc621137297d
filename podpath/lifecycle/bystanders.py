"""Compare the pods that stay before and after others come and go."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import fields, replace
from functools import partial

from podpath.cni.network import Network
from podpath.errors import DoesNotConform, Unmet
from podpath.model import (
    NODE,
    Address,
    AddressWithPrefix,
    Bridge,
    Difference,
    Family,
    FdbEntry,
    Interface,
    Neighbour,
    Port,
    Route,
    Rule,
    Subnet,
    Topology,
    listed,
)
from podpath.nodes.deployment import CLIENT, SERVER
from podpath.paths.observable import Traffic
from podpath.paths.observe import Observed
from podpath.paths.traffic import Traffics

_Entry = Route | Rule | Neighbour | FdbEntry

_FIELDS = (
    *("index", "mac", "mtu", "up", "addresses", "master", "peer_index", "mode"),
    *("port", "bridge", "queues", "xdp", "settings", "promiscuous", "flags", "limited"),
)


def probes(
    network: Network, traffic: Traffics, family: Family
) -> Mapping[str, Callable[[], Traffic]]:
    """Return the requirements on traffic of a pod that stays -> the maker of such traffic.

    Pods that are isolated from each other reach their gateway, if they have one.
    """
    if not network.conflist.is_apart:
        makers = {"PATH-ICMP": traffic.ping, "PATH-HTTP": traffic.http, "PATH-UDP": traffic.udp}
        return {i: partial(make, CLIENT, SERVER, family) for i, make in makers.items()}
    if not network.has_gateway:
        return {}
    gateway = network.ipam.gateway(family)
    return {"PATH-GATEWAY": partial(traffic.ping_gateway, CLIENT, gateway)}


class PathDiffers(Unmet):
    """Fault of a path that differs before pods come and go.

    Attributes:
        observed: the traffic that does not take the path.
    """

    def __init__(self, requirement: str, observed: Observed) -> None:
        fault = DoesNotConform(str(observed.differences[0]))
        why = "the path differs already before pods come and go"
        super().__init__(fault, requirement, why)
        self.observed = observed


def require_path(requirement: str, observed: Observed) -> None:
    """Require that traffic takes the path before pods come and go.

    Args:
        requirement: id of the requirement about this traffic.
        observed: the traffic.

    Raises:
        PathDiffers: it does not.
    """
    if observed.differences:
        raise PathDiffers(requirement, observed)


def changes(before: Topology, after: Topology, network: Network) -> list[Difference]:
    """List what changed for pods in both topologies, the bridge and lower links. Pure.

    The MAC address of a bridge that is no gateway follows the addresses of its ports (br_if.c,
    br_features_recompute), and no pod relies on it. The kernel gives the node's links their
    link-local addresses each time that they get a carrier (net/ipv6/addrconf.c, addrconf_notify).
    """
    links = sorted(network.shared_links)
    pairs = {f"{NODE} {link}": _pair(before, after, link) for link in links}
    differences = []
    for pod in before.pods:
        pairs[f"host end of pod {pod}"] = (before.host_end(pod), after.host_end(pod))
        pairs[f"lower link of pod {pod}"] = (before.lower_link(pod), after.lower_link(pod))
        earlier, later = before.of_pod(pod), after.of_pod(pod)
        for link in earlier.interfaces:
            pairs[f"pod {pod} {link.name}"] = (link, later.interface(link.name))
        differences += _exchanged(f"routes of pod {pod}", earlier.routes, later.routes)
        differences += _exchanged(f"rules of pod {pod}", earlier.rules, later.rules)
        where = f"permanent neighbours of pod {pod}"
        differences += _exchanged(where, earlier.neighbours, later.neighbours)
    entries = (_configured(t, before.pods) for t in (before, after))
    differences += _exchanged(f"configured FDB entries of {network.bridge}", *entries)
    for where, (was, now_is) in pairs.items():
        for name in _FIELDS:
            old, new = getattr(was, name, None), getattr(now_is, name, None)
            of_bridge = where == f"{NODE} {network.bridge}"
            follows = name == "mac" and of_bridge and not network.is_bridge_gateway
            if name == "master":
                old, new = _named(before, old), _named(after, new)
            if name == "bridge":
                old, new = _settings_of(was), _settings_of(now_is)
            if name == "addresses" and not where.startswith("pod "):
                old, new = _configured_addresses(was), _configured_addresses(now_is)
            if old != new and not follows:
                differences += _unlike(f"{where} {name}", old, new)
    return differences


def _settings_of(link: Interface | None) -> Bridge | None:
    """Return a bridge's settings, without the ageing time that its spanning tree changes.

    It does so for as long as ports come and go (net/bridge/br_stp.c, __br_set_topology_change).
    """
    own = link.bridge if link else None
    return replace(own, ageing=0.0) if own and own.stp else own


def _configured_addresses(link: Interface | None) -> tuple[AddressWithPrefix, ...] | None:
    """Return a link's addresses without those that the kernel gives it by itself."""
    if link is None:
        return None
    return tuple(a for a in link.addresses if a.version == Family.IPV4.value or not a.is_link_local)


def _configured(topology: Topology, pods: Iterable[str]) -> list[FdbEntry]:
    """List the FDB entries of pods' ports that the bridge did not learn."""
    ends = {end.name for end in map(topology.host_end, pods) if end is not None}
    return [e for e in topology.node.fdb if e.port in ends and not e.learned]


def lost_ways(before: Topology, after: Topology, network: Network) -> list[Difference]:
    """List the node's routes by pods' links, and rules about pods, that vanished. Pure."""
    links = {network.bridge, *(end.name for pod in before.pods if (end := before.host_end(pod)))}
    present = set(after.node.routes)
    routes = [
        str(route)
        for route in before.node.routes
        if route.device in links and route not in present and not _is_link_local(route)
    ]
    rules = _rules_of_pods(before.node.rules, after.node.rules, before)
    return [
        Difference("lost", f"{kind} of the {NODE}", text, "gone")
        for kind, texts in (("routes", routes), ("rules", rules))
        for text in texts
    ]


def _rules_of_pods(
    those: Iterable[Rule], without: Collection[Rule], topology: Topology
) -> list[str]:
    """List the rules about pods' addresses that are not among others, as texts."""
    pods = [a for network in topology.pods.values() for a in network.addresses]
    return [
        rule.text
        for rule in those
        if rule not in without
        and any(_has_any(end, pods) for end in (rule.source, rule.destination) if end)
    ]


def _is_link_local(route: Route) -> bool:
    """Return whether the kernel adds a route with a link-local address of its own."""
    return route.destination.version == Family.IPV6.value and route.destination.is_link_local


def new_ways(before: Topology, after: Topology) -> list[Difference]:
    """List the node's routes, rules, addresses and permanent neighbours of pods that came. Pure."""
    pods = [a for network in before.pods.values() for a in network.addresses]
    routes = [
        str(route)
        for route in after.node.routes
        if route not in before.node.routes and _has_any(route.destination, pods)
    ]
    rules = _rules_of_pods(after.node.rules, before.node.rules, before)
    neighbours = [
        _worded(neighbour)
        for neighbour in after.node.neighbours
        if neighbour not in before.node.neighbours and neighbour.address in pods
    ]
    addresses = [text for text in _held(after, pods) if text not in _held(before, pods)]
    came = {"routes": routes, "rules": rules, "permanent neighbours": neighbours}
    came |= {"addresses": addresses}
    return [
        Difference("changed", f"{kind} of the {NODE}", "none", text)
        for kind, texts in came.items()
        for text in texts
    ]


def _held(topology: Topology, addresses: Collection[Address]) -> list[str]:
    """List those of the addresses that the node has for its own, each with its link."""
    return [
        f"{held} on {link.name}"
        for link in topology.node.interfaces
        for held in link.addresses
        if held.ip in addresses
    ]


def _has_any(subnet: Subnet, addresses: Iterable[Address]) -> bool:
    """Return whether a network has one of the addresses, and not just any address."""
    return subnet.prefixlen > 0 and any(address in subnet for address in addresses)


def _pair(
    before: Topology, after: Topology, link: str
) -> tuple[Interface | None, Interface | None]:
    return before.node.interface(link), after.node.interface(link)


def _exchanged(where: str, earlier: Iterable[_Entry], later: Iterable[_Entry]) -> list[Difference]:
    before, after = (set(map(_worded, entries)) for entries in (earlier, later))
    return [_change(where, text, "gone") for text in sorted(before - after)] + [
        _change(where, "none", text) for text in sorted(after - before)
    ]


def _worded(entry: _Entry) -> str:
    if isinstance(entry, Neighbour):
        return f"{entry.address} is at {entry.mac or 'no MAC address'}"
    if isinstance(entry, FdbEntry):
        return f"{entry.mac} on {entry.port}"
    return entry.text if isinstance(entry, Rule) else str(entry)


def _named(topology: Topology, index: int | None) -> str:
    """Return the name of a link of the node, by its index; "none" without one."""
    link = topology.node.by_index(index)
    return link.name if link else "none"


def _unlike(where: str, old: object, new: object) -> list[Difference]:
    """List how two values differ: field by field, or entry by entry, if they have some."""
    if isinstance(old, Port | Bridge) and isinstance(new, Port | Bridge):
        names = [f.name for f in fields(old) if getattr(old, f.name) != getattr(new, f.name, None)]
        return [
            _change(f"{where} {name}", getattr(old, name), getattr(new, name, None))
            for name in names
        ]
    if isinstance(old, Port | Bridge):
        return [_change(where, "present", "none")]
    if isinstance(old, tuple) and isinstance(new, tuple):
        old, new = (listed(map(str, entries)) for entries in (old, new))
    return [_change(where, old, new)]


def _change(where: str, old: object, new: object) -> Difference:
    return Difference("changed", where, str(old), str(new))
