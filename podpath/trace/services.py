"""Services of a cluster as destinations: address and port, as the API server has them."""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Literal

from podpath.errors import CouldNotTest
from podpath.model import Family
from podpath.nodes.cluster.kube_api import Api, Document


@dataclass(frozen=True, slots=True)
class Service:
    """Where a Service is reached.

    Attributes:
        address: its cluster IP.
        protocol: "tcp" or "udp".
        port: its port.
    """

    address: str
    protocol: Literal["tcp", "udp"]
    port: int


def find(connect: Callable[[], Api], text: str, family: Family | None) -> Service:
    """Ask the API server for a Service.

    Args:
        connect: connects to the API server.
        text: svc/NAMESPACE/NAME, or svc/NAMESPACE/NAME:PORT with the number or name of a port.
        family: IP version; None for the Service's first one.

    Raises:
        CouldNotTest: there is no such Service, it has no address or no such port, or the API
            server does not answer.
    """
    namespace, name, port = _split(text)
    with closing(connect()) as api:
        document = api.service(namespace, name)
    if document is None:
        raise CouldNotTest(
            f"namespace {namespace} has no Service {name}",
            f"See `kubectl get services --namespace {namespace}`",
        )
    return chosen(document["spec"], f"Service {namespace}/{name}", port, family)


def _split(text: str) -> tuple[str, str, str]:
    path, _, port = text.partition(":")
    parts = path.split("/")
    if len(parts) != 3 or not all(parts):
        raise CouldNotTest(f"{text} names no Service", "Write svc/NAMESPACE/NAME")
    return parts[1], parts[2], port


def chosen(spec: Mapping[str, Any], name: str, port: str, family: Family | None) -> Service:
    """Choose the address and the port of a Service's specification. Pure.

    Args:
        spec: ServiceSpec, https://kubernetes.io/docs/reference/kubernetes-api/service-resources.
        name: the Service in words.
        port: number or name of a port; empty for the first one.
        family: IP version; None for the first one.

    Raises:
        CouldNotTest: it has no address or no such port.
    """
    addresses = [a for a in spec.get("clusterIPs") or [spec.get("clusterIP")] if a]
    if addresses in ([], ["None"]):
        raise CouldNotTest(
            f"{name} is headless: it has no address of its own", "Name one of its pods"
        )
    if family:
        addresses = [a for a in addresses if ip_address(a).version == family.value]
        if not addresses:
            raise CouldNotTest(f"{name} has no IPv{family.value} address", "Leave out the option")
    entries: list[Document] = [
        entry
        for entry in spec.get("ports") or ()
        if port in ("", str(entry["port"]), entry.get("name"))
    ]
    if not entries:
        raise CouldNotTest(f"{name} has no port {port}".rstrip(), "Name one of its ports")
    match str(entries[0].get("protocol", "TCP")).lower():
        case "tcp":
            return Service(addresses[0], "tcp", int(entries[0]["port"]))
        case "udp":
            return Service(addresses[0], "udp", int(entries[0]["port"]))
        case other:
            raise CouldNotTest(f"{name} has a port of {other}, which podpath cannot send")
