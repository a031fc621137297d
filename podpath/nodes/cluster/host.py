"""The host node: the Kubernetes node that podpath itself runs on, in any kind of cluster.

podpath is root on it, or in a privileged pod with hostPID. It installs nothing there, and deletes
only its own namespace.
"""

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from podpath.cni import conflist as conflists
from podpath.cni.network import Network
from podpath.errors import CouldNotTest
from podpath.nodes import image
from podpath.nodes.cluster import kube_api, kubernetes
from podpath.nodes.cluster.kube_api import Api, Document
from podpath.nodes.cluster.kubernetes import KubernetesNode
from podpath.system import shared_lock

#: Pid of the node's first process, whose namespaces are the node's.
PID = 1
ROOT = Path(f"/proc/{PID}/root")
#: Directory of the locks with which processes on this node take turns. It is the node's own also
#: for a process in a pod, which needs no volume for it.
STATE = ROOT / "run/podpath/host"

_CONFLISTS = "etc/cni/net.d"
_PRIVILEGED = (
    "Run podpath as root on the node, or in a privileged pod with hostPID: true; see"
    " docs/kubernetes.md"
)
#: Root sees no file below /proc/1/root without that capability over process 1.
_CONFINED = (
    f"This root lacks CAP_SYS_PTRACE over process {PID}, as in a container. Run podpath on the node"
    " itself, or in a privileged pod with hostPID: true; see docs/kubernetes.md"
)


def conflist() -> Path:
    """Return the conflist that the node's runtime uses.

    Raises:
        CouldNotTest: the node has none, or may not be entered.
    """
    check()
    try:
        chosen = conflists.in_directory(ROOT / _CONFLISTS)
    except OSError as error:
        raise CouldNotTest(
            f"the node's /{_CONFLISTS} cannot be read: {error.strerror}", _PRIVILEGED
        ) from None
    if chosen is not None:
        return chosen
    raise CouldNotTest(
        f"the node has no network configuration in /{_CONFLISTS}",
        "Name it with --podpath-cni-conf",
    )


def plugin_directories() -> tuple[str, ...]:
    """Return the directories of the node's plugins."""
    return (str(ROOT / "opt/cni/bin"), str(ROOT / "usr/lib/cni"), str(ROOT / "usr/libexec/cni"))


def check() -> None:
    """Check that process 1 is the node's, and that podpath may enter its namespaces.

    Raises:
        CouldNotTest: it is not, or podpath may not.
    """
    if os.geteuid() != 0:
        raise CouldNotTest("podpath must enter the node's namespaces, as root", _PRIVILEGED)
    try:
        names = [name for name in kubernetes.SOCKETS if (ROOT / name[1:]).is_socket()]
    except OSError as error:
        raise CouldNotTest(
            f"podpath may not read {error.filename or ROOT}: {error.strerror}",
            _CONFINED if error.errno == errno.EACCES else _PRIVILEGED,
        ) from None
    if not names:
        raise CouldNotTest(
            f"process {PID} has no container runtime at {' or '.join(kubernetes.SOCKETS)}, so"
            " this is no Kubernetes node, or a pod without hostPID",
            _PRIVILEGED,
        )


@contextmanager
def turn() -> Iterator[None]:
    """Keep other processes from testing this node during the block; leave no directory there."""
    try:
        with shared_lock.turn(STATE):
            yield
    finally:
        with suppress(OSError):  # other directories are in it, or another process makes its own
            STATE.parent.rmdir()


def describe() -> dict[str, str]:
    """Return the facts about the node for the header."""
    return {"host": (ROOT / "etc/hostname").read_text(errors="replace").strip()}


def api(kubeconfig: str) -> Api:
    """Connect to the cluster's API server: the kubeconfig's, or with the pod's own service account.

    Raises:
        CouldNotTest: no API server is known.
    """
    if not kubeconfig and "KUBERNETES_SERVICE_HOST" in os.environ:
        return kube_api.of_pod()
    return kube_api.of_file(kubeconfig or None)


def name_of(nodes: Sequence[Document], machine: str, hostname: str) -> str:
    """Return the name of the node with this machine id, or hostname if nodes share the id. Pure.

    Clones of a virtual machine may share an id.

    Args:
        nodes: nodes of the cluster, as the API reports them.
        machine: content of /etc/machine-id.
        hostname: content of /etc/hostname.

    Raises:
        CouldNotTest: no node fits, or several do.
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
    """Use this node for the length of the block, with a namespace for podpath in its cluster.

    Args:
        network: the pods' network.
        kubeconfig: path of the kubeconfig; empty for the default.
        pod_image: image of pods; empty for podpath's own.
        say: function that shows progress.

    Raises:
        CouldNotTest: podpath cannot use the node or its cluster.
    """
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
        with kubernetes.in_use(node, say, f"testing on node {name}", wait=True):
            yield node
    finally:
        server.close()
