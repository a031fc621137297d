"""Check the addresses of pods: one function for each requirement. Pure.

Rules: CNI specification 1.0.0, the reference plugins' documentation of host-local.
"""

from collections.abc import Mapping
from ipaddress import ip_interface

from podpath.cni.network import Network
from podpath.model import POD_INTERFACE, AddressWithPrefix, Difference, Family, Topology, listed
from podpath.profiles import filled
from podpath.topology.comparison import Differences, of_family, unequal

#: Addresses that the kernel gives every lo that is up (net/ipv4/devinet.c, net/ipv6/addrconf.c).
_LOOPBACK = frozenset({ip_interface("127.0.0.1/8"), ip_interface("::1/128")})


def addr(
    topology: Topology,
    network: Network,
    leases: Mapping[str, str],
    pod: str,
) -> Differences:
    """Check a pod's addresses: the kernel's, in range, right prefix length, unique, and leased.

    Args:
        topology: The node and its pods.
        network: The configuration, and how its plugin wires pods.
        leases: Address -> container id, as IPAM stores them.
        pod: The pod's name.
    """
    its = topology.pods[pod]
    where = f"pod {pod} {POD_INTERFACE}"
    link = topology.of_pod(pod).interface(POD_INTERFACE)
    if link is None:
        return [Difference("missing interface", where, "present", "absent")]
    held = [a for f in Family for a in of_family(link, f)]
    found = []
    if listed(a.ip for a in held) != listed(its.addresses):
        found.append(Difference("addresses", where, listed(its.addresses), listed(held)))
    for address in held:
        found += _address(topology, network, leases, pod, address)
    for family in network.families:
        if not of_family(link, family):
            found.append(Difference("addresses", where, f"one of IPv{family.value}", "none"))
    return found


def _address(
    topology: Topology,
    network: Network,
    leases: Mapping[str, str],
    pod: str,
    address: AddressWithPrefix,
) -> Differences:
    ip, prefix = address.ip, f"/{address.network.prefixlen}"
    where = f"pod {pod} {ip}"
    found = []
    held_by = network.ipam.range_of(ip)
    if held_by is None:
        configured = listed(f"{r.first}-{r.last}" for r in network.ipam.ranges)
        found.append(Difference("address range", where, configured, "outside of it"))
    else:
        wanted = filled(network.profile.address, ip, held_by.subnet, held_by.gateway)
        length = wanted.removeprefix(str(ip))
        found += unequal(where, {"prefix length": (length, prefix)})
    sharers = [p for p, n in topology.everybody.items() if ip in n.addresses and p != pod]
    if sharers:
        found.append(Difference("shared address", where, "its own", f"also pod {sharers[0]}'s"))
    holder, own = leases.get(str(ip), "nobody"), topology.pods[pod].sandbox
    if holder != own:
        found.append(Difference("lease", where, f"leased to {own[:12]}", f"to {holder[:12]}"))
    return found


def netns_ip(topology: Topology, pod: str) -> Differences:
    """Check that a pod's own namespace has its addresses, and that no other named one has them."""
    its = topology.pods[pod]
    found = []
    if not its.addresses:
        found.append(Difference("missing address", f"pod {pod}", "an address", "none"))
    for address in its.addresses:
        holders = [
            name
            for name, space in topology.named.items()
            if any(address == a.ip for link in space.interfaces for a in link.addresses)
        ]
        if holders != [its.netns]:
            seen = ", ".join(holders) or "no namespace"
            found.append(Difference("address in wrong namespace", str(address), its.netns, seen))
    return found


def lo(topology: Topology, pod: str) -> Differences:
    """Check that a pod's lo holds 127.0.0.1/8, and no address but that and ::1/128."""
    link = topology.of_pod(pod).interface("lo")
    where = f"pod {pod} lo"
    if link is None:
        return [Difference("missing interface", where, "present", "absent")]
    held = set(link.addresses)
    found = []
    if not any(a.version == Family.IPV4.value for a in held & _LOOPBACK):
        found.append(Difference("missing address", where, "127.0.0.1/8", listed(held)))
    if held - _LOOPBACK:
        found.append(
            Difference("unexpected address", where, "127.0.0.1/8 only", listed(held - _LOOPBACK))
        )
    return found
