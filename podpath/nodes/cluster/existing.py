"""A kind cluster that others made: it is tested as it is, and left as it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from podpath.errors import CouldNotTest
from podpath.nodes import image
from podpath.nodes.cluster import (
    kind_cluster,
    kind_program,
    kube_api,
    kubernetes,
)
from podpath.nodes.cluster.kind_cluster import Cluster
from podpath.nodes.cluster.kind_program import Options
from podpath.nodes.cluster.kubernetes import KubernetesNode
from podpath.nodes.kind import Say
from podpath.system import shared_lock

_CTR = ("ctr", "--namespace", "k8s.io", "images")


def check(options: Options) -> None:
    """Check that the cluster exists.

    Raises:
        CouldNotTest: it does not.
    """
    if not kind_cluster.exists(options):
        raise CouldNotTest(
            f"there is no kind cluster {options.name}",
            "Correct --podpath-kind-existing: `kind get clusters` lists them",
        )


@contextmanager
def held(options: Options, pod_image: str, say: Say) -> Iterator[Cluster]:
    """Hold the cluster for the length of the block, with the pod image on its node.

    The first process loads podpath's own image if the node does not have it; the last one removes
    it again.

    Args:
        options: the user's options.
        pod_image: image of pods; empty for podpath's own.
        say: function that shows progress.

    Raises:
        CouldNotTest: the node cannot be used.
    """
    cluster = Cluster(options, say)
    loaded = cluster.directory / "loaded"

    def first() -> None:
        say(f"using the kind cluster {options.name}, and changing nothing of it")
        if not options.kubeconfig:
            text = kind_program.run(options, "get", "kubeconfig", "--name", options.name)
            Path(cluster.kubeconfig).write_text(text)
        if not pod_image and image.NAME not in cluster.in_node(*_CTR, "list", "--quiet").split():
            loaded.touch()
            cluster.load_image()

    def last() -> None:
        if loaded.exists():
            cluster.in_node(*_CTR, "remove", "--sync", image.NAME)

    with shared_lock.shared(cluster.directory, first, last):
        yield cluster


@contextmanager
def start(options: Options, bridge: str, pod_image: str, say: Say) -> Iterator[KubernetesNode]:
    """Use the cluster's node for the length of the block, with a namespace for podpath's pods.

    Args:
        options: the user's options.
        bridge: name of the pods' bridge; empty if it has none.
        pod_image: image of pods; empty for podpath's own.
        say: function that shows progress.

    Raises:
        CouldNotTest: podpath cannot use the node.
    """
    with held(options, pod_image, say) as cluster:
        pid = cluster.pid()
        api = kube_api.of_file(cluster.kubeconfig)
        try:
            links, uplink = kubernetes.own_links(pid, bridge)
            name, pods = cluster.container(), pod_image or image.NAME
            node = KubernetesNode("kind", api, name, pid, links, uplink, lambda: "", pods)
            with kubernetes.in_use(node, say, f"testing on node {name}", wait=True):
                yield node
        finally:
            api.close()
