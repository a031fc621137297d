"""What is wrong with how any pod is attached: TOPO tells of it."""

from collections.abc import Collection

from podpath.cni.network import Network
from podpath.model import Difference
from podpath.nodes import leases
from podpath.nodes.base import Node
from podpath.nodes.deployment import Deployment
from podpath.topology import following, whole
from podpath.topology.cause import Cause
from podpath.topology.wiring import Wiring

_OF_RESULT = ("TOPO-RESULT", "TOPO-MAC")
_OF_LINKS = (
    *("TOPO-VETH-PEER", "TOPO-LOWER-LINK", "TOPO-BRIDGE-PORT", "TOPO-HOST-END"),
    *("TOPO-MTU", "TOPO-ADDR", "TOPO-ROUTE"),
)
#: Requirements of the contract -> those whose violation by a pod explains theirs.
EXPLAINING = {
    "CNI-ADD-INTERFACE": frozenset(_OF_RESULT),
    "CNI-CHECK": frozenset({*_OF_RESULT, *_OF_LINKS}),
}
#: Kinds of their differences that a pod's attachment explains; an error is output, too.
_KINDS = {
    "CNI-ADD-INTERFACE": frozenset({"result", "sandbox", "interface", "MAC address"}),
    "CNI-CHECK": frozenset({"failure", "output"}),
}
_NAME = "attached"
_WHY = "the attachment of a pod has this, too"


def may_explain(requirement: str, kinds: Collection[str]) -> bool:
    """Return whether a pod's attachment may explain differences of these kinds. Pure."""
    own = _KINDS.get(requirement, frozenset())
    return bool(kinds) and own.issuperset(kinds) and {*kinds} != {"output"}


def violations(node: Node, pods: Deployment, network: Network) -> list[Cause]:
    """Create a pod, delete it, and list the violations of TOPO that it had, in their order.

    Args:
        node: the node.
        pods: its pods.
        network: the configuration, and how its plugin wires pods.

    Raises:
        CouldNotTest: the wiring cannot be read.
        DoesNotConform: the plugin failed.
        OSError: the kernel does not answer.
    """
    with pods.temporary(_NAME):
        topology = whole.read(node, pods)
        store = leases.store(network)
        leased = {} if store.unreadable else {"leases": store.leases(node)}
    wiring, found = Wiring(topology, network), dict[str, list[Difference]]()
    for requirement in (*_OF_LINKS, *_OF_RESULT):
        if requirement in network.not_applicable:
            continue
        if requirement == "TOPO-MAC":
            found[requirement] = wiring.mac(of_bridge=False)
        elif requirement == "TOPO-ADDR":
            found[requirement] = wiring.differences(requirement, _NAME, **leased)
        else:
            found[requirement] = wiring.differences(requirement, _NAME)
    return [
        following.cause(requirement, differences, topology, network)
        or Cause(requirement, _WHY, tuple(differences))
        for requirement, differences in found.items()
        if differences
    ]
