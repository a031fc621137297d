"""Routes and results that follow from the addresses of links. Pure.

With an address, the kernel adds the route to its network (net/ipv4/fib_frontend.c, fib_add_ifaddr;
net/ipv6/addrconf.c, addrconf_prefix_route). Each function is a rule of following.cause().
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_interface

from podpath.cni.network import Network
from podpath.model import NODE, POD_INTERFACE, Difference, Topology
from podpath.topology import addresses, bridge, routes, routing
from podpath.topology.cause import Cause

_ADDR, _ADDRESS, _GATEWAY = "TOPO-ADDR", "TOPO-NODE-ADDR", "TOPO-BRIDGE-GATEWAY"
_WHY = "a pod's interface has another address"
#: Kinds of difference of TOPO-ADDR with which eth0 holds other addresses than the result has.
_OTHERWISE = frozenset({"addresses", "prefix length", "address range"})


@dataclass(frozen=True, slots=True)
class _Link:
    """A link that holds other addresses than it must.

    Attributes:
        owner: "node", or "pod" and a pod's name.
        name: Name of the link.
        lost: Networks of the addresses that it must hold, and does not.
        gained: Networks of the addresses that it holds in their place.
        differences: What differs, as its requirement tells it.
    """

    owner: str
    name: str
    lost: frozenset[str]
    gained: frozenset[str]
    differences: Sequence[Difference]

    def explains(self, difference: Difference) -> bool:
        """Return whether a difference is that of a route without a gateway by this link."""
        networks = {routes.MISSING: self.lost, routes.UNEXPECTED: self.gained}
        begin, where = f"{self.owner} ", str(difference.where)
        if difference.kind not in networks or not where.startswith(begin):
            return False
        to, *words = where.removeprefix(begin).split()
        is_connected = words[:4] == ["via", "the", "link", "dev"] and self.name in words
        return is_connected and to in networks[difference.kind]


def _other_prefix(
    requirement: str, differences: Sequence[Difference], topology: Topology, network: Network
) -> Cause | None:
    """Explain the connected routes of pods by the prefix lengths of their addresses."""
    if requirement != "TOPO-ROUTE":
        return None
    found = _reasons(differences, _of_pods(topology, network))
    return Cause(_ADDR, _WHY, found) if found else None


def _of_pods(topology: Topology, network: Network) -> Iterator[_Link]:
    for pod in topology.pods:
        owner = f"pod {pod}"
        own = [d for d in addresses.addr(topology, network, pod) if d.kind == "prefix length"]
        held = [(str(d.where).removeprefix(f"{owner} "), d) for d in own]
        lost = _networks(f"{address}{d.expected}" for address, d in held)
        gained = _networks(f"{address}{d.seen}" for address, d in held)
        yield _Link(owner, POD_INTERFACE, lost, gained, own)


def _other_address(
    requirement: str, differences: Sequence[Difference], topology: Topology, network: Network
) -> Cause | None:
    """Explain the addresses of results, which the runtime has, by those that pods have instead."""
    if requirement != "TOPO-RESULT":
        return None
    found: list[Difference] = []
    rest = list(differences)
    for pod, pod_network in topology.pods.items():
        stated = [d for d in rest if str(d.where) == f"result of pod {pod}, addresses"]
        rest = [d for d in rest if d not in stated]
        own = [d for d in addresses.addr(topology, network, pod) if d.kind in _OTHERWISE]
        known = {text.partition("/")[0] for d in stated for text in _listed(d.seen)}
        if stated and not (own and known == set(map(str, pod_network.addresses))):
            return None
        found += own if stated else ()
    return Cause(_ADDR, _WHY, tuple(found)) if found and not rest else None


def _other_network(
    requirement: str, differences: Sequence[Difference], topology: Topology, network: Network
) -> Cause | None:
    """Explain routes by host ends that nobody asked for by the addresses that these have."""
    if requirement != "TOPO-NODE-ROUTE":
        return None
    found = _reasons(differences, _of_host_ends(topology, network))
    return Cause(_ADDRESS, "a host end has another address", found) if found else None


def _of_host_ends(topology: Topology, network: Network) -> Iterator[_Link]:
    for pod in topology.pods:
        if end := topology.host_end(pod):
            own = routing.node_addr(topology, network, pod)
            extra = (d for d in own if d.kind == "unexpected address")
            gained = _networks(text for d in extra for text in _listed(d.seen))
            yield _Link(NODE, end.name, frozenset(), gained, own)


def _other_gateway(
    requirement: str, differences: Sequence[Difference], topology: Topology, network: Network
) -> Cause | None:
    """Explain the subnet's route by the gateway's address that another link has, or none."""
    if requirement != "TOPO-NODE-ROUTE" or not network.is_bridged:
        return None
    found = _reasons(differences, _of_gateways(topology, network))
    return Cause(_GATEWAY, "the bridge lacks the gateway's address", found) if found else None


def _of_gateways(topology: Topology, network: Network) -> Iterator[_Link]:
    for difference in bridge.bridge_gateway(topology, network):
        if difference.kind == "gateway address":
            expected = _networks(_listed(difference.expected))
            seen = _networks(_listed(difference.seen))
            name = str(difference.where).removeprefix(f"{NODE} ")
            yield _Link(NODE, name, expected - seen, seen - expected, [difference])


def _reasons(differences: Iterable[Difference], links: Iterable[_Link]) -> tuple[Difference, ...]:
    """Return what differs on the links that explain all differences; nothing if some are left."""
    rest, found = list(differences), list[Difference]()
    for link in links:
        explained = [d for d in rest if link.explains(d)]
        rest = [d for d in rest if d not in explained]
        found += link.differences if explained else ()
    return () if rest else tuple(found)


def _networks(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(str(ip_interface(text).network) for text in texts)


def _listed(text: str) -> list[str]:
    return [] if text == "none" else text.split(", ")


RULES = (_other_gateway, _other_prefix, _other_address, _other_network)
