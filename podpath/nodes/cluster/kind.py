"""The kind node: the only node of a kind cluster, with the plugins and the conflist on it.

All processes of a run share one cluster (shared_lock.py); each has its own namespace in it.
"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from podpath.nodes.cluster import kind_cluster, kind_program, kube_api, kubernetes
from podpath.nodes.cluster.kind_cluster import Cluster, Install
from podpath.nodes.cluster.kind_program import Options
from podpath.nodes.cluster.kubernetes import KubernetesNode
from podpath.nodes.kind import Say
from podpath.system import randomness, shared_lock


def sweep(say: Say = lambda _: None, kind: str = "") -> list[str]:
    """Delete the clusters that killed runs left, and only those.

    Args:
        say: function that shows progress.
        kind: path of the program kind; empty for the default.

    Returns:
        The names of the deleted clusters.
    """
    gone: list[str] = []
    for directory in sorted(kind_cluster.CLUSTERS.glob("*")):
        options = Options(directory.name, keep=False, config=Path(), kind=kind)
        if not os.path.exists(kind_program.path(options)):  # a later run downloads it, and sweeps
            return gone
        with suppress(BlockingIOError), shared_lock.changing(directory, wait=False):
            if shared_lock.abandoned(directory):
                Cluster(options, say).remove()
                shutil.rmtree(directory)
                gone.append(options.name)
    return gone


@contextmanager
def held(
    options: Options, install: Install, say: Say, bridge: str = "", *, empty: bool = False
) -> Iterator[Cluster]:
    """Hold a cluster, ready for pods, for the length of the block, shared with other processes.

    Args:
        options: the user's options.
        install: function that gives the cluster its network.
        say: function that shows progress.
        bridge: name of the pods' bridge; empty if it has none, or is not known yet.
        empty: True to delete the cluster's own pods.

    Raises:
        CouldNotTest: the cluster does not come up.
    """
    sweep(say, options.kind)
    cluster = Cluster(options, say)

    def first() -> None:
        began = time.monotonic()
        cluster.create()
        cluster.prepare(install, bridge, empty=empty)
        say(f"the cluster is ready after {time.monotonic() - began:.1f} s")

    def last() -> None:
        began = time.monotonic()
        cluster.end()
        say(f"the cluster was left after {time.monotonic() - began:.1f} s")

    with shared_lock.shared(cluster.directory, first, last):
        yield cluster


@contextmanager
def start(
    options: Options, install: Install, say: Say, bridge: str = "", *, fresh: bool = False
) -> Iterator[KubernetesNode]:
    """Start a node for the length of the block.

    Args:
        options: the user's options.
        install: function that gives the cluster its network.
        say: function that shows progress.
        bridge: name of the pods' bridge; empty if it has none.
        fresh: True for a new cluster, whose node never had a pod.

    Raises:
        CouldNotTest: the node does not come up.
    """
    if fresh:
        name = f"{options.name}-{randomness.unique(3).hex()}"
        options = replace(options, name=name, keep=False, kubeconfig="")
    with held(options, install, say, bridge, empty=fresh) as cluster:
        pid, prepared = cluster.pid(), cluster.prepared()
        api = kube_api.of_file(cluster.kubeconfig)
        try:
            node = KubernetesNode(
                "kind",
                api,
                prepared.node,
                pid,
                frozenset(prepared.links) - {bridge},
                prepared.uplink,
                lambda: "" if _runs(pid) else f"the node has ended: {prepared.node} does not run",
                made=True,
            )
            node.versions |= {f"installed {n}": what for n, what in prepared.installed.items()}
            with kubernetes.in_use(node, say, "node is ready", wait=False):
                yield node
        finally:
            api.close()


def _runs(pid: int) -> bool:
    return os.path.isdir(f"/proc/{pid}/root/kind")
