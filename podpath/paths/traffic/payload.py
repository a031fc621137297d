"""How much payload fits into a packet of the pods. Pure."""

from podpath.errors import DoesNotConform
from podpath.model import POD_INTERFACE, Family, Topology

#: Bytes of IP and ICMP (or UDP, which are as many) header before the payload, by IP version.
HEADERS = {4: 28, 6: 48}

#: Where a packet has so much room for its payload, its IPv4 fragments have more than 1500 bytes.
#: What the kernel joins of such fragments on a bridge it cannot take apart again: its route there
#: has an MTU of 1500, whatever the bridge's is (net/bridge/br_nf_core.c, br_dst_default_metrics).
LOST_FRAGMENTS = 1480


def largest_payload(topology: Topology, family: Family) -> int:
    """Return the largest ICMP or UDP payload that fits into one packet of the pods, in bytes.

    Raises DoesNotConform if a pod has no eth0.
    """
    links = [topology.of_pod(pod).interface(POD_INTERFACE) for pod in topology.pods]
    mtus = [link.mtu for link in links if link]
    if len(mtus) < len(links):
        raise DoesNotConform(f"a pod has no {POD_INTERFACE}")
    return min(mtus) - HEADERS[family.value]
