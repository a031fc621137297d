"""The uplink of the embedded node: commands of `ip -batch` for both of its ends. Pure."""

#: Name of the node's end, which is that of most real nodes.
NAME = "eth0"

# Documentation addresses (RFC 5737, RFC 3849), as the uplink leads to no real network. Its ends
# know each other's MAC address, so that no ARP of theirs disturbs a capture.
_NEAR, _FAR = "02:00:c0:00:02:02", "02:00:c0:00:02:01"
_UPLINK = [
    "link set lo up",
    f"link add eth0 address {_NEAR} type veth peer name wire address {_FAR} netns {{wire}}",
    "address add 192.0.2.2/24 dev eth0",
    "link set eth0 up",
    "route add default via 192.0.2.1",
    f"neighbour add 192.0.2.1 lladdr {_FAR} dev eth0 nud permanent",
]
_WIRE = [
    "link set lo up",
    "address add 192.0.2.1/24 dev wire",
    "link set wire up",
    f"neighbour add 192.0.2.2 lladdr {_NEAR} dev wire nud permanent",
]

# The same in IPv6. The far end must not send anything by itself. It generates no address, and has
# its own on lo, so that it joins no multicast group that it would report.
_SILENT = "link set wire addrgenmode none"
_UPLINK6 = [
    "address add 2001:db8:192:2::2/64 dev eth0 nodad",
    "route add default via 2001:db8:192:2::1 dev eth0",
    f"neighbour add 2001:db8:192:2::1 lladdr {_FAR} dev eth0 nud permanent",
]
_WIRE6 = [
    "address add 2001:db8:192:2::1/128 dev lo nodad",
    "route add 2001:db8:192:2::/64 dev wire",
    f"neighbour add 2001:db8:192:2::2 lladdr {_NEAR} dev wire nud permanent",
]


def of_node(*, ipv6: bool) -> list[str]:
    """Return the commands for the node's end. Pure."""
    return [*_UPLINK, *(_UPLINK6 if ipv6 else [])]


def of_far_end(*, ipv6: bool) -> list[str]:
    """Return the commands for the far end. Pure."""
    return [_SILENT, *_WIRE, *_WIRE6] if ipv6 else _WIRE
