"""Check the MAC addresses of pods, of their host ends and lower links, and of results. Pure."""

from podpath.cni import result
from podpath.cni.network import Network
from podpath.errors import DoesNotConform
from podpath.model import NODE, POD_INTERFACE, Difference, Interface, Topology
from podpath.topology.comparison import Differences, shared, unequal


def mac(topology: Topology, network: Network, *, of_bridge: bool = True) -> Differences:
    """Check that MAC addresses are unique, and that each plugin result has the kernel's.

    Host ends have the profile's one MAC address, if it has one. Pods' links have the lower link's
    if their kind shares it.

    Args:
        topology: The node and its pods.
        network: The configuration, and how its plugin wires pods.
        of_bridge: Whether to compare the bridge's own address too. It is compared only for a
            gateway, whose address must stay.
    """
    differences: Differences = []
    owners: dict[str, object] = {}
    common = network.profile.host_end.mac
    for name in topology.everybody:
        link = topology.of_pod(name).interface(POD_INTERFACE)
        if network.profile.shares_mac:
            differences += _lower_mac(topology, name, link)
            continue
        owners |= {f"pod {name} {POD_INTERFACE}": link.mac} if link else {}
        for end in (topology.host_end(name), topology.lower_link(name)):
            if end and not common:
                owners[f"{NODE} {end.name}"] = end.mac
            elif end:
                differences += unequal(f"{NODE} {end.name}", {"MAC address": (common, end.mac)})
    for name in topology.pods:
        differences += _result_macs(
            topology, network, name, of_bridge and network.is_bridge_gateway
        )
    return differences + shared("MAC address", owners)


def _lower_mac(topology: Topology, pod: str, link: Interface | None) -> Differences:
    """Check that a pod's link has the MAC address of its lower link; TOPO-LOWER-LINK has others."""
    lower = topology.lower_link(pod)
    if link is None or lower is None:
        return []
    return unequal(f"pod {pod} {POD_INTERFACE}", {"MAC address": (lower.mac, link.mac)})


def _result_macs(topology: Topology, network: Network, pod: str, of_bridge: bool) -> Differences:
    try:
        reported = result.interfaces(topology.pods[pod].result)
    except DoesNotConform as error:
        return [Difference("result", f"pod {pod}", "as the CNI specification has it", str(error))]
    differences = []
    for interface in reported:
        is_bridge = interface.name == network.bridge and not interface.inside
        if not interface.mac or (is_bridge and not of_bridge):
            continue
        link = (topology.of_pod(pod) if interface.inside else topology.node).interface(
            interface.name
        )
        seen = link.mac if link else "no such interface"
        if seen != interface.mac:
            where = f"{f'pod {pod}' if interface.inside else NODE} {interface.name}"
            differences.append(Difference("MAC in result", where, interface.mac, seen))
    return differences
