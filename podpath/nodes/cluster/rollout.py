"""Wait until a cluster's own network is installed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from podpath.errors import CouldNotTest
from podpath.nodes.cluster import installation, kube_api, readiness
from podpath.nodes.cluster.kind_cluster import Cluster
from podpath.nodes.cluster.kube_api import Document
from podpath.system import limits, programs, waiting

_KUBECTL = ("kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf")


def installer(manifests: Sequence[Path]) -> Callable[[Cluster], Mapping[str, str]]:
    """Return a function that applies manifests to a cluster, and waits for its network.

    Args:
        manifests: manifests of the network; none if the cluster brings its own.
    """

    def install(cluster: Cluster) -> Mapping[str, str]:
        for path in manifests:
            cluster.say(f"applying {path}")
            cluster.in_node(*_KUBECTL, "apply", "--filename", "-", stdin=path.read_text())
        cluster.say("waiting for the cluster's own network")
        conflist = _wait(cluster)
        applied = {str(path): f"sha256 {programs.checksum(str(path))[:16]}" for path in manifests}
        return {"conflist": conflist.name, **applied}

    return install


def _wait(cluster: Cluster) -> Path:
    """Wait for a conflist on the node, for the node, and for all daemon sets; return the conflist.

    Raises:
        CouldNotTest: they are not there in time.
    """
    root, name = Path(f"/proc/{cluster.pid()}/root"), cluster.container()
    api = kube_api.of_file(cluster.kubeconfig)
    try:

        def look() -> list[str]:
            conflist = installation.conflist_of(root)
            absent = [] if conflist else ["the node has no conflist in /etc/cni/net.d"]
            if not readiness.ready(api.node(name)):
                absent.append(f"node {name} is not ready")
            return absent + unfinished(api.daemon_sets())

        seconds = limits.current().cluster_ready
        if absent := waiting.until(look, lambda absent: not absent, seconds):
            raise CouldNotTest(
                f"the cluster's network is not installed after {seconds:.0f} s:"
                f" {'; '.join(absent)}",
                "See whether its images can be pulled: kubectl get pods --all-namespaces",
            )
    finally:
        api.close()
    conflist = installation.conflist_of(root)
    assert conflist is not None  # it was there a moment ago, or look() would have said so
    return conflist


def unfinished(daemon_sets: Iterable[Document]) -> list[str]:
    """List the daemon sets that are not rolled out, each in a sentence. Pure."""
    sentences = []
    for document in daemon_sets:
        metadata, status = document["metadata"], document.get("status", {})
        desired = status.get("desiredNumberScheduled", 0)
        ready = min(status.get("numberReady", 0), status.get("updatedNumberScheduled", 0))
        seen = status.get("observedGeneration", 0) >= metadata.get("generation", 0)
        if not seen or ready < desired:
            name = f"{metadata.get('namespace', '')}/{metadata['name']}"
            sentences.append(f"daemon set {name} has {ready} of {desired} pods ready")
    return sentences
