"""Compute the largest payload of the pods' packets. Pure."""

from podpath.errors import DoesNotConform
from podpath.model import POD_INTERFACE, Family, Topology

#: Bytes of the IP and the ICMP (or UDP, of equal size) header, by IP version.
HEADERS = {4: 28, 6: 48}

#: Bytes of payload room from which a packet's IPv4 fragments have more than 1500 bytes.
#: The kernel joins such fragments on a bridge, but cannot split them again: its route there has an
#: MTU of 1500, whatever the bridge's MTU (net/bridge/br_nf_core.c, br_dst_default_metrics).
LOST_FRAGMENTS = 1480


def largest_payload(topology: Topology, family: Family) -> int:
    """Return the largest ICMP or UDP payload that fits into one packet of any pod, in bytes.

    Raises:
        DoesNotConform: A pod has no eth0.
    """
    links = [topology.of_pod(pod).interface(POD_INTERFACE) for pod in topology.pods]
    mtus = [link.mtu for link in links if link]
    if len(mtus) < len(links):
        raise DoesNotConform(f"a pod has no {POD_INTERFACE}")
    return min(mtus) - HEADERS[family.value]
