"""Compare the addresses of pods with the leases of IPAM: a part of TOPO-ADDR. Pure."""

from collections.abc import Mapping

from podpath.model import POD_INTERFACE, Difference, Family, Topology
from podpath.topology.comparison import Differences, of_family


def leased(topology: Topology, leases: Mapping[str, str], pod: str) -> Differences:
    """Check that IPAM has leased a pod's addresses to the pod.

    Args:
        topology: The node and its pods.
        leases: Address -> container id, as IPAM stores them.
        pod: The pod's name.
    """
    own = topology.pods[pod].sandbox
    link = topology.of_pod(pod).interface(POD_INTERFACE)
    held = [a for f in Family for a in of_family(link, f)] if link else []
    holders = {f"pod {pod} {a.ip}": leases.get(str(a.ip), "nobody") for a in held}
    return [
        Difference("lease", where, f"leased to {own[:12]}", f"to {holder[:12]}")
        for where, holder in holders.items()
        if holder != own
    ]
