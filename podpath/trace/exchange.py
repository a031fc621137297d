"""The exchange of a trace: the program that sends, and the packets to look for."""

import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Literal

from podpath.errors import CouldNotTest
from podpath.model import NODE, Address, CommandResult
from podpath.paths.traffic.programs import Ping, url
from podpath.paths.traffic.senders import NamespaceSender
from podpath.system import limits, netns
from podpath.system.randomness import Draws
from podpath.trace.flows import Echo, Flow, Probe
from podpath.trace.scene import Scene, Target

Protocol = Literal["ping", "tcp", "udp", "http"]
HTTP_PORT = 80
_TEXT = b"podpath "
_MOST_READ = 64 << 20


@dataclass(frozen=True, slots=True)
class Request:
    """What to send.

    Attributes:
        protocol: protocol of the exchange.
        port: port of TCP, UDP or HTTP.
        size: bytes of payload; None for that of the protocol.
        count: number of pings.
        by_exec: True to run the pod's own program, by the container runtime.
    """

    protocol: Protocol = "ping"
    port: int = HTTP_PORT
    size: int | None = None
    count: int = 1
    by_exec: bool = False


@dataclass(frozen=True, slots=True)
class Exchange:
    """One exchange, ready to be sent.

    Attributes:
        send: sends it, and returns how that ended.
        probe: recognizes its packets.
        answered: True if the other end must answer.
    """

    send: Callable[[], CommandResult]
    probe: Probe
    answered: bool


def make(
    scene: Scene,
    sender: str,
    own: Address | None,
    to: Target,
    request: Request,
    draws: Draws,
) -> Exchange:
    """Make the exchange of a request.

    Args:
        scene: the node and its pods.
        sender: name of the sender.
        own: its address; None if it is not known.
        to: the destination.
        request: what to send.
        draws: random identifiers and ports.

    Raises:
        CouldNotTest: the request cannot be sent that way.
    """
    if request.by_exec:
        return _by_exec(scene, sender, own, to, request)
    namespace = partial(scene.namespace, sender)
    if request.protocol == "ping":
        return _ping(sender, namespace, to, request, draws)
    port = draws.port()
    probe = Flow("udp" if request.protocol == "udp" else "tcp", request.port, port)
    work = {"udp": _send_udp, "tcp": _send_tcp, "http": _get}[request.protocol]
    sending = partial(work, port, (str(to.address), request.port), request.size)

    def send() -> CommandResult:
        return netns.run_in(namespace(), partial(_ended, sending))

    return Exchange(send, probe, answered=request.protocol != "udp")


def _ping(
    sender: str, namespace: Callable[[], str], to: Target, request: Request, draws: Draws
) -> Exchange:
    size = 56 if request.size is None else request.size
    identifier, pattern, wait = draws.identifier(), draws.token(), limits.current().reply
    program = Ping(to.address, identifier, pattern, wait, size, request.count)
    send = partial(NamespaceSender(sender, namespace).run, program)
    return Exchange(send, Echo(request.count, identifier), answered=True)


def _ended(work: Callable[[], None]) -> CommandResult:
    """Do work; return its error as the end of a program."""
    try:
        work()
    except OSError as error:
        return CommandResult(1, b"", error.strerror or str(error))
    return CommandResult(0, b"", "")


def _connected(kind: int, port: int, peer: tuple[str, int]) -> socket.socket:
    family = socket.AF_INET6 if ":" in peer[0] else socket.AF_INET
    made = socket.socket(family, kind)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.settimeout(limits.current().http)
        made.bind(("", port))
        made.connect(peer)
    except BaseException:
        made.close()
        raise
    return made


def _payload(size: int) -> bytes:
    return (_TEXT * (size // len(_TEXT) + 1))[:size]


def _send_udp(port: int, peer: tuple[str, int], size: int | None) -> None:
    with _connected(socket.SOCK_DGRAM, port, peer) as made:
        made.send(_payload(64 if size is None else size))


def _send_tcp(port: int, peer: tuple[str, int], size: int | None) -> None:
    with _connected(socket.SOCK_STREAM, port, peer) as made:
        if size:
            made.sendall(_payload(size))
        _close(made)


def _get(port: int, peer: tuple[str, int], size: int | None) -> None:
    """Get / over HTTP, or of podpath's own pods a body of a size."""
    path = "" if size is None else str(size)
    host = f"[{peer[0]}]" if ":" in peer[0] else peer[0]
    asked = f"GET /{path} HTTP/1.1\r\nHost: {host}:{peer[1]}\r\nConnection: close\r\n\r\n"
    with _connected(socket.SOCK_STREAM, port, peer) as made:
        made.sendall(asked.encode())
        answer = made.recv(4096)
        if not answer.startswith(b"HTTP/"):
            raise OSError(0, "what answers there does not speak HTTP")
        _close(made)


def _close(made: socket.socket) -> None:
    """Close a connection from this side, and read until the other one has closed it, too."""
    with suppress(OSError):
        made.shutdown(socket.SHUT_WR)
        read = 0
        while read < _MOST_READ and (part := made.recv(1 << 16)):
            read += len(part)


def _by_exec(
    scene: Scene, sender: str, own: Address | None, to: Target, request: Request
) -> Exchange:
    """Make the exchange of a program in the pod's own container."""
    if sender == NODE:
        raise CouldNotTest("the node has no container", "Leave out --exec, or send from a pod")
    probe: Probe
    if request.protocol == "ping":
        size = [] if request.size is None else ["-s", str(request.size)]
        wait = f"{max(limits.current().reply, 1):.0f}"
        command = ["ping", "-c", str(request.count), "-W", wait, *size, str(to.address)]
        probe = Echo(request.count, ends=(own, to.address))
    elif request.protocol == "http":
        command = ["wget", "-q", "-O", "-", url(to.address, "", request.port)]
        probe = Flow("tcp", request.port, peer=to.address)
    else:
        raise CouldNotTest(
            f"--exec sends pings and --http, not --{request.protocol}", "Leave out one of them"
        )
    return Exchange(partial(_execute, scene, sender, command), probe, answered=True)


def _execute(scene: Scene, sender: str, command: Sequence[str]) -> CommandResult:
    pod = scene.program_pod(sender)
    container = next(iter(pod.containers), "")
    result = scene.node.execute(pod, container, command, limits.current().command)
    if result.status in (126, 127):
        raise CouldNotTest(
            f"{command[0]} cannot be run in {sender}: {result.text}{result.errors}".strip(),
            "Leave out --exec: podpath then sends by a program of its own",
        )
    return result
