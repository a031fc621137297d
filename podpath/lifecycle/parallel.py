"""Create the first pods of a node all at once."""

from collections.abc import Iterable
from functools import partial

from podpath.cni.network import Network
from podpath.errors import DoesNotConform, Unmet
from podpath.lifecycle.growth import growth, settled
from podpath.model import NODE, Difference
from podpath.nodes import forwarding, inventory
from podpath.nodes.base import Node
from podpath.nodes.deployment import Deployment, passing
from podpath.nodes.hung import HungCalls
from podpath.nodes.inventory import Inventory
from podpath.topology import reading
from podpath.topology.whole import unlike, wired

_PARALLEL_PODS = 8


def parallel_differences(
    node: Node, network: Network, one_by_one: Iterable[Difference], hung: HungCalls
) -> list[Difference]:
    """Create the first pods of a node at once, check their wiring, delete them at once, twice.

    The second round shows leftovers of the first: the node may not have more than after it.

    Args:
        node: a node that never had a pod.
        network: the configuration, and how its plugin wires pods.
        one_by_one: differences in the wiring of pods that were created one after the other.
        hung: the calls of plugins that hung in this run so far.

    Raises:
        DoesNotConform: the plugin failed.
    """
    known = [str(d.where) for d in one_by_one if d.kind == "unexpected interface"]
    own = {*inventory.interfaces(node), *node.named_namespaces(), network.bridge}
    own |= {where.removeprefix(f"{NODE} ") for where in known}
    forwarding.turn_on(node, network.families)
    try:
        wiring = _at_once(node, network, hung)
        own |= network.own_links(reading.read(node.network_namespace(), {}, []))
        first = settled(node, network, partial(_empty, own))
        wiring += _at_once(node, network, hung)
    except Unmet as error:  # one after the other it works
        raise DoesNotConform(error.message, error.output) from None
    differences = unlike(wiring, one_by_one, network)
    differences += growth(node, network, first).differences
    return differences + [
        Difference("left behind", kind, "gone", thing)
        for kind in ("bridge ports", "namespaces", "leases", "cached results", "interfaces")
        for thing in first.things[kind]
        if thing not in own
    ]


def _at_once(node: Node, network: Network, hung: HungCalls) -> list[Difference]:
    """Create pods at once, return the differences of their wiring, and delete them at once."""
    specified = [passing(f"pod-{number}") for number in range(_PARALLEL_PODS)]
    pods = Deployment(node, HungCalls(hung))  # a call that hangs here alone is a race's
    with pods.temporary(*specified, parallel=_PARALLEL_PODS):
        return wired(node, network, pods)


def _empty(own: set[str], now: Inventory) -> bool:
    """Return whether only the interfaces and namespaces in `own` are left."""
    kinds = ("interfaces", "bridge ports", "namespaces")
    return all(own >= {*now.things[kind]} for kind in kinds)
