"""Parse frames to Packets: a header reader for the hot loop, where scapy would be too slow.

Pure. Any bytes yield a Packet; a frame that ends too early is "malformed".
"""

import hashlib
import struct
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from podpath.model import Packet, Place, Sighting

_ETHERNET = 14
_IPV4, _IPV6, _ARP = 0x0800, 0x86DD, 0x0806
_VLAN, _VLAN_NUMBER = (0x8100, 0x88A8), 0xFFF  # IEEE 802.1Q
_ARP_OF_IPV4 = (1, _IPV4, 0x0604)  # Ethernet, IPv4, and the lengths of their addresses (RFC 826)
_ICMP, _TCP, _UDP, _ICMPV6 = 1, 6, 17, 58
_HOP_BY_HOP, _ROUTING, _FRAGMENT, _DESTINATION = 0, 43, 44, 60
_LARGEST = 0xFFFF  # RFC 791, total length
_FLAGS = "FSRPAUEC"
_ECHO = {_ICMP: (0, 8), _ICMPV6: (128, 129)}


def dissect(frame: bytes) -> Packet:
    """Parse one Ethernet frame. Never raises."""
    try:
        return _ethernet(frame)
    except (struct.error, IndexError, ValueError):
        return Packet("malformed", size=len(frame), digest=digest(frame))


def dissect_head(protocol: int, head: bytes) -> Packet:
    """Parse the first bytes of a packet without its link header.

    The digest is of these bytes alone. It is none of the packet's identity, as its size is none.

    Args:
        protocol: EtherType of the packet.
        head: Bytes from its network header on.
    """
    body, cut = bytearray(head), 0
    if protocol == _IPV4 and len(head) > 4:
        cut = _shorten(body, 2, len(head))
    elif protocol == _IPV6 and len(head) > 40:
        cut = _shorten(body, 4, len(head) - 40)
    packet = dissect(bytes(12) + protocol.to_bytes(2, "big") + bytes(body))
    return replace(packet, size=packet.size + cut) if packet.size else packet


def _shorten(body: bytearray, at: int, most: int) -> int:
    """Limit the length in a header to the bytes that are there; return by how much it shrank."""
    length: int = struct.unpack_from("!H", body, at)[0]
    struct.pack_into("!H", body, at, min(length or most, most))
    return max(length - most, 0)


def digest(payload: bytes) -> str:
    """Return a hash that distinguishes payloads."""
    return hashlib.blake2b(payload, digest_size=8).hexdigest()


def _mac(octets: bytes) -> str:
    return octets.hex(":")


def _ethernet(frame: bytes) -> Packet:
    macs: dict[str, Any] = {"mac_destination": _mac(frame[0:6]), "mac_source": _mac(frame[6:12])}
    (kind,) = struct.unpack_from("!H", frame, 12)
    start = _ETHERNET
    while kind in _VLAN:
        tag, kind = struct.unpack_from("!HH", frame, start)
        macs.setdefault("vlan", tag & _VLAN_NUMBER)
        start += 4
    body = frame[start:]
    if kind == _IPV4:
        return _ipv4(body, macs)
    if kind == _IPV6:
        return _ipv6(body, macs)
    if kind == _ARP:
        return _arp(body, macs)
    return Packet("other", kind=kind, size=len(body), digest=digest(body), **macs)


def _arp(body: bytes, macs: dict[str, Any]) -> Packet:
    hardware, protocol, lengths, operation, sender, target = struct.unpack_from(
        "!HHHH6x4s6x4s", body
    )
    if (hardware, protocol, lengths) != _ARP_OF_IPV4:
        return Packet("other", kind=_ARP, size=len(body), digest=digest(body), **macs)
    return Packet(
        "arp",
        kind=operation,
        source=IPv4Address(sender),
        destination=IPv4Address(target),
        size=28,
        digest=digest(body[8:28]),
        **macs,
    )


def _ipv4(body: bytes, macs: dict[str, Any]) -> Packet:
    first, tos, length, identification, fragment, ttl, protocol, source, destination = (
        struct.unpack_from("!BBHHHBB2x4s4s", body)
    )
    header = (first & 0xF) * 4
    # length is 0 in a segment above 64 KiB that the kernel has not yet cut ("BIG TCP")
    content = body[header : length or None]
    if first >> 4 != 4 or not 20 <= header <= (length or len(body)) <= len(body):
        raise ValueError("no IPv4, or shorter than its length fields")
    fields: dict[str, Any] = {
        "source": IPv4Address(source),
        "destination": IPv4Address(destination),
        "ttl": ttl,
        "tos": tos,
        "ip_id": identification,
        "dont_fragment": bool(fragment & 0x4000),
        **macs,
    }
    offset, more = (fragment & 0x1FFF) * 8, bool(fragment & 0x2000)
    if offset or more:
        fields["fragment"] = (offset, more)
    return _transport(protocol, content, fields, first_fragment=offset == 0)


def _ipv6(body: bytes, macs: dict[str, Any]) -> Packet:
    first, length, following, ttl, source, destination = struct.unpack_from("!B3xHBB16s16s", body)
    end = 40 + length if length else len(body)
    if first >> 4 != 6 or len(body) < end:
        raise ValueError("no IPv6, or shorter than its length field")
    fields: dict[str, Any] = {
        "source": IPv6Address(source),
        "destination": IPv6Address(destination),
        "ttl": ttl,
        **macs,
    }
    start, first_fragment = 40, True
    # all of a later fragment is payload, even if it looks like a header
    while first_fragment and following in (_HOP_BY_HOP, _ROUTING, _DESTINATION, _FRAGMENT):
        extension = following
        following, size, part, identification = struct.unpack_from("!BBHI", body, start)
        if extension == _FRAGMENT:
            size, first_fragment = 0, part >> 3 == 0
            fields["fragment"] = (part & ~0x7, bool(part & 1))
            fields["ip_id"] = identification
        start += (size + 1) * 8
        if start > end:
            raise ValueError("shorter than its extension headers")
    return _transport(following, body[start:end], fields, first_fragment=first_fragment)


def _transport(
    protocol: int, content: bytes, fields: dict[str, Any], *, first_fragment: bool
) -> Packet:
    if not first_fragment:
        return Packet("ip", kind=protocol, size=len(content), digest=digest(content), **fields)
    if protocol in (_ICMP, _ICMPV6):
        name, kind = ("icmp" if protocol == _ICMP else "icmpv6"), content[0]
        start = 8 if kind in _ECHO[protocol] else 4
        if start == 8:
            fields["number"] = struct.unpack_from("!HH", content, 4)
    elif protocol == _UDP:
        name, kind, start = "udp", None, 8
        fields["ports"] = struct.unpack_from("!HH4x", content)
    elif protocol == _TCP:
        name, kind = "tcp", None
        source, target, sequence, acknowledgement, offset, flags = struct.unpack_from(
            "!HHIIBB4x", content
        )
        start = (offset >> 4) * 4
        if start < 20:
            raise ValueError("shorter than any TCP header")
        fields["ports"], fields["sequence"] = (source, target), (sequence, acknowledgement)
        fields["options"] = content[14:16].hex() + content[20:start].hex()
        fields["flags"] = "".join(f for bit, f in enumerate(_FLAGS) if flags & 1 << bit)
    else:
        name, kind, start = "ip", protocol, 0
    if len(content) < start:
        raise ValueError("shorter than its header")
    payload = content[start:]
    return Packet(name, kind=kind, size=len(payload), digest=digest(payload), **fields)


#: ICMP types that quote the packet that caused them: RFC 792.
_QUOTING = (3, 4, 5, 11, 12)


def quoted(sighting: Sighting) -> Packet | None:
    """Parse the packet that an ICMP error quotes; None for any other packet."""
    packet = sighting.packet
    if packet.protocol != "icmp" or packet.kind not in _QUOTING or packet.fragment is not None:
        return None
    body = bytearray(_ipv4_payload(sighting.frame)[8:])
    if len(body) < 28:
        return None
    body += bytes(20)  # an error needs to quote only the first 8 bytes of a TCP header
    struct.pack_into("!H", body, 2, len(body))
    return dissect(sighting.frame[:12] + _IPV4.to_bytes(2, "big") + bytes(body))


def reassemble(sightings: Iterable[Sighting]) -> list[Sighting]:
    """Join the fragments of each datagram at each place to one sighting.

    A bridge with connection tracking reassembles datagrams and fragments them anew, so that its
    own tap sees one large datagram where its ports see fragments. A joined sighting has the time
    of its last fragment. Incomplete sets, and IPv6 fragments with other extension headers, remain
    as they are.
    """
    whole: list[Sighting] = []
    fragments: list[Sighting] = []
    for sighting in sightings:
        (fragments if _is_fragment(sighting) else whole).append(sighting)
    first = _firsts(fragments)
    sent = _sent_as(fragments)
    parts: dict[tuple[object, ...], list[Sighting]] = defaultdict(list)
    for sighting in fragments:
        datagram = _datagram(sighting)
        origin = sent.get((sighting.place, datagram), datagram)
        header = _header(sighting, {**first[datagram], **first[origin]})
        parts[*sighting.place, *origin, *header].append(sighting)
    for group in parts.values():
        joined = _join(group)
        whole.extend(group if joined is None else [joined])
    return sorted(whole, key=lambda s: s.time)


def _is_fragment(sighting: Sighting) -> bool:
    packet, frame = sighting.packet, sighting.frame
    if packet.fragment is None or packet.source is None:
        return False
    return packet.source.version == 4 or frame[_ip_start(frame) + 6] == _FRAGMENT


def _datagram(sighting: Sighting) -> "_Datagram":
    """Return an identity that fragments of one datagram share.

    These are the fields of RFC 791, 3.2, and RFC 8200, 4.5, and the TOS.
    """
    packet, frame = sighting.packet, sighting.frame
    start = _ip_start(frame)
    # from the frame: only later fragments have the protocol as their kind
    protocol = frame[start + 9] if frame[start] >> 4 == 4 else frame[start + 40]
    return (protocol, packet.source, packet.destination, packet.ip_id, packet.tos)


_Datagram = tuple[object, ...]
_Header = tuple[int | None, str, str]
#: Place -> TTL and MAC addresses of a datagram's first fragment there.
_First = Mapping[Place, _Header]


def _sent_as(fragments: Iterable[Sighting]) -> Mapping[tuple[Place, _Datagram], _Datagram]:
    """Map a datagram at a place that did not see its first fragment to the datagram as sent.

    A node that routes IPv6 fragments after connection tracking joined them gives them a new
    identification, too (see _header). Later fragments then seem to belong to a datagram whose
    first fragment appears only at later places. They belong to the one with the same beginning.
    """
    starts: dict[_Datagram, bytes] = {}
    seen: dict[Place, dict[_Datagram, set[bool]]] = defaultdict(lambda: defaultdict(set))
    for sighting in fragments:
        packet, datagram = sighting.packet, _datagram(sighting)
        if packet.source is None or packet.source.version == 4:
            continue  # IPv4 fragments keep their identification
        is_first = packet.fragment is not None and packet.fragment[0] == 0
        seen[sighting.place][datagram].add(is_first)
        if is_first:
            starts[datagram] = _fragment_payload(sighting.frame)
    sent = {}
    for place, datagrams in seen.items():
        alone = [d for d, kinds in datagrams.items() if kinds == {True}]
        for datagram in (d for d, kinds in datagrams.items() if kinds == {False}):
            same = [d for d in alone if starts[d] == starts.get(datagram)]
            if len(same) == 1 and _but_identification(same[0]) == _but_identification(datagram):
                sent[place, datagram] = same[0]
    return sent


def _but_identification(datagram: _Datagram) -> _Datagram:
    return datagram[:3] + datagram[4:]


def _firsts(fragments: Iterable[Sighting]) -> Mapping[_Datagram, _First]:
    firsts: dict[_Datagram, dict[Place, _Header]] = defaultdict(dict)
    for sighting in fragments:
        if sighting.packet.fragment and sighting.packet.fragment[0] == 0:
            firsts[_datagram(sighting)][sighting.place] = _own(sighting)
    return firsts


def _own(sighting: Sighting) -> _Header:
    packet = sighting.packet
    return packet.ttl, packet.mac_source, packet.mac_destination


def _header(sighting: Sighting, first: _First) -> _Header:
    """Return the TTL and MAC addresses that a fragment had at its place, to compare them.

    A fragment with a modified header must not hide behind the first one. But a node that joins
    fragments, routes them and splits them again writes the new header of the first one over
    those of the others (net/ipv4/ip_output.c, ip_fraglist_prepare), in memory that earlier taps
    have not copied yet. There, a header that the first fragment has later on is no change.
    """
    own = _own(sighting)
    return first.get(sighting.place, own) if own in first.values() else own


def _join(group: list[Sighting]) -> Sighting | None:
    group = sorted(group, key=lambda s: s.packet.fragment or (0, False))
    payload = b""
    for number, sighting in enumerate(group):
        offset, more = sighting.packet.fragment or (0, False)
        if offset != len(payload) or more != (number < len(group) - 1):
            return None
        payload += _fragment_payload(sighting.frame)
    first = group[0].frame
    start = _ip_start(first)
    header = bytearray(first[start : start + _header_size(first, start)])
    if len(header) + len(payload) > _LARGEST:
        return None  # an offset may exceed the largest datagram ("ping of death")
    if header[0] >> 4 == 4:
        struct.pack_into("!H", header, 2, len(header) + len(payload))
        struct.pack_into("!H", header, 6, 0)
    else:
        struct.pack_into("!HB", header, 4, len(payload), first[start + 40])
    frame = first[:start] + bytes(header) + payload
    packet = replace(dissect(frame), fragments=len(group))
    return replace(group[0], time=max(s.time for s in group), packet=packet, frame=frame)


def _header_size(frame: bytes, start: int) -> int:
    return (frame[start] & 0xF) * 4 if frame[start] >> 4 == 4 else 40


def _fragment_payload(frame: bytes) -> bytes:
    start = _ip_start(frame)
    if frame[start] >> 4 == 4:
        return _ipv4_payload(frame)
    (length,) = struct.unpack_from("!H", frame, start + 4)
    return frame[start + 40 + 8 : start + 40 + length]


def _ip_start(frame: bytes) -> int:
    start = _ETHERNET
    while struct.unpack_from("!H", frame, start - 2)[0] in _VLAN:
        start += 4
    return start


def tcp_payload(sighting: Sighting) -> bytes:
    """Return the payload of a TCP segment; empty if the frame does not contain it."""
    frame, size = sighting.frame, sighting.packet.size
    if sighting.packet.protocol != "tcp" or len(frame) < _ETHERNET + 20:
        return b""
    start = _ip_start(frame)
    beginning = start + _header_size(frame, start)
    (length,) = struct.unpack_from("!H", frame, start + (2 if frame[start] >> 4 == 4 else 4))
    end = (start if frame[start] >> 4 == 4 else beginning) + length
    if not length:  # as _ipv4 and _ipv6 have it
        end = len(frame)
    return frame[end - size : end] if end - size >= beginning else b""


def _ipv4_payload(frame: bytes) -> bytes:
    start = _ip_start(frame)
    (length,) = struct.unpack_from("!H", frame, start + 2)
    return frame[start + (frame[start] & 0xF) * 4 : start + length]
