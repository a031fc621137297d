"""The commands that show a trace by hand: tcpdump for each step, and the program that sends. Pure.

They are for a shell on the node, where `ip netns list` shows the pods' namespaces.
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from podpath.model import NODE, Direction
from podpath.trace.result import Step, Trace


@dataclass(frozen=True, slots=True)
class Packets:
    """The packets of a trace, as tcpdump and the programs that send know them.

    Attributes:
        protocol: "ping", "tcp", "udp" or "http".
        port: port of all but ping.
        size: bytes of payload; None for that of the program.
    """

    protocol: str
    port: int
    size: int | None = None


def lines(trace: Trace, namespaces: Mapping[str, str], packets: Packets) -> list[str]:
    """Return a shell's lines: a tcpdump for each step, then the program that sends.

    Args:
        trace: the trace.
        namespaces: name of a pod -> name of its network namespace.
        packets: the packets of the trace.
    """
    made = ["# on the node, each of these in a window of its own"]
    for number, leg in enumerate(trace.legs):
        shown = expression(packets, trace, is_reply=number > 0)
        made.append(f"# {leg.source} -> {leg.destination}")
        made += [_in(s.place.namespace, namespaces, _tcpdump(s, shown)) for s in leg.steps]
    made += ["# then send", _in(trace.ends.source, namespaces, sending(packets, trace))]
    return made


def _tcpdump(step: Step, expression: str) -> str:
    """Return the tcpdump that shows a step: one packet, in the step's direction."""
    direction = (step.place.direction or Direction.IN).value
    words = ["tcpdump", "-nn", "-e", "-c", "1", "-Q", direction, "-i", step.place.interface]
    return shlex.join([*words, expression])


def _in(name: str, namespaces: Mapping[str, str], command: str) -> str:
    if name == NODE:
        return command
    return f"ip netns exec {shlex.quote(namespaces.get(name, name))} {command}"


def expression(packets: Packets, trace: Trace, *, is_reply: bool) -> str:
    """Return a pcap-filter(7) of the packets of one leg.

    Addresses and ports are left out where they are translated on the way.
    """
    source, destination = trace.ends.addresses[::-1] if is_reply else trace.ends.addresses
    notes = [note for leg in trace.legs for step in leg.steps for note in step.notes]
    translated = any(note.endswith(" now") for note in notes)
    parts = [_what(packets, is_six=":" in destination, is_reply=is_reply, translated=translated)]
    if not translated:
        parts += [f"src host {source}"] if source else []
        parts += [f"dst host {destination}"] if destination else []
    return " and ".join(parts)


def _what(packets: Packets, *, is_six: bool, is_reply: bool, translated: bool) -> str:
    if packets.protocol == "ping":
        if is_six:
            return f"icmp6 and ip6[40] = {129 if is_reply else 128}"
        return f"icmp[0] = {0 if is_reply else 8}"
    name = "udp" if packets.protocol == "udp" else "tcp"
    if translated:
        return name
    return f"{name} {'src' if is_reply else 'dst'} port {packets.port}"


def sending(packets: Packets, trace: Trace) -> str:
    """Return the command that sends the packets of a trace."""
    address, port = trace.ends.addresses[1], str(packets.port)
    if packets.protocol == "ping":
        more = [] if packets.size is None else ["-s", str(packets.size)]
        return shlex.join(["ping", "-n", "-c", "1", *more, address])
    if packets.protocol == "http":
        host = f"[{address}]" if ":" in address else address
        return shlex.join(["busybox", "wget", "-q", "-O", "-", f"http://{host}:{port}/"])
    if packets.protocol == "tcp":
        return shlex.join(["nc", "-n", "-z", address, port])
    return f"sh -c {shlex.quote(f'echo podpath | nc -n -u -q 0 {address} {port}')}"
