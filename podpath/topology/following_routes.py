"""Routes and results that follow from the addresses of links. Pure.

With an address, the kernel adds the route to its network (net/ipv4/fib_frontend.c, fib_add_ifaddr;
net/ipv6/addrconf.c, addrconf_prefix_route). Each function is a rule of following.cause().
"""

from collections.abc import Iterable, Sequence
from ipaddress import ip_interface

from podpath.cni.network import Network
from podpath.model import NODE, POD_INTERFACE, Difference, Topology
from podpath.topology import addresses, routes, routing
from podpath.topology.cause import Cause

_ADDR, _ADDRESS = "TOPO-ADDR", "TOPO-NODE-ADDR"
_WHY = "a pod's interface has another address"
#: Kinds of difference of TOPO-ADDR with which eth0 holds other addresses than the result has.
_OTHERWISE = frozenset({"addresses", "prefix length", "address range"})


def _other_prefix(
    requirement: str, differences: Sequence[Difference], topology: Topology, network: Network
) -> Cause | None:
    """Explain the connected routes of pods by the prefix lengths of their addresses."""
    if requirement != "TOPO-ROUTE":
        return None
    found: list[Difference] = []
    rest = list(differences)
    for pod in topology.pods:
        own = [d for d in addresses.addr(topology, network, pod) if d.kind == "prefix length"]
        held = [str(d.where).removeprefix(f"pod {pod} ") for d in own]
        lengths = list(zip(held, own, strict=True))
        absent = _networks(f"{address}{d.expected}" for address, d in lengths)
        present = _networks(f"{address}{d.seen}" for address, d in lengths)
        begin = f"pod {pod} "
        explained = [
            d
            for d in rest
            if _is_of(d, routes.MISSING, begin, absent, POD_INTERFACE)
            or _is_of(d, routes.UNEXPECTED, begin, present, POD_INTERFACE)
        ]
        rest = [d for d in rest if d not in explained]
        found += own if explained else ()
    return Cause(_ADDR, _WHY, tuple(found)) if found and not rest else None


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
    found: list[Difference] = []
    rest = list(differences)
    for pod in topology.pods:
        end = topology.host_end(pod)
        lacking = routing.node_addr(topology, network, pod)
        extra = [d for d in lacking if d.kind == "unexpected address"]
        present = _networks(text for d in extra for text in _listed(d.seen))
        device = end.name if end else ""
        explained = [d for d in rest if _is_of(d, routes.UNEXPECTED, f"{NODE} ", present, device)]
        rest = [d for d in rest if d not in explained]
        found += lacking if explained else ()
    if rest or not found:
        return None
    return Cause(_ADDRESS, "a host end has another address", tuple(found))


def _is_of(
    difference: Difference, kind: str, begin: str, networks: Iterable[str], device: str
) -> bool:
    """Return whether a difference is that of a route without a gateway to one of the networks."""
    where = str(difference.where)
    if difference.kind != kind or not where.startswith(begin):
        return False
    words = where.removeprefix(begin).split()
    return words[0] in networks and words[1:5] == ["via", "the", "link", "dev"] and device in words


def _networks(texts: Iterable[str]) -> set[str]:
    return {str(ip_interface(text).network) for text in texts}


def _listed(text: str) -> list[str]:
    return [] if text == "none" else text.split(", ")


RULES = (_other_prefix, _other_address, _other_network)
