"""Give one pod's address to the next pod."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from podpath.cni.network import Network
from podpath.cni.result import interfaces
from podpath.errors import CouldNotTest
from podpath.model import Family
from podpath.nodes import inventory
from podpath.nodes.base import Node
from podpath.nodes.deployment import SERVER, Deployment
from podpath.paths.traffic import Traffics
from podpath.topology import reading


@contextmanager
def reused_address(
    node: Node,
    pods: Deployment,
    network: Network,
    traffic: Traffics,
    family: Family,
) -> Iterator[str]:
    """Create two pods, one after the other, with the same IP; the server has talked to the first.

    Yields:
        The name of the second pod, the only one left.

    Raises:
        CouldNotTest: IPAM does not give the address again, the server has forgotten it although it
            resolves it, or both pods have the same MAC address.
    """
    old, new = "former", "successor"
    with pods.temporary(old) as (pod,):
        address, first = pod.network.address(family), pod.network
        traffic.ping(SERVER, old, family).send()
    remembered = reading.neighbours(node.named_namespaces()[pods[SERVER].network.netns])
    if network.profile.resolution.asked == "destination" and str(address) not in remembered:
        raise CouldNotTest(f"the server does not remember {address}, which it had talked to")
    inventory.rewind_ipam(node, network.ipam, address)
    with pods.temporary(new) as (pod,):
        if pod.network.address(family) != address:
            raise CouldNotTest(
                f"IPAM gave {pod.network.address(family)} instead of {address} again"
            )
        mac = _mac(pod.network.result)  # a result before 0.3.0 has none
        if mac and mac == _mac(first.result):
            raise CouldNotTest(f"the new pod of {address} has the old one's MAC address")
        yield new


def _mac(result: Mapping[str, Any]) -> str:
    return next((interface.mac for interface in interfaces(result) if interface.inside), "")
