"""Requirements of a Kubernetes cluster on the network, tested on nodes of a cluster only."""

from collections.abc import Callable

from podpath.k8s import services
from podpath.model import Topology
from podpath.nodes.cluster.kubernetes import KubernetesNode
from podpath.nodes.deployment import ASKED, MAIN, RESTARTED, Deployment
from podpath.paths.observe import Observed, Observer
from podpath.paths.traffic import Traffics
from podpath.system import limits
from podpath.testing import both_directions, each_pod, requirement

Observe = Callable[..., Observed]


@requirement("K8S-IP")
@each_pod
def test_api_server_runtime_and_kernel_agree_on_a_pods_ips(
    cluster_node: KubernetesNode, topology: Topology, pod: str
) -> None:
    """The API and the runtime list the same IPs in the same order, and the kernel has them."""
    assert services.addresses(cluster_node.document(pod), topology, pod) == []


@requirement("K8S-SERVICE")
@both_directions
def test_service_of_another_pod_is_translated_on_the_bridge(
    cluster_node: KubernetesNode,
    observe: Observe,
    traffic: Traffics,
    source: str,
    destination: str,
) -> None:
    """Each packet appears once at every hop: with the Service's address first, then the pod's."""
    with services.service(cluster_node, destination) as address:
        observed = observe(traffic.http_of_service(source, destination, address))

    assert observed.differences == []


@requirement("K8S-HAIRPIN")
@each_pod
def test_pod_reaches_itself_through_its_service(
    cluster_node: KubernetesNode, traffic: Traffics, pods: Deployment, pod: str
) -> None:
    """A pod itself answers its requests to its own Service."""
    with services.service(cluster_node, pods[pod].name) as address:
        assert services.unserved(traffic.http_of_service(pod, pod, address)) == []


@requirement("K8S-PROBE")
def test_kubelets_probe_arrives_through_the_bridge(
    observe: Observe, traffic: Traffics, pods: Deployment
) -> None:
    """Each packet of an HTTP probe and its answer appears between bridge and pod, nowhere else."""
    with pods.temporary(ASKED):
        observed = observe(traffic.kubelet_request(ASKED, limits.current().kubelet_probe))

    assert observed.differences == []


@requirement("K8S-RESTART")
def test_pod_keeps_its_network_when_a_container_is_started_again(
    cluster_node: KubernetesNode, observer: Observer, pods: Deployment
) -> None:
    """A pod keeps its sandbox, namespace and addresses, also in the kernel."""
    with pods.temporary(RESTARTED) as (before,):
        spaces = {"before": cluster_node.container_namespaces(before)[MAIN]}
        after = services.restart(cluster_node, pods, RESTARTED)
        spaces["after"] = cluster_node.container_namespaces(after)[MAIN]
        differences = services.moved(before, after, spaces)
        differences += services.addresses(
            cluster_node.document(RESTARTED), observer.topology(), RESTARTED
        )

    assert differences == []
