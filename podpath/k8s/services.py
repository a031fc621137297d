"""Check what a cluster requires of the network: addresses, Services, probes, restarts."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address

from podpath.errors import CouldNotTest
from podpath.model import POD_INTERFACE, Address, CommandResult, Difference, Topology, listed
from podpath.nodes.cluster.kube_api import Document
from podpath.nodes.cluster.kubernetes import KubernetesNode
from podpath.nodes.deployment import END, HTTP_PORT, MAIN, Deployment, wait_until_serving
from podpath.nodes.pod import Pod
from podpath.paths.observable import Traffic
from podpath.paths.probes import REQUEST
from podpath.system import limits, netns, waiting

_TRIES = 5
#: A page that every pod serves.
_PAGE = "/0"


def addresses(document: Document, topology: Topology, pod: str) -> list[Difference]:
    """Check that API server, runtime and kernel agree on a pod's IPs. Pure.

    Args:
        document: the pod in the API server.
        topology: the topology of the node.
        pod: name of the pod.
    """
    status = document.get("status", {})
    api = [entry.get("ip") for entry in status.get("podIPs") or []]
    runtime = [str(a) for a in topology.pods[pod].addresses]
    link = topology.of_pod(pod).interface(POD_INTERFACE)
    held = [str(a.ip) for a in (link.addresses if link else ()) if not a.is_link_local]
    differences = []
    for where, expected, seen in (
        (f"podIP of pod {pod}", _text(runtime[:1]), str(status.get("podIP"))),
        (f"podIPs of pod {pod}, in order", _text(runtime), _text(api)),
        (f"addresses of pod {pod} in the kernel", listed(runtime), listed(held)),
    ):
        if expected != seen:
            differences.append(Difference("pod IP", where, expected, seen))
    return differences


def _text(values: Sequence[object]) -> str:
    return ", ".join(map(str, values)) or "none"


@contextmanager
def service(node: KubernetesNode, pod: str) -> Iterator[Address]:
    """Create a Service of one pod for the length of the block.

    It is ready once the node itself reaches it.

    Yields:
        The Service's ClusterIP.

    Raises:
        CouldNotTest: the node does not reach it, so the fault is not in the pods' network.
    """
    body = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": f"of-{pod}"},
        "spec": {
            "selector": {"podpath.invalid/pod": pod},
            "ports": [{"port": HTTP_PORT, "targetPort": HTTP_PORT, "protocol": "TCP"}],
        },
    }
    made = node.api.create_service(node.namespace, body)
    try:
        address = ip_address(made["spec"]["clusterIP"])
        seconds = limits.current().service
        if not waiting.until(lambda: _answers(node, address), bool, seconds):
            raise CouldNotTest(
                f"the node does not reach the Service {address} of pod {pod} after {seconds:.0f} s",
                f"See whether kube-proxy runs on this node. {limits.current().remedy}",
            )
        yield address
    finally:
        node.api.delete_service(node.namespace, f"of-{pod}")


def _answers(node: KubernetesNode, address: Address) -> bool:
    """Return whether a pod's HTTP server answers at this address.

    An accepted connection proves nothing: beyond the node, a transparent proxy may accept any, as
    long as kube-proxy does not know the Service.
    """

    def ask() -> bool:
        seconds = limits.current().service_answer
        connection = HTTPConnection(str(address), HTTP_PORT, timeout=seconds)
        try:
            connection.request("GET", _PAGE)
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    return netns.run_in(node.network_namespace(), ask)


def unserved(traffic: Traffic) -> list[Difference]:
    """Check that a pod gets an answer from a Service, several times; stop after a missing answer.

    It stops because a lost request may take long to give up. No sniffer runs: one that makes the
    bridge promiscuous can duplicate the answer.
    """
    for number in range(_TRIES):
        ended = traffic.send()
        if ended.status != 0:
            ((service, _),) = traffic.translations[REQUEST].addresses
            where = f"{traffic.source} to its Service {service}, try {number + 1}"
            return [Difference("no answer", where, "an answer", _describe(ended))]
    return []


def _describe(ended: CommandResult) -> str:
    output = f"{ended.text[-200:]}{ended.errors[-200:]}".strip()
    return f"exit status {ended.status}: {output}" if output else f"exit status {ended.status}"


def restart(node: KubernetesNode, pods: Deployment, name: str) -> Pod:
    """End a pod's container, wait until it has started again and serves, and return the pod.

    Raises:
        CouldNotTest: the kubelet does not start it again in time.
    """
    before = pods[name]
    node.execute(before, MAIN, ["touch", END], limits.current().command)

    def again() -> Pod | None:
        try:
            now = node.again(before)
        except CouldNotTest:
            return None  # the container is not back yet
        return now if now.containers.get(MAIN) not in (None, before.containers[MAIN]) else None

    seconds = limits.current().restart
    after = waiting.until(again, bool, seconds)
    if after is None:
        raise CouldNotTest(
            f"the container of pod {name} was not started again in {seconds:.0f} s",
            limits.current().remedy,
        )
    wait_until_serving(node, after)
    return after


def moved(before: Pod, after: Pod, spaces: Mapping[str, int]) -> list[Difference]:
    """List what a pod did not keep when its container restarted. Pure.

    Args:
        before: the pod before the restart.
        after: the pod after it.
        spaces: "before" and "after" -> inode of the container's network namespace.
    """
    pairs = {
        "sandbox": (before.sandbox, after.sandbox),
        "namespace": (before.network.netns, after.network.netns),
        "namespace of the container": (spaces["before"], spaces["after"]),
        "addresses": (listed(before.network.addresses), listed(after.network.addresses)),
    }
    return [
        Difference("restart", f"{what} of pod {before.name}", str(then), str(now))
        for what, (then, now) in pairs.items()
        if then != now
    ]
