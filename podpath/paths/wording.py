"""Describe packets in the words of differences. Pure."""

from podpath.model import Packet


def describe(packet: Packet) -> str:
    """Describe a packet briefly."""
    if packet.number is not None:
        leg = "request" if packet.kind in (8, 128) else "reply"
        return f"echo {leg} {packet.number[1]} (id {packet.number[0]}), {packet.size} bytes"
    if packet.protocol == "tcp" and packet.ports and packet.sequence:
        return (
            f"TCP {packet.ports[0]} to {packet.ports[1]} [{packet.flags}]"
            f" seq {packet.sequence[0]}, {packet.size} bytes"
        )
    if packet.protocol == "udp" and packet.ports:
        return f"UDP {packet.ports[0]} to {packet.ports[1]}, {packet.size} bytes"
    if packet.protocol == "arp":
        kind = {1: "request", 2: "reply"}.get(packet.kind or 0, f"operation {packet.kind}")
        return f"ARP {kind} of {packet.source} for {packet.destination}"
    kind = "" if packet.kind is None else f" {packet.kind}"
    return f"{packet.protocol}{kind}, {packet.size} bytes"


def times(count: int) -> str:
    """Describe a number of sightings of a packet."""
    return {0: "nothing", 1: "the packet once"}.get(count, f"the packet {count} times")


def sockets(packet: Packet) -> str:
    """Describe the addresses and ports of a packet, source first."""
    source, destination = packet.ports or (0, 0)
    return f"{packet.source} port {source} to {packet.destination} port {destination}"


def addresses(packet: Packet) -> str:
    """Describe the IP addresses of a packet, source first."""
    return f"{packet.source} to {packet.destination}"


def macs(packet: Packet) -> str:
    """Describe the MAC addresses of a packet, source first."""
    return f"{packet.mac_source} to {packet.mac_destination}"


def payload(packet: Packet) -> str:
    """Describe the payload of a packet by length and hash."""
    return f"{packet.size} bytes with hash {packet.digest}"


def tag(vlan: int | None) -> str:
    """Describe the VLAN tag of a frame."""
    return "no tag" if vlan is None else f"VLAN {vlan}"
