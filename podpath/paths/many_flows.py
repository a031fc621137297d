"""Many short flows to beyond the node, or to a mapped port, each with another source port.

Rules may masquerade some source ports only, or some of many connections: one exchange with any
port would miss them. The host is a namespace of this machine, and all programs are sockets of this
process: no sniffer is needed, as the host sees each source address.
"""

import errno
import os
import select
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from ipaddress import ip_address

from podpath.errors import CouldNotTest
from podpath.model import BEYOND, Address, Difference, listed
from podpath.paths import checksums
from podpath.paths.unwatched import Compared
from podpath.system import limits, netns
from podpath.system.randomness import Draws

#: Flows of each protocol, with a source port in each of as many equal parts of the range.
FLOWS = 64
#: The first source port that programs may use without rights (ip_unprivileged_port_start).
_FIRST, _END = 1024, 65536
#: Attempts to be heard, as one packet may be lost on a busy machine.
_ATTEMPTS = 3
#: Addresses of documentation ranges (RFC 5737, RFC 3849), in no network of the node.
_FARTHER = {4: ip_address("198.51.100.77"), 6: ip_address("2001:db8:77::78")}
_RESET = struct.pack("ii", 1, 0)  # struct linger: close without TIME_WAIT
_NONE = "nothing arrived"
_SILENCE = "no answer"
#: Connections at a time: fewer than wait for a program of busybox (httpd.c, xlisten).
_GROUP = 8
_MOST_NAMED = 4

#: Port or identifier -> the source address that the host saw, or _NONE.
Seen = Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Host:
    """A host beyond the node, and the addresses of flows to it.

    Attributes:
        namespace: path of the host's network namespace.
        address: its address.
        node: the node's address, which replaces the pod's.
    """

    namespace: str
    address: Address
    node: Address


@contextmanager
def farther(host: Host) -> Iterator[Host]:
    """Yield the host with an address of another network, which the node reaches by a route alone.

    Raises:
        CouldNotTest: the host cannot be given the address.
    """
    address = _FARTHER[host.address.version]
    ended = netns.run_in(host.namespace, partial(_change_address, "add", address))
    if ended.returncode != 0:
        raise CouldNotTest(
            f"the host beyond the node has no second address: {ended.stderr.strip()}"
        )
    try:
        yield replace(host, address=address)
    finally:
        netns.run_in(host.namespace, partial(_change_address, "delete", address))


def _change_address(action: str, address: Address) -> "subprocess.CompletedProcess[str]":
    command = ["ip", "address", action, f"{address}/{address.max_prefixlen}", "dev", "lo"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def spread(draws: Draws, first: int = _FIRST, end: int = _END) -> list[int]:
    """Return FLOWS numbers from first to end, a random one of each of as many equal parts."""
    width = (end - first) // FLOWS
    return [first + part * width + _random(draws) % width for part in range(FLOWS)]


def _random(draws: Draws) -> int:
    return int.from_bytes(draws.payload(4), "big")


def unlike(pod: str, namespace: str, host: Host, draws: Draws) -> Compared:
    """Find the flows whose source is not the node's address, or that have no answer.

    Packets that a kernel dropped for their checksum come first, as they explain the others.

    Args:
        pod: name of the pod.
        namespace: path of the pod's network namespace.
        host: the host beyond the node.
        draws: the source of ports and identifiers.
    """
    ways: dict[str, tuple[Callable[[str, Host, Collection[int]], Seen], list[int]]] = {
        "udp": (_datagrams, spread(draws)),
        "tcp": (_connections, spread(draws)),
    }
    ends = {pod: namespace, BEYOND: host.namespace}
    before, differences, lost = checksums.read(ends), [], set()
    is_all = True
    for protocol, (flow, numbers) in ways.items():
        seen = flow(namespace, host, numbers)
        wrong = {n: source for n, source in seen.items() if source != str(host.node)}
        differences += _differences(pod, protocol, host, wrong, len(seen))
        lost |= {(protocol, number) for number, source in wrong.items() if source == _NONE}
        is_all &= all(source == _NONE for source in wrong.values())
    broken = checksums.differences(before, checksums.read(ends))
    return Compared([*broken, *differences], frozenset(lost), is_all=is_all and not broken)


def unaccepted(sender: str, namespace: str, address: Address, port: int, draws: Draws) -> Compared:
    """Find the connections to a mapped port that nobody accepts, each from another source port.

    They are made in groups, as few may wait for the program that accepts them. A group of which
    none is accepted is the last one.

    Args:
        sender: Name of the sender.
        namespace: Path of its network namespace.
        address: The node's address.
        port: The node's port.
        draws: The source of ports.
    """
    seen: dict[int, str] = {}
    with _bound(namespace, address, spread(draws), socket.SOCK_STREAM) as clients:
        ports = list(clients)
        for start in range(0, len(ports), _GROUP):
            group = {number: clients[number] for number in ports[start : start + _GROUP]}
            seen |= _connected(group, address, port)
            if all(seen[number] for number in group):
                break
    wrong = {number: fate for number, fate in seen.items() if fate}
    where = f"tcp port {port} of {address}, asked for from {sender}"
    expected = f"a connection for each of {len(seen)} source ports"
    differences = [Difference("mapped port", where, expected, _named(wrong))] if wrong else []
    lost = frozenset(("tcp", number) for number, fate in wrong.items() if fate == _SILENCE)
    return Compared(differences, lost, is_all=len(lost) == len(wrong))


def _connected(clients: Mapping[int, socket.socket], address: Address, port: int) -> dict[int, str]:
    """Connect from each port, and return what came in place of a connection; empty for one."""
    fates, waiting = dict.fromkeys(clients, _SILENCE), {}
    for number, client in clients.items():
        client.setblocking(False)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        if (code := client.connect_ex((str(address), port))) in (0, errno.EINPROGRESS):
            waiting[client] = number
        else:
            fates[number] = os.strerror(code)
    # the kernel repeats a SYN after one second, and after two more
    deadline = time.monotonic() + 2 * limits.current().reply
    while waiting and (left := deadline - time.monotonic()) > 0:
        for client in select.select([], list(waiting), [], left)[1]:
            code = client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            fates[waiting.pop(client)] = os.strerror(code) if code else ""
    for client in clients.values():
        client.close()
    return fates


def _differences(pod: str, protocol: str, host: Host, wrong: Seen, tried: int) -> list[Difference]:
    """Describe the flows of one protocol that differ, as one. Pure."""
    if not wrong:
        return []
    where = f"{protocol} of pod {pod} to {host.address}"
    expected = f"{host.node} for each of {tried} source ports"
    return [Difference("masquerade", where, expected, _named(wrong))]


def _named(wrong: Seen) -> str:
    """Describe what was seen for source ports that differ, and name the first of these. Pure."""
    ports = [str(port) for port in sorted(wrong)]
    more = f" and {len(ports) - _MOST_NAMED} more" if len(ports) > _MOST_NAMED else ""
    fates = listed(sorted(set(wrong.values())))
    return f"{fates} for source port {', '.join(ports[:_MOST_NAMED])}{more}"


def _datagrams(namespace: str, host: Host, ports: Collection[int]) -> Seen:
    """Send a datagram from each port, and return the source address of each at the host.

    The host answers each, and a port that gets no answer has none in place of the address.
    """
    seen: dict[int, str] = {}
    done: set[int] = set()  # ports that got their answer, or whose datagram has a wrong source
    kind = socket.SOCK_DGRAM
    with _bound(namespace, host.address, ports, kind) as senders, _listening(host, kind) as there:
        for _ in range(_ATTEMPTS):
            for port in senders.keys() - done:
                with suppress(OSError):  # an ICMP error, or a rule that refuses it
                    senders[port].sendto(struct.pack("!H", port), there.getsockname()[:2])
            deadline = time.monotonic() + limits.current().reply / _ATTEMPTS
            while waiting := {senders[port]: port for port in senders.keys() - done}:
                left = max(deadline - time.monotonic(), 0)
                if not (readable := select.select([there, *waiting], [], [], left)[0]):
                    break
                for channel in readable:
                    with suppress(OSError):
                        payload, source = channel.recvfrom(2)
                        if channel is not there:
                            done.add(waiting[channel])
                            continue
                        port = struct.unpack("!H", payload)[0]
                        seen[port] = source[0]
                        if source[0] != str(host.node):
                            done.add(port)
                        there.sendto(payload, source)
        unanswered = dict.fromkeys(seen.keys() - done, _SILENCE)
        return dict.fromkeys(senders, _NONE) | seen | unanswered


def _connections(namespace: str, host: Host, ports: Collection[int]) -> Seen:
    """Connect from each port, and return the source address of each at the host."""
    kind = socket.SOCK_STREAM
    with _bound(namespace, host.address, ports, kind) as clients, _listening(host, kind) as there:
        there.listen(2 * FLOWS)
        for client in clients.values():
            client.setblocking(False)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            client.connect_ex(there.getsockname()[:2])
        waiting = {client: port for port, client in clients.items()}
        # the kernel repeats a SYN after one second, and after two more
        deadline = time.monotonic() + 2 * limits.current().reply
        while waiting and (left := deadline - time.monotonic()) > 0:
            for client in select.select([], list(waiting), [], left)[1]:
                with suppress(OSError):
                    client.send(struct.pack("!H", waiting[client]))
                del waiting[client]
        return dict.fromkeys(clients, _NONE) | dict(_accepted(there))


def _accepted(there: socket.socket) -> Iterator[tuple[int, str]]:
    """Yield the port that each connection names, and its source address."""
    while _is_readable(there, time.monotonic() + limits.current().in_kernel):
        connection, source = there.accept()
        with connection, suppress(OSError, struct.error):
            connection.settimeout(limits.current().reply)
            yield struct.unpack("!H", connection.recv(2))[0], source[0]


@contextmanager
def _listening(host: Host, kind: int) -> Iterator[socket.socket]:
    with netns.run_in(host.namespace, partial(_made, host.address, kind)) as there:
        there.bind((str(host.address), 0))
        yield there


def _is_readable(channel: socket.socket, deadline: float) -> bool:
    left = max(deadline - time.monotonic(), 0)
    return bool(select.select([channel], [], [], left)[0])


@contextmanager
def _bound(
    namespace: str, towards: Address, ports: Collection[int], kind: int
) -> Iterator[Mapping[int, socket.socket]]:
    """Open a socket at each port of a namespace that is free there."""
    with ExitStack() as stack:
        found = {}
        opened: Sequence[socket.socket] = netns.run_in(
            namespace, lambda: [_made(towards, kind) for _ in ports]
        )
        for port, channel in zip(ports, opened, strict=True):
            stack.enter_context(channel)
            with suppress(OSError):  # a program of the pod has the port
                channel.bind(("", port))
                found[port] = channel
        yield found


def _made(towards: Address, kind: int) -> socket.socket:
    family = socket.AF_INET6 if towards.version == 6 else socket.AF_INET
    return socket.socket(family, kind)
