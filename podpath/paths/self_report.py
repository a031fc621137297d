"""Compare a program's report about its traffic with the sightings of it.

A function here that returns text explains why the program's run is no test of the path; it returns
"" if the run is one. A plugin is never blamed for what a program does by itself, or for a signal
that ends it.
"""

import errno
import os
import re
from collections.abc import Iterable, Sequence

from podpath.model import CommandResult, Packet, Sighting, Topology
from podpath.paths.probes import REQUEST, Echo, Probe, Resolution, Silence

#: In place of an exit status: the time is over, and the event that was awaited did not occur.
GAVE_UP = -1
#: In place of an exit status: the program ended with 0, but its result is wrong.
ENDED_WELL = -2

#: ping(8): "If ping does not receive any reply packets at all it will exit with code 1".
_NO_REPLY = 1

#: Exit statuses that shells and runc report after a signal: 128 and its number (bash(1)).
_SIGNALLED = range(129, 128 + 65)
# Bounded, so that no long run of digits makes the match slow.
_COUNT = r"(?<![0-9])([0-9]{1,12})"
_STATISTICS = re.compile(
    rf"{_COUNT} packets transmitted, {_COUNT} received(?:, \+{_COUNT} duplicates)?"
)
#: Messages of a sending kernel that refuses a packet because of its own network.
_REFUSALS = (
    f"sendmsg: {os.strerror(errno.EPERM)}",
    *map(
        os.strerror,
        (
            errno.ENETUNREACH,
            errno.EHOSTUNREACH,
            errno.ENETDOWN,
            errno.EADDRNOTAVAIL,
            errno.EMSGSIZE,
        ),
    ),
)


def killed(status: int) -> str:
    """Name the signal that ended the program; empty if none did."""
    return f"the program was killed (signal {status - 128})" if status in _SIGNALLED else ""


def waited_in_vain(probe: Probe, result: CommandResult) -> bool:
    """Return whether the program itself waited long enough for all its packets."""
    return result.status == GAVE_UP or (result.status == _NO_REPLY and isinstance(probe, Echo))


def counted(text: str) -> tuple[int, int, int] | None:
    """Return ping's count of packets: sent, received, doubled; None if its text has none."""
    match = _STATISTICS.search(text)
    return None if match is None else (int(match[1]), int(match[2]), int(match[3] or 0))


def of_ping(status: int, text: str, count: int) -> str:
    """Explain why ping's own report makes its run no test: killed, no count, or too few packets.

    Args:
        status: The exit status.
        text: Its output and errors.
        count: The number of packets that it had to send.
    """
    numbers = counted(text)
    if ended := killed(status):
        return ended
    if numbers is None:
        return "" if _refused(text) else f"ping did not count its packets: {text.strip()[-300:]}"
    sent, received, _ = numbers
    if sent != count and received >= sent:
        return f"ping sent {sent} of {count} packets"
    return ""


def payload_change(text: str) -> str:
    """Quote ping's report of a reply with another payload (ping then still ends with 0)."""
    return "a reply's payload is not the request's, says ping" if "wrong data byte" in text else ""


def _refused(text: str) -> bool:
    return any(words.lower() in text.lower() for words in _REFUSALS)


def of_packets(
    probe: Probe, status: int, text: str, size: int | None, sightings: Sequence[Sighting]
) -> str:
    """Explain why the sightings, at any place, contradict the program's report.

    Args:
        probe: Recognizes the program's packets.
        status: The program's own exit status.
        text: Its output and errors.
        size: The payload of each request, in bytes; None if it is unknown.
        sightings: All sightings of the observation.
    """
    if isinstance(probe, Silence):
        return ""
    legs = list(zip(sightings, probe.recognize(sightings), strict=True))
    requests = [s for s, leg in legs if leg == REQUEST]
    asks_instead = isinstance(probe, Resolution) and any(map(probe.asks_instead, sightings))
    if status in (0, ENDED_WELL) and not asks_instead and not any(leg for _, leg in legs):
        return (
            "the program says that all went well, but no packet of its was seen on any interface:"
            " it sent none, or others, or before the sniffers were up"
        )
    if status == 0 and isinstance(probe, Echo) and (lacking := _lacking(probe, legs, text)):
        return f"ping says that it got every reply, but no interface saw {', '.join(lacking)}"
    if size is not None and (sizes := _sizes(requests) - {size}):
        return f"the program sent {min(sizes)} bytes in place of {size}"
    return ""


def _lacking(probe: Echo, legs: Iterable[tuple[Sighting, str | None]], text: str) -> list[str]:
    numbers = counted(text)
    if numbers is None or numbers[1] < probe.count:
        return []
    packets: dict[str, list[Packet]] = {"request": [], "reply": []}
    for sighting, leg in legs:
        if leg:
            packets[leg].append(sighting.packet)
    return [lacking for leg, seen in packets.items() for lacking in probe.lacking(leg, seen)]


def _sizes(requests: Iterable[Sighting]) -> set[int]:
    """Return the payload sizes of the packets, each at the first place that saw it whole."""
    first: dict[tuple[object, ...], int] = {}
    for sighting in sorted(requests, key=lambda s: s.time):
        if sighting.packet.fragment is None:
            first.setdefault(sighting.packet.identity, sighting.packet.size)
    return set(first.values())


def unsent(
    topology: Topology, source: str, destination: str, text: str, sightings: Iterable[Sighting]
) -> str:
    """Explain that a program without any sighting failed by itself, before it sent a packet.

    The result is empty if the pod's network is to blame: the kernel refused the packet, asked for
    the destination's MAC in vain, or has no route to it; or ping counts packets as sent, which then
    got lost in the pod.

    Args:
        topology: The node and its pods.
        source: Name of the sending pod.
        destination: Name of the receiving pod.
        text: Output and errors of the program.
        sightings: All sightings of the observation.
    """
    addresses = topology.pods[source].addresses if source in topology.pods else ()
    sent_arp = any(s.packet.protocol == "arp" and s.packet.source in addresses for s in sightings)
    numbers = counted(text)
    has_sent = sent_arp or (numbers and numbers[0])
    if has_sent or _refused(text) or not _has_route(topology, source, destination):
        return ""
    return f"the program failed before it sent anything: {text.strip()[-300:] or 'it said nothing'}"


def _has_route(topology: Topology, source: str, destination: str) -> bool:
    """Return whether the source has a route to the destination over an interface that is up."""
    space = topology.of_pod(source)
    up = {link.name for link in space.interfaces if link.up}
    return any(
        route.device in up and target in route.destination
        for route in space.routes
        for target in topology.pods[destination].addresses
    )
