"""The nodes that a trace may look at: one of its own, one that stands, or one of its user."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from podpath.cni.network import Network
from podpath.errors import CouldNotTest
from podpath.nodes.cluster import host, installation, kind_cluster, kind_program, kube_api
from podpath.nodes.cluster.kind_cluster import Cluster
from podpath.nodes.cluster.kind_program import Options
from podpath.nodes.cluster.kube_api import Api
from podpath.nodes.cluster.on_cluster import options as kind_options
from podpath.nodes.cluster.visited import visited
from podpath.nodes.embedded import standing as records
from podpath.run import checks
from podpath.testing import NodeOptions, OpenNode, attach, deploy, open_node, standing_nodes
from podpath.trace.scene import Scene

#: Pods of a node of the trace's own. The third one shows that others see nothing.
PODS = ("client", "server", "bystander")


@contextmanager
def own(options: NodeOptions, say: Callable[[str], None]) -> Iterator[Scene]:
    """Start a node for the length of the block, with three pods."""
    with open_node(options, say=say) as node, deploy(node, *PODS):
        yield _of(node)


@contextmanager
def standing(name: str) -> Iterator[Scene]:
    """Use a node that stands, for the length of the block."""
    with attach(name) as node:
        yield _of(node)


def stands() -> bool:
    """Return whether there is a node to use: one that stands, or that this process is on."""
    return records.inside() or bool(standing_nodes())


def _of(node: OpenNode) -> Scene:
    pods = {pod.name: pod.network for pod in node.pods}
    return Scene(node.node, pods, node.network, "", node.pods.__getitem__)


@contextmanager
def of_user(
    kind: str,
    profile: str,
    of_kind: Mapping[str, Any],
    ends: Collection[str],
    say: Callable[[str], None],
) -> Iterator[Scene]:
    """Look at a node of the user for the length of the block. Nothing is made or changed there.

    Args:
        kind: "kind" or "host".
        profile: name or file of a profile; empty to infer it from the node's conflist.
        of_kind: options of the kind, see NodeOptions.
        ends: names of pods; of a cluster's nodes, the one that has one of them is looked at.
        say: function that shows progress.

    Raises:
        CouldNotTest: there is no such node, or podpath may not look at it.
    """
    checks.root()
    if kind == "host":
        host.check()
        pid = host.PID
    else:
        pid = _of_kind(of_kind, ends, say)
    network, unjudged = _network(Path(f"/proc/{pid}/root"), profile)
    with visited(kind, pid, network.bridge if network else "") as node:
        pods = {pod.name: pod for pod in node.foreign_pods(())}
        yield Scene(node, pods, network, unjudged, lambda name: node.pod(pods[name]))


def _of_kind(of_kind: Mapping[str, Any], ends: Collection[str], say: Callable[[str], None]) -> int:
    """Return the pid of a kind cluster's node: of the one that has a pod, else the first one."""
    options = _kind_options(of_kind)
    if not kind_cluster.exists(options):
        raise CouldNotTest(
            f"there is no kind cluster {options.name}",
            "Name it with --kind-existing: `kind get clusters` lists them",
        )
    cluster = Cluster(options, say)
    pids = [cluster.pid(container) for container in cluster.node_containers()]
    having = (pid for pid in pids if len(pids) > 1 and _has(pid, ends))
    return next(having, pids[0])


def api_of(kind: str, of_kind: Mapping[str, Any], kubeconfig: str) -> Api:
    """Connect to the API server of a node of the user.

    Args:
        kind: "kind" or "host".
        of_kind: options of the kind, see NodeOptions.
        kubeconfig: path of a kubeconfig; empty for that of kind, or of the user.

    Raises:
        CouldNotTest: no API server is known.
    """
    if kind == "host" or kubeconfig:
        return host.api(kubeconfig)
    options = _kind_options(of_kind)
    with NamedTemporaryFile("w", prefix="podpath-kubeconfig-") as file:
        file.write(kind_program.run(options, "get", "kubeconfig", "--name", options.name))
        file.flush()
        return kube_api.of_file(file.name)


def _kind_options(of_kind: Mapping[str, Any]) -> Options:
    name = str(of_kind.get("podpath_kind_existing") or "kind")
    return replace(kind_options(of_kind.get, Path()), name=name)


def _has(pid: int, ends: Collection[str]) -> bool:
    """Return whether a node has a pod with one of these names."""
    with visited("kind", pid, "") as node:
        return any(pod.name in ends for pod in node.foreign_pods(()))


def _network(root: Path, profile: str) -> tuple[Network | None, str]:
    """Return how the pods of a node are wired; None and the reason if no profile says it."""
    try:
        path = installation.conflist_of(root)
        if path is None:
            return None, "the node has no network configuration in /etc/cni/net.d"
        return Network.read(path, profile), ""
    except OSError as error:
        return None, f"the node's network configuration cannot be read: {error.strerror}"
    except CouldNotTest as error:
        return None, error.message
