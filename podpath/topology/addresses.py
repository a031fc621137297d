"""Check the addresses of pods: one function for each requirement. Pure.

Rules: CNI specification 1.0.0, the reference plugins' documentation of host-local.
"""

from collections.abc import Iterator, Sequence
from ipaddress import ip_interface

from podpath.cni.ipam import Range
from podpath.cni.network import Network
from podpath.model import (
    NODE,
    POD_INTERFACE,
    Address,
    AddressWithPrefix,
    Difference,
    Family,
    Topology,
    listed,
)
from podpath.profiles import filled
from podpath.topology.comparison import Differences, of_family, unequal

#: Addresses that the kernel gives every lo that is up (net/ipv4/devinet.c, net/ipv6/addrconf.c).
_LOOPBACK = frozenset({ip_interface("127.0.0.1/8"), ip_interface("::1/128")})
#: MTU of every lo (drivers/net/loopback.c, gen_lo_setup).
_LOOPBACK_MTU = 64 * 1024


def addr(topology: Topology, network: Network, pod: str) -> Differences:
    """Check a pod's addresses: the kernel's, in range, right prefix length, and unique."""
    pod_network = topology.pods[pod]
    where = f"pod {pod} {POD_INTERFACE}"
    link = topology.of_pod(pod).interface(POD_INTERFACE)
    if link is None:
        return [Difference("missing interface", where, "present", "absent")]
    held = [a for f in Family for a in of_family(link, f)]
    differences = []
    if listed(a.ip for a in held) != listed(pod_network.addresses):
        differences.append(
            Difference("addresses", where, listed(pod_network.addresses), listed(held))
        )
    for address in held:
        differences += _address(topology, network, pod, address)
    differences += [
        Difference("address", where, "one to use for good", limit)
        for limit in link.limited
        # an IPAM of which podpath knows nothing may renew its addresses
        if network.ipam.is_stated or not limit.endswith(" expires")
    ]
    own = any(a.version == Family.IPV6.value and a.ip.is_link_local for a in link.addresses)
    if of_family(link, Family.IPV6) and not own:
        differences.append(Difference("link-local address", where, "one of IPv6", "none"))
    for family in network.families:
        of_version = of_family(link, family)
        if network.ipam.is_stated:
            differences += _of_sets(where, network.ipam.sets_of(family), of_version)
        elif not of_version:
            differences.append(Difference("addresses", where, f"one of IPv{family.value}", "none"))
    return differences


def _of_sets(
    where: str, sets: Sequence[Sequence[Range]], held: Sequence[AddressWithPrefix]
) -> Differences:
    """Check that a pod has one address of each set of ranges of an IP version."""
    by_set = [[a for a in held if any(a.ip in r for r in ranges)] for ranges in sets]
    strays = [a for a in held if not any(a in some for some in by_set)]  # _address() reports them
    empty = [ranges for ranges, some in zip(sets, by_set, strict=True) if not some]
    lacking = empty[len(strays) :]
    return [
        Difference("addresses", where, f"one of {listed(ranges)}", "none") for ranges in lacking
    ] + [
        Difference("addresses", where, f"one of {listed(ranges)}", listed(some))
        for ranges, some in zip(sets, by_set, strict=True)
        if len(some) > 1
    ]


def _address(
    topology: Topology, network: Network, pod: str, address: AddressWithPrefix
) -> Differences:
    ip, prefix = address.ip, f"/{address.network.prefixlen}"
    where = f"pod {pod} {ip}"
    differences = []
    ip_range = network.ipam.range_of(ip)
    if ip_range is None:
        configured = listed(network.ipam.ranges)
        differences.append(Difference("address range", where, configured, "outside of it"))
    else:
        expected = filled(network.profile.address, ip, ip_range.subnet, ip_range.gateway)
        length = expected.removeprefix(str(ip))
        differences += unequal(where, {"prefix length": (length, prefix)})
    sharers = [p for p, n in topology.everybody.items() if ip in n.addresses and p != pod]
    if sharers:
        differences.append(
            Difference("shared address", where, "its own", f"also pod {sharers[0]}'s")
        )
    return differences


def netns_ip(topology: Topology, pod: str) -> Differences:
    """Check that a pod's own namespace has its addresses, and no other, the node's included."""
    pod_network = topology.pods[pod]
    differences = []
    if not pod_network.addresses:
        differences.append(Difference("missing address", f"pod {pod}", "an address", "none"))
    for address in pod_network.addresses:
        holders = [
            name
            for name, space in topology.named.items()
            if any(address == a.ip for link in space.interfaces for a in link.addresses)
        ]
        if holders != [pod_network.netns]:
            seen = ", ".join(holders) or "no namespace"
            differences.append(
                Difference("address in wrong namespace", str(address), pod_network.netns, seen)
            )
        differences += [
            Difference(
                "address in wrong namespace", f"{NODE} {link}", f"{address} in pod {pod} only", held
            )
            for link, held in _held_by_node(topology, address)
        ]
    return differences


def _held_by_node(topology: Topology, address: Address) -> Iterator[tuple[str, str]]:
    """Yield each interface by which the node takes an address for its own, and what it has there.

    On lo, the node owns all of an IPv4 address's network (net/ipv4/fib_frontend.c, fib_add_ifaddr).
    """
    for link in topology.node.interfaces:
        for held in link.addresses:
            whole = link.name == "lo" and held.version == Family.IPV4.value
            if address == held.ip or (whole and address in held.network):
                yield link.name, str(held)


def lo(topology: Topology, pod: str) -> Differences:
    """Check that a pod's lo holds 127.0.0.1/8, no address but that and ::1/128, and has its MTU."""
    link = topology.of_pod(pod).interface("lo")
    where = f"pod {pod} lo"
    if link is None:
        return [Difference("missing interface", where, "present", "absent")]
    held = set(link.addresses)
    differences = unequal(where, {"MTU": (str(_LOOPBACK_MTU), str(link.mtu))})
    if not any(a.version == Family.IPV4.value for a in held & _LOOPBACK):
        differences.append(Difference("missing address", where, "127.0.0.1/8", listed(held)))
    has_ipv6 = any(a.version == Family.IPV6.value for a in topology.pods[pod].addresses)
    if has_ipv6 and not any(a.version == Family.IPV6.value for a in held & _LOOPBACK):
        differences.append(Difference("missing address", where, "::1/128", listed(held)))
    if held - _LOOPBACK:
        differences.append(
            Difference("unexpected address", where, "127.0.0.1/8 only", listed(held - _LOOPBACK))
        )
    return differences
