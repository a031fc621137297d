"""Mapped ports that a node keeps when their pod is gone."""

import socket
from collections.abc import Iterable
from functools import partial

from podpath.errors import CouldNotTest, DoesNotConform, Unmet
from podpath.model import Address, Difference
from podpath.nodes.base import Node
from podpath.nodes.pod import PortMapping
from podpath.paths import probes, refusals
from podpath.paths.observable import Traffic
from podpath.system import netns
from podpath.system.netlink import conntrack


def unanswered(traffic: Iterable[Traffic]) -> list[Difference]:
    """Use mapped ports, so that the node has something to forget; return those without an answer.

    Without sniffers.
    """
    results = [(exchange.probe, exchange.send()) for exchange in traffic]
    return [
        Difference(
            "mapped port",
            "tcp" if isinstance(probe, probes.Http) else "udp",
            "answered",
            result.errors.strip(),
        )
        for probe, result in results
        if result.status != 0
    ]


def require_answered(unanswered: Iterable[Difference]) -> None:
    """Require that mapped ports led to their pod while there was one.

    Raises:
        Unmet: one did not, which is no matter of what a deleted pod leaves.
    """
    for difference in unanswered:
        why = "a mapped port does not lead to its pod"
        raise Unmet(DoesNotConform(str(difference)), "PATH-PORTMAP", why)


def still_mapped(node: Node, address: Address, ports: Iterable[PortMapping]) -> list[Difference]:
    """Return the ports that the node does not refuse, as it must when nothing is mapped there."""
    namespace = node.network_namespace()
    return [
        Difference(
            "mapped port", f"{port.protocol} port {port.node} of {address}", "refused", answer
        )
        for port in ports
        if (answer := netns.run_in(namespace, partial(refusals.reply, address, port)))
    ]


def still_tracked(node: Node, address: Address) -> list[Difference]:
    """Return the tracked UDP connections of the node that are translated to a pod that is gone.

    Each datagram from the same port takes the same way, and keeps the entry alive. TCP begins a
    connection anew (net/netfilter/nf_conntrack_proto_tcp.c), and a pod's own connections, which
    are masqueraded, end with it.

    Args:
        node: the node.
        address: address of the pod.

    Raises:
        CouldNotTest: the kernel does not list its connections.
    """
    try:
        tracked = netns.run_in(node.network_namespace(), conntrack.connections)
    except (OSError, ValueError) as error:
        raise CouldNotTest(
            f"the kernel does not list the connections that it tracks: {error}"
        ) from None
    return [
        Difference(
            "left behind",
            "tracked connections",
            "gone",
            f"UDP {one.source} port {one.ports[0]} to {one.destination} port {one.ports[1]},"
            f" translated to {address}",
        )
        for one in tracked
        if one.protocol == socket.IPPROTO_UDP and one.answerer == address != one.destination
    ]
