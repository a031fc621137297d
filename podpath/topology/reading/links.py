"""Read interfaces from the kernel's messages. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from ipaddress import ip_address

from podpath.model import Bridge, Interface, Port, PortVlan, Settings
from podpath.system.netlink.links import (
    BridgeAttributes,
    LinkMessage,
    PortAttributes,
    VlanAttributes,
)
from podpath.system.netlink.messages import AddressMessage, QueueMessage

_USER_HZ = 100  # ticks a second in times that the kernel reports, whatever its own HZ
_WITHOUT = {0x2: "no broadcast", 0x1000: "no multicast"}  # IFF_* of linux/if.h
_WITH = {0x80: "no ARP", 0x200: "all multicast"}
_DEFAULT_QUEUES = frozenset({"noqueue", "pfifo_fast", "fq_codel", "fq", "mq"})
_SCOPES = {200: "site", 253: "link", 254: "host", 255: "nowhere"}  # linux/rtnetlink.h
_EVERYBODY = ip_address("255.255.255.255")
_STATES = ("disabled", "listening", "learning", "forwarding", "blocking")


def interfaces(
    links: Iterable[LinkMessage],
    addresses: Iterable[AddressMessage],
    queues: Iterable[QueueMessage],
    settings: Callable[[str], Settings],
    ports: Iterable[LinkMessage],
) -> Iterator[Interface]:
    """Read the interfaces of a namespace.

    Args:
        links: The interfaces.
        addresses: Addresses of all interfaces.
        queues: Queueing disciplines of all interfaces.
        settings: Returns the kernel's settings of an interface, by its name.
        ports: The bridges' view of their ports.

    Raises:
        CouldNotTest: A message is not sound.
    """
    addresses_of: dict[int, list[AddressMessage]] = defaultdict(list)
    queues_of: dict[int, list[QueueMessage]] = defaultdict(list)
    for address in addresses:
        addresses_of[address.index].append(address)
    for queue in queues:
        queues_of[queue.index].append(queue)
    vlans = {port.index: port.vlans for port in ports}
    for link in links:
        index = link.index
        yield interface(
            link, addresses_of[index], queues_of[index], settings(link.name), vlans.get(index, ())
        )


def interface(
    link: LinkMessage,
    addresses: Iterable[AddressMessage],
    queues: Iterable[QueueMessage],
    settings: Settings,
    vlans: Sequence[VlanAttributes] = (),
) -> Interface:
    """Read an interface.

    Args:
        link: The interface.
        addresses: Its addresses.
        queues: Its queueing disciplines.
        settings: The kernel's settings of the interface.
        vlans: Its VLANs, if it is the port of a bridge.

    Raises:
        CouldNotTest: A message is not sound.
    """
    held = [address for address in addresses if address.family]
    return Interface(
        index=link.index,
        name=link.name,
        kind=link.kind,
        mac=link.mac,
        mtu=link.mtu,
        mtu_of_ipv6=link.mtu_of_ipv6,
        up=link.is_up,
        addresses=tuple(a.address for a in held),
        master=link.master,
        peer_index=link.peer_index,
        peer_nsid=link.peer_nsid,
        port=port(link.port, vlans) if link.port else None,
        bridge=_bridge(link.bridge) if link.bridge else None,
        mode=link.mode,
        queues=tuple(_unusual_queues(queues)),
        xdp=link.has_xdp,
        settings=settings,
        promiscuous=link.is_promiscuous,
        flags=frozenset(_unusual(link.flags)),
        limited=tuple(limit for a in held if not a.address.is_link_local for limit in _limits(a)),
    )


def _limits(message: AddressMessage) -> Iterator[str]:
    """Yield what keeps an address from being used as its owner expects, or for as long."""
    address = message.address
    if not message.is_global:
        yield f"{address} is of scope {_SCOPES.get(message.scope, message.scope)}"
    if not message.is_for_good:
        yield f"{address} expires"
    if message.is_deprecated:
        yield f"{address} is deprecated"
    if message.is_duplicate:
        yield f"{address} is a duplicate"
    broadcast = message.broadcast
    if broadcast is not None and broadcast not in (address.network.broadcast_address, _EVERYBODY):
        yield f"{address} has the broadcast address {broadcast}"


def _unusual(flags: int) -> Iterator[str]:
    yield from (name for flag, name in _WITH.items() if flags & flag)
    yield from (name for flag, name in _WITHOUT.items() if not flags & flag)


def _unusual_queues(queues: Iterable[QueueMessage]) -> Iterator[str]:
    return (queue.kind for queue in queues if queue.kind not in _DEFAULT_QUEUES)


def port(attributes: PortAttributes, vlans: Sequence[VlanAttributes] = ()) -> Port:
    """Read a port of a bridge.

    Raises:
        CouldNotTest: A value is not sound.
    """
    state = attributes.state
    return Port(
        state=_STATES[state] if 0 <= state < len(_STATES) else f"unknown state {state}",
        hairpin=attributes.hairpin,
        isolated=attributes.isolated,
        learning=attributes.learning,
        switches=attributes.switches,
        vlans=tuple(sorted(PortVlan(v.number, v.is_pvid, v.is_untagged) for v in vlans)),
    )


def _bridge(attributes: BridgeAttributes) -> Bridge:
    return Bridge(attributes.stp, attributes.ageing / _USER_HZ, attributes.vlan_filtering)
