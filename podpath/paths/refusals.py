"""Ports that the node must refuse, asked for from several namespaces without sniffers."""

import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from functools import partial

from podpath.model import BEYOND, NODE, Address, Difference, Family
from podpath.nodes.base import Node
from podpath.nodes.deployment import CLIENT, Deployment, in_parallel
from podpath.nodes.pod import Pod, PortMapping
from podpath.paths import many_flows
from podpath.system import limits, netns

#: Bytes of a datagram that are read: more than any name of a sender has.
_LONGEST = 64


def answered(node: Node, pods: Deployment, address: Address, port: PortMapping) -> list[Difference]:
    """List who is answered at an address of the node that must not have a mapped port.

    Args:
        node: The node.
        pods: Its pods, the client among them.
        address: The address.
        port: The port, which is mapped for another address alone.
    """
    return [
        Difference(
            "mapped port",
            f"{port.protocol} port {port.node} of {address}, asked for from {name}",
            f"no answer, as the host IP is {port.host_ip}",
            "a connection",
        )
        for name, namespace in namespaces(node, pods).items()
        if netns.run_in(namespace, partial(_is_accepted, address, port))
    ]


def delivered(
    node: Node, pods: Deployment, pod: Pod, address: Address, port: PortMapping
) -> list[Difference]:
    """List whose datagrams to an address of the node arrive at a pod that must not get them.

    Args:
        node: The node.
        pods: Its pods, the client among them.
        pod: The pod with the port.
        address: The address.
        port: The UDP port, which is mapped for another address alone.

    Raises:
        CouldNotTest: No program can listen at the pod's port.
    """
    own = pod.network.address(Family(address.version))
    namespace = node.named_namespaces()[pod.network.netns]
    senders = namespaces(node, pods)
    with netns.run_in(namespace, partial(_opened, own, port)) as receiver:
        many_flows.bind_beside(receiver, own, port.pod)
        for name, place in senders.items():
            netns.run_in(place, partial(_send, address, port, name.encode()))
        heard = _heard(receiver, len(senders))
    return [
        Difference(
            "mapped port",
            f"udp port {port.node} of {address}, sent to from {name}",
            f"nothing arrives, as the host IP is {port.host_ip}",
            "a datagram",
        )
        for name in senders
        if name.encode() in heard
    ]


def _send(address: Address, port: PortMapping, payload: bytes) -> None:
    with _opened(address, port) as sender, suppress(OSError):  # refused, or no route
        sender.sendto(payload, (str(address), port.node))


def _heard(receiver: socket.socket, most: int) -> set[bytes]:
    """Return what arrives within the time in which a node refuses a port."""
    heard: set[bytes] = set()
    deadline = time.monotonic() + limits.current().refusal
    while len(heard) < most and (left := deadline - time.monotonic()) > 0:
        receiver.settimeout(left)
        with suppress(OSError):
            heard.add(receiver.recv(_LONGEST))
    return heard


def accepted(
    node: Node, pods: Deployment, endpoints: Iterable[tuple[Address, PortMapping]]
) -> list[tuple[str, Address, PortMapping]]:
    """List who can connect to which port of which address.

    Args:
        node: The node.
        pods: Its pods, the client among them.
        endpoints: The addresses and ports to try; only the node's port of a mapping counts.
    """
    tried = [
        (name, namespace, address, port)
        for name, namespace in namespaces(node, pods).items()
        for address, port in endpoints
    ]
    # at the same time, as each may wait for an answer that is dropped
    answers = in_parallel(
        [
            partial(netns.run_in, namespace, partial(_is_accepted, address, port))
            for _, namespace, address, port in tried
        ],
        len(tried),
    )
    return [
        (name, address, port)
        for (name, _, address, port), answer in zip(tried, answers, strict=True)
        if answer
    ]


def captured(connections: Iterable[tuple[str, Address, PortMapping]]) -> list[Difference]:
    """Describe connections that a mapping of another port or address must not have accepted."""
    return [
        Difference(
            "mapped port",
            f"{port.protocol} port {port.node} of {address}, asked for from {name}",
            "no answer, as this port is not mapped there",
            "a connection",
        )
        for name, address, port in connections
    ]


def namespaces(node: Node, pods: Deployment) -> dict[str, str]:
    """Return the namespaces of the node, of the client, and of a host beyond if there is one."""
    return {
        NODE: node.network_namespace(),
        CLIENT: node.named_namespaces()[pods[CLIENT].network.netns],
        **({BEYOND: node.beyond} if node.beyond else {}),
    }


def excluded(namespace: str, sender: str, address: Address, port: PortMapping) -> list[Difference]:
    """List a sender that is answered at a mapped port, though the conflist excludes it.

    Args:
        namespace: Path of the sender's network namespace.
        sender: Name of the sender.
        address: The address of the node that it asks.
        port: The mapped port.
    """
    if not netns.run_in(namespace, partial(_is_accepted, address, port)):
        return []
    where = f"{port.protocol} port {port.node} of {address}, asked for from {sender}"
    return [
        Difference("mapped port", where, "no answer, as the conditions exclude it", "a connection")
    ]


def reply(address: Address, port: PortMapping) -> str:
    """Send a byte to a port, and return what comes back; empty if the port is refused."""
    wait = limits.current().refusal
    with _opened(address, port) as client:
        client.settimeout(wait)
        try:
            client.connect((str(address), port.node))
            client.send(b"\n")
            client.recv(1)
        except ConnectionRefusedError:
            return ""
        except TimeoutError:
            return f"no answer for {wait:.0f} s"
        except OSError as error:
            return f"{error.strerror}"
        return "an answer"


def _is_accepted(address: Address, port: PortMapping) -> bool:
    with _opened(address, port) as client:
        client.settimeout(limits.current().refusal)
        return client.connect_ex((str(address), port.node)) == 0


def _opened(address: Address, port: PortMapping) -> socket.socket:
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    kind = socket.SOCK_STREAM if port.protocol == "tcp" else socket.SOCK_DGRAM
    return socket.socket(family, kind)
