"""Give one pod's address to the next pod."""

from collections.abc import Iterator
from contextlib import contextmanager

from podpath.cni.network import Network
from podpath.errors import CouldNotTest, Disturbed
from podpath.model import NODE, Address, Family
from podpath.nodes import leases
from podpath.nodes.base import Node
from podpath.nodes.deployment import SERVER, Deployment
from podpath.paths.traffic import Traffic, Traffics
from podpath.topology import reading

#: Pods to create until one has an address again, if podpath cannot make IPAM give it.
ATTEMPTS = 8


@contextmanager
def reused_address(
    node: Node,
    pods: Deployment,
    network: Network,
    traffic: Traffics,
    family: Family,
    peer: str,
) -> Iterator[str]:
    """Create two pods, one after the other, with the same IP; the peer has talked to the first.

    Args:
        node: The node.
        pods: Its pods.
        network: The pods' network.
        traffic: Makes pings.
        family: The IP version.
        peer: SERVER or NODE.

    Yields:
        The name of the second pod, the only one left; empty if an IPAM that podpath cannot make do
        so does not give the address again.

    Raises:
        CouldNotTest: IPAM does not give the address again, although it must, or the server has
            forgotten it, although it resolves it. The node forgets neighbours with their link.
        Disturbed: IPAM gave the address to a pod of others meanwhile, perhaps.
    """
    old, new = "former", "successor"
    with pods.temporary(old) as (pod,):
        address = pod.network.address(family)
        first_ping(traffic, peer, old, family).send()
    if peer == SERVER:
        _require_remembered(node, pods, network, address)
    rewound = leases.store(network).rewind(node, address)
    for _ in range(1 if rewound else ATTEMPTS):
        with pods.temporary(new) as (pod,):
            if pod.network.address(family) == address:
                yield new
                return
            given = pod.network.address(family)
    if rewound:
        error = Disturbed if node.shared else CouldNotTest  # a pod of others may have got it
        raise error(f"IPAM gave {given} instead of {address} again")
    yield ""


def unreachable_from_node(network: Network) -> str:
    """Explain why the node itself need not reach its pods; empty if it must."""
    if reason := network.not_applicable.get("PATH-GATEWAY"):
        return reason
    if not network.has_gateway:
        return "the conflist has no isGateway, so the bridge has no address"
    return ""


def first_ping(traffic: Traffics, peer: str, pod: str, family: Family) -> Traffic:
    """Return a ping from the peer, SERVER or NODE, to a pod."""
    if peer == NODE:
        return traffic.ping_from_node(pod, family)
    return traffic.ping(peer, pod, family)


def _require_remembered(node: Node, pods: Deployment, network: Network, address: Address) -> None:
    remembered = reading.neighbours(node.named_namespaces()[pods[SERVER].network.netns])
    if network.profile.resolution.target == "destination" and str(address) not in remembered:
        raise CouldNotTest(f"the server does not remember {address}, which it had talked to")
