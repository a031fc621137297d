"""Packets in the words of differences. Pure."""

from podpath.model import Packet


def describe(packet: Packet) -> str:
    """One packet in a few words."""
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
    """Say how often it was seen, or must be."""
    return {0: "nothing", 1: "the packet once"}.get(count, f"the packet {count} times")


def sockets(packet: Packet) -> str:
    """Its addresses and ports, from and to."""
    source, destination = packet.ports or (0, 0)
    return f"{packet.source} port {source} to {packet.destination} port {destination}"


def addresses(packet: Packet) -> str:
    """Its IP addresses, from and to."""
    return f"{packet.source} to {packet.destination}"


def macs(packet: Packet) -> str:
    """Its MAC addresses, from and to."""
    return f"{packet.mac_source} to {packet.mac_destination}"


def payload(packet: Packet) -> str:
    """Its payload, by length and hash."""
    return f"{packet.size} bytes with hash {packet.digest}"
