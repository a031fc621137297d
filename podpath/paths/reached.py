"""Who reaches the mapped ports of a container, asked without sniffers."""

import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial

from podpath.model import BEYOND, NODE, Address, Difference, Family
from podpath.nodes.base import Node
from podpath.nodes.pod import PortMapping
from podpath.paths import many_flows, outside
from podpath.system import limits, netns
from podpath.topology import reading

#: Attempts to be heard, as one packet may be lost on a busy machine.
_ATTEMPTS = 3
#: Options with which a program may listen at an address that is tentative (linux/in.h, in6.h).
_FREEBIND = {4: (socket.IPPROTO_IP, 15), 6: (socket.IPPROTO_IPV6, 78)}
_KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


@dataclass(frozen=True, slots=True)
class Mapped:
    """A container with mapped ports.

    Attributes:
        namespace: path of its network namespace.
        addresses: its addresses.
        ports: the ports of the node that lead to it.
    """

    namespace: str
    addresses: tuple[Address, ...]
    ports: tuple[PortMapping, ...]


def reached(node: Node, mapped: Mapped, wanted: frozenset[str] = frozenset()) -> frozenset[str]:
    """Return who reaches which mapped port, as texts that name no address.

    Those that are wanted are asked for again: on a new node, neighbours may take seconds in IPv6.

    The node asks, and a host beyond it if there is one. Where no program of the container listens
    at a port, one does meanwhile.

    Raises:
        CouldNotTest: a UDP port of the container is taken.
    """
    found = _reached(node, mapped)
    for _ in range(_ATTEMPTS):
        if wanted <= found:
            break
        found |= _reached(node, mapped)
    return found


def _reached(node: Node, mapped: Mapped) -> frozenset[str]:
    topology = reading.read(node.network_namespace(), node.named_namespaces(), [])
    found = set()
    for address in mapped.addresses:
        family = Family(address.version)
        target = outside.address(topology, node.uplink, family)
        if target is None:
            continue
        for port in mapped.ports:
            with _listening(mapped.namespace, address, port) as listener:
                for name, namespace in _askers(node).items():
                    text = _text(port, family, name)
                    if _is_reached(namespace, target, port.node, listener, text.encode()):
                        found.add(text)
    return frozenset(found)


def lost(before: Iterable[str], now: Iterable[str], event: str) -> list[Difference]:
    """List who no longer reaches which mapped port. Pure.

    Args:
        before: those who did, as reached() returns them.
        now: those who do.
        event: what was between the two, as in "the reboot".
    """
    return [
        Difference("mapped port", text, f"reached, as before {event}", "not reached")
        for text in sorted(set(before) - set(now))
    ]


def _askers(node: Node) -> Mapping[str, str]:
    beyond = {BEYOND: node.beyond} if node.beyond else {}
    return {NODE: node.network_namespace(), **beyond}


def _text(port: PortMapping, family: Family, asker: str) -> str:
    return (
        f"{port.protocol} port {port.node} of the node in IPv{family.value}, asked for from {asker}"
    )


@contextmanager
def _listening(namespace: str, address: Address, port: PortMapping) -> Iterator[socket.socket]:
    """Yield a socket at a container's port, which a program of its own may have, if it is TCP's."""
    kind = _KINDS[port.protocol]
    with closing(netns.run_in(namespace, partial(many_flows.made, address, kind))) as own:
        own.settimeout(limits.current().refusal / _ATTEMPTS)
        own.setsockopt(*_FREEBIND[address.version], 1)
        if port.protocol == "udp":
            many_flows.bind_beside(own, address, port.pod)
        else:
            with suppress(OSError):  # a program listens there
                own.bind((str(address), port.pod))
                own.listen()
        yield own


def _is_reached(
    namespace: str, target: Address, port: int, listener: socket.socket, datagram: bytes
) -> bool:
    """Return whether a sender's connection is accepted, or its datagram arrives at the listener."""
    for _ in range(_ATTEMPTS):
        opened = netns.run_in(namespace, partial(many_flows.made, target, listener.type))
        with closing(opened) as client:
            client.settimeout(limits.current().refusal / _ATTEMPTS)
            with suppress(OSError):
                client.connect((str(target), port))
                if listener.type == socket.SOCK_STREAM:
                    return True
                client.send(datagram)
                if listener.recv(len(datagram) + 1) == datagram:
                    return True
    return False
