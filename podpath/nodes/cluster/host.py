"""The host node: the Kubernetes node that podpath itself runs on, whatever made its cluster.

podpath is root on it, or in a privileged pod with hostPID. It installs nothing there, and deletes
its own namespace alone.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from podpath.cni.conflist import SUFFIXES
from podpath.cni.network import Network
from podpath.errors import CouldNotTest
from podpath.nodes import image
from podpath.nodes.cluster import kube_api, kubernetes
from podpath.nodes.cluster.kube_api import Api, Document
from podpath.nodes.cluster.kubernetes import KubernetesNode

#: The node's first process, whose namespaces are the node's.
PID = 1
ROOT = Path(f"/proc/{PID}/root")
#: Where locks are kept, so that processes on this node take turns.
STATE = Path("/run/podpath/host")

_CONFLISTS = "etc/cni/net.d"
_PRIVILEGED = (
    "Run podpath as root on the node, or in a privileged pod with hostPID: true; see"
    " docs/kubernetes.md"
)


def conflist() -> Path:
    """The conflist that the node's runtime uses: the first one (go-cni, loadFromConfDir).

    Raises CouldNotTest if there is none.
    """
    check()
    try:
        named = sorted((ROOT / _CONFLISTS).iterdir())
    except OSError as error:
        raise CouldNotTest(
            f"the node's /{_CONFLISTS} cannot be read: {error.strerror}", _PRIVILEGED
        ) from None
    for path in named:
        if path.suffix in SUFFIXES:
            return path
    raise CouldNotTest(
        f"the node has no network configuration in /{_CONFLISTS}",
        "Name it with --podpath-cni-conf",
    )


def plugin_directories() -> tuple[str, ...]:
    """Where the node has its plugins."""
    return (str(ROOT / "opt/cni/bin"), str(ROOT / "usr/lib/cni"), str(ROOT / "usr/libexec/cni"))


def check() -> None:
    """Raise CouldNotTest if process 1 is not the node's, or may not be looked into."""
    if os.geteuid() != 0:
        raise CouldNotTest("podpath must enter the node's namespaces, as root", _PRIVILEGED)
    try:
        names = [name for name in kubernetes.SOCKETS if (ROOT / name[1:]).is_socket()]
    except OSError as error:
        raise CouldNotTest(
            f"podpath may not look into the node: {error.strerror}", _PRIVILEGED
        ) from None
    if not names:
        raise CouldNotTest(
            f"process {PID} has no container runtime at {' or '.join(kubernetes.SOCKETS)}, so"
            " this is no Kubernetes node, or a pod without hostPID",
            _PRIVILEGED,
        )


def describe() -> dict[str, str]:
    """What the header says of it."""
    return {"host": (ROOT / "etc/hostname").read_text(errors="replace").strip()}


def api(kubeconfig: str) -> Api:
    """The cluster's API server: of the kubeconfig, else with the pod's own service account."""
    if not kubeconfig and "KUBERNETES_SERVICE_HOST" in os.environ:
        return kube_api.of_pod()
    return kube_api.of_file(kubeconfig or None)


def name_of(nodes: Sequence[Document], machine: str, hostname: str) -> str:
    """The name of the node with this machine id, or of those that share it, this hostname. Pure.

    Clones of a virtual machine may share an id. Raises CouldNotTest if it is none, or many.
    """
    alike = [n for n in nodes if n["status"]["nodeInfo"].get("machineID") == machine]
    if len(alike) != 1:
        alike = [n for n in alike or nodes if hostname in _names(n)]
    if len(alike) != 1:
        known = ", ".join(n["metadata"]["name"] for n in nodes)
        raise CouldNotTest(
            f"it cannot be told which of the cluster's nodes this one, {hostname}, is: {known}",
            "Give the kubeconfig of this node's own cluster",
        )
    return str(alike[0]["metadata"]["name"])


def _names(node: Document) -> set[str]:
    addresses = node["status"].get("addresses") or []
    return {node["metadata"]["name"], *(a.get("address", "") for a in addresses)}


@contextmanager
def start(
    network: Network, kubeconfig: str, pod_image: str, say: Callable[[str], None]
) -> Iterator[KubernetesNode]:
    """This node for the length of the block, with a namespace of our own in its cluster."""
    check()
    server = api(kubeconfig)
    try:
        machine = (ROOT / "etc/machine-id").read_text().strip()
        hostname = (ROOT / "etc/hostname").read_text().strip()
        name = name_of(server.nodes(), machine, hostname)
        links, uplink = kubernetes.own_links(PID, network.bridge)
        node = KubernetesNode(
            "host", server, name, PID, links, uplink, lambda: "", pod_image or image.NAME
        )
        try:
            with kubernetes.namespace(node, wait=True):
                say(f"testing on node {name}")
                yield node
        finally:
            node.close()
    finally:
        server.close()
