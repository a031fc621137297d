"""Differences of links that follow from how pods' links are connected. Pure.

Each function is a rule of following.cause().
"""

from collections.abc import Sequence

from podpath.cni.network import Network
from podpath.model import NODE, POD_INTERFACE, Difference, Topology
from podpath.topology import bridge, interfaces, routes, settings
from podpath.topology.cause import Cause

_MEMBERS, _LOWER, _END = "TOPO-BRIDGE-MEMBERS", "TOPO-LOWER-LINK", "TOPO-HOST-END"
_GATEWAY, _LINKS = "TOPO-BRIDGE-GATEWAY", "TOPO-NODE-LINKS"
_ADDRESS, _ROUTE = "TOPO-NODE-ADDR", "TOPO-NODE-ROUTE"
#: Kinds of difference of a pod's eth0 -> those of TOPO-LOWER-LINK that they follow from: a link of
#: another kind has another MAC address; without ARP is ipvlan in modes l3 and l3s
#: (drivers/net/ipvlan/ipvlan_main.c, ipvlan_set_port_mode).
_OF_KIND = {"MAC address": "kind of interface", "flags": "mode"}
_FILTERS = "the bridge keeps VLANs apart unasked, or does not"
#: Requirement -> the kind of its differences, and the state of the VLAN filter that explains them.
_OF_FILTER = {"TOPO-BRIDGE-PORT": ("VLANs", "off"), "TOPO-FDB": ("FDB", "on")}


def _strange_port(
    requirement: str, differences: Sequence[Difference], topology: Topology, network: Network
) -> Cause | None:
    """Explain links that the node should not have by the ports that the bridge should not have."""
    if requirement != _LINKS or not network.is_bridged:
        return None
    found = [d for d in bridge.bridge_members(topology, network) if d.kind == "unexpected port"]
    ports = {d.seen for d in found}
    ends = {peer.name for port in ports if (peer := topology.peer_in_node(port))}
    if not found or not _are_unexpected(differences, ports | ends):
        return None
    return Cause(_MEMBERS, "a stranger is a port of the bridge", tuple(found))


def _other_filter(
    requirement: str, differences: Sequence[Difference], topology: Topology, network: Network
) -> Cause | None:
    """Explain VLANs of ports, and MAC addresses not learned, by whether the bridge filters VLANs.

    One that does not has no use for the VLANs of ports. One that does takes nothing from a port in
    no VLAN, and so learns nothing there (net/bridge/br_vlan.c, __allowed_ingress).
    """
    kind, filtering = _OF_FILTER.get(requirement, ("", ""))
    if {d.kind for d in differences} != {kind} or not all(map(_is_of_filter, differences)):
        return None
    found = [
        difference
        for difference in bridge.bridge_gateway(topology, network)
        if (difference.kind, difference.seen) == ("VLAN filtering", filtering)
    ]
    return Cause(_GATEWAY, _FILTERS, tuple(found)) if found else None


def _is_of_filter(difference: Difference) -> bool:
    return difference.kind == "VLANs" or difference.seen == "not learned"


def _other_lower(
    requirement: str, differences: Sequence[Difference], topology: Topology, network: Network
) -> Cause | None:
    """Explain what differs on pods' links by the kind and mode of these, and the link below."""
    if not network.profile.lower:
        return None
    of_pods = {pod: interfaces.lower_link(topology, network, pod) for pod in topology.pods}
    found = [d for own in of_pods.values() for d in own]
    if requirement == "TOPO-RESULT":
        ends = {
            f"result of pod {pod}, host end"
            for pod in of_pods
            if topology.host_end(pod) is not None
        }
        is_all = all(str(d.where) in ends for d in differences)
    elif requirement == _LINKS:
        below = {d.seen.removeprefix(f"{NODE} ") for d in found if d.kind == "lower link"}
        is_all = _are_unexpected(differences, below)
    else:
        kinds = {
            (f"pod {pod} {POD_INTERFACE}", d.kind) for pod, own in of_pods.items() for d in own
        }
        is_all = all((str(d.where), _OF_KIND.get(d.kind)) in kinds for d in differences)
    if not found or not is_all:
        return None
    return Cause(_LOWER, "a pod's interface is on another link, or of another kind", tuple(found))


def _bridged_end(
    requirement: str, differences: Sequence[Difference], topology: Topology, network: Network
) -> Cause | None:
    """Explain a bridge that nobody asked for, with a host end's address and routes."""
    if network.bridge or requirement not in {_LINKS, _ADDRESS, _ROUTE}:
        return None
    found: list[Difference] = []
    links: set[str] = set()
    for pod in topology.pods:
        end = topology.host_end(pod)
        own = [d for d in settings.host_end(topology, pod) if d.kind == "master"]
        if end is not None and own:
            found += own
            links |= {end.name, *(d.seen for d in own)}
    if not found:
        return None
    if requirement == _LINKS:
        is_all = _are_unexpected(differences, links)
    elif requirement == _ADDRESS:
        is_all = all(str(d.where).split()[1] in links for d in differences)
    else:
        is_all = all(
            d.kind in (routes.MISSING, routes.UNEXPECTED)
            and str(d.where).rpartition(" dev ")[2].split()[0] in links
            for d in differences
        )
    return Cause(_END, "a host end is a port of a bridge", tuple(found)) if is_all else None


def _are_unexpected(differences: Sequence[Difference], names: set[str]) -> bool:
    """Return whether all differences are of links of the node that should not be there."""
    places = {f"{NODE} {name}" for name in names}
    return all(d.kind == "unexpected interface" and str(d.where) in places for d in differences)


RULES = (_strange_port, _other_filter, _other_lower, _bridged_end)
