"""Mapped ports that a node keeps when their pod is gone."""

import socket
from collections.abc import Iterable
from functools import partial

from podpath.model import Address, Difference
from podpath.nodes.base import Node
from podpath.nodes.pod import PortMapping
from podpath.paths import probes
from podpath.paths.observable import Traffic
from podpath.system import limits, netns


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


def still_mapped(node: Node, address: Address, ports: Iterable[PortMapping]) -> list[Difference]:
    """Return the ports that the node does not refuse, as it must when nothing is mapped there."""
    return [
        Difference(
            "mapped port", f"{port.protocol} port {port.node} of {address}", "refused", answer
        )
        for port in ports
        if (answer := netns.run_in(node.network_namespace(), partial(_reply, address, port)))
    ]


def _reply(address: Address, port: PortMapping) -> str:
    """Send a byte there, and say what comes back; empty if it is refused."""
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    kind = socket.SOCK_STREAM if port.protocol == "tcp" else socket.SOCK_DGRAM
    wait = limits.current().refusal
    with socket.socket(family, kind) as client:
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
