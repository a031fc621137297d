"""Programs of this process that listen in one namespace, and who reaches them from others."""

import select
import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address

from podpath.model import Address, Difference, listed
from podpath.nodes.pod import PortMapping
from podpath.system import limits, netns, randomness

#: Attempts to be heard, as one packet may be lost on a busy machine.
_ATTEMPTS = 3
_TOKEN_BYTES = 16
#: Name of a sender, and the protocol and port that it used.
Heard = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Listener:
    """A program that listens at one port.

    Attributes:
        protocol: "tcp" or "udp".
        port: its port.
        channel: its socket.
    """

    protocol: str
    port: int
    channel: socket.socket

    def receive(self, token: bytes, seconds: float) -> Address | None:
        """Return the source address of a token that arrives in time; None if none does."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if not select.select([self.channel], [], [], left)[0]:
                break
            with suppress(OSError):
                payload, source = self._received(left)
                if payload == token:
                    return ip_address(source[0])
        return None

    def _received(self, seconds: float) -> tuple[bytes, tuple[str, int]]:
        if self.protocol == "udp":
            return self.channel.recvfrom(_TOKEN_BYTES)
        connection, source = self.channel.accept()
        with connection:
            connection.settimeout(seconds)
            return connection.recv(_TOKEN_BYTES), source


@contextmanager
def listening(
    namespace: str, address: Address, ports: Iterable[tuple[str, int]]
) -> Iterator[list[Listener]]:
    """Listen at ports of an address for the length of the block; a port that is taken is left out.

    Args:
        namespace: Path of the network namespace that has the address.
        address: The address.
        ports: Protocol and port of each program; port 0 for any.
    """
    with ExitStack() as stack:
        found = []
        for protocol, port in ports:
            with suppress(OSError):
                channel = netns.run_in(namespace, partial(_bound, protocol, address, port))
                stack.enter_context(channel)
                found.append(Listener(protocol, channel.getsockname()[1], channel))
        yield found


def source_seen(namespace: str, address: Address, listener: Listener) -> Address | None:
    """Send a token to a listener, and return the source address that it has there; None if none.

    Args:
        namespace: Path of the sender's network namespace.
        address: The address of the listener.
        listener: The program to reach.
    """
    token = randomness.unique(_TOKEN_BYTES)
    seconds = limits.current().refusal / _ATTEMPTS
    for _ in range(_ATTEMPTS):
        with _open(namespace, listener.protocol, address) as sender, suppress(OSError):
            sender.settimeout(seconds)
            sender.connect((str(address), listener.port))
            sender.send(token)
            if (source := listener.receive(token, seconds)) is not None:
                return source
    return None


def reached(
    namespaces: Mapping[str, str], address: Address, listeners: Iterable[Listener]
) -> set[Heard]:
    """Return who reaches which listener.

    Args:
        namespaces: Name and network namespace of each sender.
        address: The address of the listeners.
        listeners: The programs to reach.
    """
    return {
        (name, listener.protocol, listener.port)
        for listener in listeners
        for name, namespace in namespaces.items()
        if source_seen(namespace, address, listener) is not None
    }


def other_protocols(mapped: Iterable[PortMapping]) -> list[tuple[str, int]]:
    """Return the numbers of mapped ports with the protocols that are not mapped there. Pure."""
    taken = {(port.protocol, port.node) for port in mapped}
    numbers = sorted({port for _, port in taken})
    every = [(protocol, port) for port in numbers for protocol in ("tcp", "udp")]
    return [end for end in every if end not in taken]


def deaf(lost: Iterable[Heard], address: Address) -> list[Difference]:
    """Describe programs of the node that senders no longer reach. Pure."""
    return [
        Difference(
            "mapped port",
            f"{protocol} port {port} of {address}, asked for from {name}",
            "the node's own program, as the other protocol alone is mapped",
            "nothing arrived there",
        )
        for name, protocol, port in sorted(lost)
    ]


def disguised(
    pod: str, own: Address, protocol: str, sources: Iterable[Address]
) -> list[Difference]:
    """Describe the source addresses of a pod in programs of the node that are not its own. Pure."""
    strange = sorted({str(source) for source in sources if source != own})
    if not strange:
        return []
    where = f"{protocol} from pod {pod} in a program of the node"
    return [Difference("source address", where, str(own), listed(strange))]


def _bound(protocol: str, address: Address, port: int) -> socket.socket:
    channel = _made(protocol, address)
    try:
        channel.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, protocol == "tcp")
        channel.bind((str(address), port))
        channel.setblocking(False)
        if protocol == "tcp":
            channel.listen()
    except OSError:
        channel.close()
        raise
    return channel


def _open(namespace: str, protocol: str, address: Address) -> socket.socket:
    return netns.run_in(namespace, partial(_made, protocol, address))


def _made(protocol: str, address: Address) -> socket.socket:
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    return socket.socket(family, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM)
