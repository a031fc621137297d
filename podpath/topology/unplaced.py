"""Results that name interfaces, and none in the pod: chained plugins find no pod in them. Pure."""

from podpath.cni.network import Network
from podpath.model import Topology, listed
from podpath.topology import result
from podpath.topology.comparison import Differences


def results(topology: Topology, network: Network) -> Differences:
    """List the pods of whose result no interface has a sandbox.

    Args:
        topology: The node and its pods.
        network: The configuration, and how its plugin wires pods.
    """
    return [
        difference
        for pod in topology.pods
        for difference in result.differences(topology, network, pod)
        if difference.where == f"result of pod {pod}, interfaces in the pod"
        and difference.seen == listed(())
    ]
