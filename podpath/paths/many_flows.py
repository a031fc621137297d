"""Many short flows to beyond the node, or to a mapped port, each with another source port.

Rules may masquerade some source ports only, or some of many connections, or leave out what goes to
a known service: one exchange with any port would miss them. The host is a namespace of this
machine, and all programs are sockets of this process: no sniffer is needed, as the host sees each
source address.
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
from itertools import cycle

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
#: Source ports of programs with rights, such as clients of NFS (bindresvport(3)).
_RESERVED = range(600, _FIRST)
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
#: Ports of the host beyond the node: any, and those of DNS, HTTPS and the Kubernetes API, which
#: rules treat in ways of their own.
_SERVICES = (0, 53, 443, 6443)
#: Size of a datagram that travels in fragments, in bytes, and number of such datagrams.
_LARGE, _FEW = 4000, 4
_NUMBER = struct.Struct("!H")

#: Source and destination port of a flow -> the source address that the host saw, or _NONE.
Seen = Mapping[tuple[int, int], str]


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
    if action == "add" and address.version == 6:
        command.append("nodad")  # else it cannot be used for a moment, on lo as well
    return subprocess.run(command, capture_output=True, text=True, check=False)


def spread(draws: Draws, first: int = _FIRST, end: int = _END) -> list[int]:
    """Return FLOWS numbers from first to end, a random one of each of as many equal parts."""
    width = (end - first) // FLOWS
    return [first + part * width + _random(draws) % width for part in range(FLOWS)]


def _of_all_programs(draws: Draws) -> list[int]:
    """Return source ports that are spread over the range, and one of a program with rights."""
    return [_RESERVED[_random(draws) % len(_RESERVED)], *spread(draws)]


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
    few = spread(draws)[:: FLOWS // _FEW]
    ways: dict[str, tuple[Callable[[str, Host, Collection[int]], Seen], list[int]]] = {
        "udp": (_datagrams, _of_all_programs(draws)),
        "tcp": (_connections, _of_all_programs(draws)),
        f"udp of {_LARGE} bytes": (partial(_datagrams, size=_LARGE), few),
    }
    ends = {pod: namespace, BEYOND: host.namespace}
    before, differences, lost = checksums.read(ends), [], set()
    is_all = True
    for kind, (flow, numbers) in ways.items():
        seen = flow(namespace, host, numbers)
        wrong = {flow: source for flow, source in seen.items() if source != str(host.node)}
        differences += _differences(pod, kind, host, wrong, seen)
        lost |= {(kind[:3], port) for (port, _), source in wrong.items() if source == _NONE}
        is_all &= all(source == _NONE for source in wrong.values())
    broken = checksums.differences(before, checksums.read(ends))
    return Compared([*broken, *differences], frozenset(lost), is_all=is_all and not broken)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks for mapped ports.

    Attributes:
        name: name of the sender.
        namespace: path of its network namespace.
        own: the address that it sends from; empty for any.
    """

    name: str
    namespace: str
    own: str = ""


def unaccepted(asker: Asker, address: Address, port: int, draws: Draws) -> Compared:
    """Find the connections to a mapped port that nobody accepts, each from another source port.

    They are made in groups, as few may wait for the program that accepts them. A group of which
    none is accepted is the last one.

    Args:
        asker: Who asks.
        address: The node's address.
        port: The node's port.
        draws: The source of ports.
    """
    seen: dict[int, str] = {}
    with _bound(asker, address, spread(draws), socket.SOCK_STREAM) as clients:
        ports = list(clients)
        for start in range(0, len(ports), _GROUP):
            group = {number: clients[number] for number in ports[start : start + _GROUP]}
            seen |= _connected(group, address, port)
            if all(seen[number] for number in group):
                break
    wrong = {number: fate for number, fate in seen.items() if fate}
    where = f"tcp port {port} of {address}, asked for from {asker.name}"
    expected = f"a connection for each of {len(seen)} source ports"
    differences = [Difference("mapped port", where, expected, _named(wrong))] if wrong else []
    lost = frozenset(("tcp", number) for number, fate in wrong.items() if fate == _SILENCE)
    return Compared(differences, lost, is_all=len(lost) == len(wrong))


def undelivered(
    asker: Asker, target: tuple[Address, int], pod: tuple[str, Address, int], draws: Draws
) -> Compared:
    """Find the datagrams to a mapped port that do not arrive, or whose answer does not come back.

    Each has another source port. A few travel in fragments.

    Args:
        asker: Who asks.
        target: The node's address and port.
        pod: The path of the pod's network namespace, and its address and port.
        draws: The source of ports.

    Raises:
        CouldNotTest: No program can listen at the pod's port.
    """
    namespace, own, port = pod
    address, differences, lost, is_all = target[0], [], set(), True
    for size, ports in ((0, spread(draws)), (_LARGE, spread(draws)[:: FLOWS // _FEW])):
        with ExitStack() as stack:
            receiver = netns.run_in(namespace, partial(made, own, socket.SOCK_DGRAM))
            bind_beside(stack.enter_context(receiver), own, port)
            senders = stack.enter_context(_bound(asker, address, ports, socket.SOCK_DGRAM))
            targets = dict.fromkeys(senders, (str(address), target[1]))
            seen = _exchanged(senders, [receiver], targets, size)
        wrong = {number: fate for number, fate in seen.items() if fate in (_NONE, _SILENCE)}
        where = f"udp port {target[1]} of {address}, asked for from {asker.name}"
        where += f" with {size} bytes" if size else ""
        expected = f"an answer for each of {len(seen)} source ports"
        if wrong:
            differences.append(Difference("mapped port", where, expected, _named(wrong)))
        lost |= {("udp", number) for number in wrong}
        is_all &= all(fate == _NONE for fate in wrong.values())
    return Compared(differences, frozenset(lost), is_all=is_all)


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


def _differences(pod: str, kind: str, host: Host, wrong: Seen, seen: Seen) -> list[Difference]:
    """Describe the flows of one kind that differ, as one; with the port that all have. Pure."""
    if not wrong:
        return []
    tried, to = len(seen), {destination for _, destination in wrong}
    where = f"{kind} of pod {pod} to {host.address}"
    if len(to) == 1 and len({destination for _, destination in seen}) > 1:
        where += f" port {next(iter(to))}"
        tried = sum(destination in to for _, destination in seen)
    expected = f"{host.node} for each of {tried} source ports"
    fates = {source: fate for (source, _), fate in wrong.items()}
    return [Difference("masquerade", where, expected, _named(fates))]


def _named(wrong: Mapping[int, str]) -> str:
    """Describe what was seen for source ports that differ, and name the first of these. Pure."""
    ports = [str(port) for port in sorted(wrong)]
    more = f" and {len(ports) - _MOST_NAMED} more" if len(ports) > _MOST_NAMED else ""
    fates = listed(sorted(set(wrong.values())))
    return f"{fates} for source port {', '.join(ports[:_MOST_NAMED])}{more}"


def _datagrams(namespace: str, host: Host, ports: Collection[int], size: int = 0) -> Seen:
    """Send a datagram from each port, and return the source address of each at the host.

    The host answers each, and a port that gets no answer has none in place of the address.
    """
    asker, kind = Asker("", namespace), socket.SOCK_DGRAM
    with (
        _bound(asker, host.address, ports, kind) as senders,
        _listening(host, kind, _SERVICES[: 1 if size else None]) as receivers,
    ):
        targets = dict(zip(senders, cycle(r.getsockname()[:2] for r in receivers), strict=False))
        seen = _exchanged(senders, receivers, targets, size, str(host.node))
    return {(port, targets[port][1]): fate for port, fate in seen.items()}


def _exchanged(
    senders: Mapping[int, socket.socket],
    receivers: Collection[socket.socket],
    targets: Mapping[int, tuple[str, int]],
    size: int,
    expected: str = "",
) -> dict[int, str]:
    """Send a datagram from each port, and answer it; return its source address where it arrives.

    Args:
        senders: the socket of each port.
        receivers: sockets of which one receives each datagram.
        targets: destination of each port's datagram.
        size: least size of a datagram in bytes.
        expected: source address without which a datagram is not sent again; empty for any.
    """
    seen: dict[int, str] = {}
    done: set[int] = set()  # ports that got their answer, or whose datagram has a wrong source
    for port, sender in senders.items():  # so that it hears of nobody else
        with suppress(OSError):  # no route
            sender.connect(targets[port])
    for _ in range(_ATTEMPTS):
        for port in senders.keys() - done:
            with suppress(OSError):  # an ICMP error, or a rule that refuses it
                senders[port].send(_NUMBER.pack(port).ljust(size, b"\0"))
        deadline = time.monotonic() + limits.current().reply / _ATTEMPTS
        while waiting := {senders[port]: port for port in senders.keys() - done}:
            left = max(deadline - time.monotonic(), 0)
            if not (readable := select.select([*receivers, *waiting], [], [], left)[0]):
                break
            for channel in readable:
                with suppress(OSError):
                    payload, source = channel.recvfrom(_LARGE)
                    if channel in waiting:
                        done.add(waiting[channel])
                        continue
                    (port,) = _NUMBER.unpack_from(payload)
                    if port not in senders:  # it was sent earlier, to the same port
                        continue
                    seen[port] = source[0]
                    if expected and source[0] != expected:
                        done.add(port)
                    channel.sendto(payload, source)
    unanswered = dict.fromkeys(seen.keys() - done, _SILENCE)
    return dict.fromkeys(senders, _NONE) | seen | unanswered


def _connections(namespace: str, host: Host, ports: Collection[int]) -> Seen:
    """Connect from each port, and return the source address of each at the host."""
    asker, kind = Asker("", namespace), socket.SOCK_STREAM
    with _bound(asker, host.address, ports, kind) as clients, _listening(host, kind) as receivers:
        ends = [receiver.getsockname()[:2] for receiver in receivers]
        targets = dict(zip(clients, cycle(ends), strict=False))
        for receiver in receivers:
            receiver.listen(2 * FLOWS)
        for port, client in clients.items():
            client.setblocking(False)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            client.connect_ex(targets[port])
        waiting = {client: port for port, client in clients.items()}
        # the kernel repeats a SYN after one second, and after two more
        deadline = time.monotonic() + 2 * limits.current().reply
        while waiting and (left := deadline - time.monotonic()) > 0:
            for client in select.select([], list(waiting), [], left)[1]:
                with suppress(OSError):
                    client.send(_NUMBER.pack(waiting[client]))
                del waiting[client]
        seen = dict.fromkeys(clients, _NONE)
        for receiver in receivers:
            seen |= {n: source for n, source in _accepted(receiver) if n in clients}
    return {(port, targets[port][1]): fate for port, fate in seen.items()}


def _accepted(there: socket.socket) -> Iterator[tuple[int, str]]:
    """Yield the port that each connection names, and its source address."""
    while _is_readable(there, time.monotonic() + limits.current().in_kernel):
        connection, source = there.accept()
        with connection, suppress(OSError, struct.error):
            connection.settimeout(limits.current().reply)
            yield _NUMBER.unpack(connection.recv(_NUMBER.size))[0], source[0]


@contextmanager
def _listening(
    host: Host, kind: int, ports: Collection[int] = _SERVICES
) -> Iterator[list[socket.socket]]:
    """Open a socket of the host at each of the ports that is free there."""
    with ExitStack() as stack:
        found = []
        for port in ports:
            there = netns.run_in(host.namespace, partial(made, host.address, kind))
            stack.enter_context(there)
            try:
                there.bind((str(host.address), port))
            except OSError:  # a program of the host has the port
                if port == 0:
                    raise
            else:
                found.append(there)
        yield found


def _is_readable(there: socket.socket, deadline: float) -> bool:
    left = max(deadline - time.monotonic(), 0)
    return bool(select.select([there], [], [], left)[0])


@contextmanager
def _bound(
    asker: Asker, towards: Address, ports: Collection[int], kind: int
) -> Iterator[Mapping[int, socket.socket]]:
    """Open a socket at each port of a sender that is free there."""
    with ExitStack() as stack:
        found = {}
        opened: Sequence[socket.socket] = netns.run_in(
            asker.namespace, lambda: [made(towards, kind) for _ in ports]
        )
        for port, channel in zip(ports, opened, strict=True):
            stack.enter_context(channel)
            with suppress(OSError):  # a program has the port there
                channel.bind((asker.own, port))
                found[port] = channel
        yield found


def bind_beside(channel: socket.socket, address: Address, port: int) -> None:
    """Bind a UDP socket to a port of one address, also if nc has it at all addresses of a pod.

    nc shares its port (SO_REUSEADDR), and the kernel prefers the socket of the one address.

    Raises:
        CouldNotTest: the port is taken.
    """
    try:
        channel.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        channel.bind((str(address), port))
    except OSError as error:
        raise CouldNotTest(f"no program can listen at UDP port {port}: {error}") from None


def made(towards: Address, kind: int) -> socket.socket:
    """Return a socket of an address's IP version."""
    family = socket.AF_INET6 if towards.version == 6 else socket.AF_INET
    return socket.socket(family, kind)
