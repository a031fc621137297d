"""Leftovers of pods, if the conflist has a feature."""

from collections.abc import Callable

from podpath.cni.network import Network
from podpath.contract import capabilities
from podpath.contract.answers import require_success
from podpath.contract.runtime import Runtime
from podpath.lifecycle import portmap
from podpath.lifecycle.growth import growth, settled
from podpath.model import Family
from podpath.nodes import inventory
from podpath.nodes.base import Node
from podpath.nodes.deployment import CLIENT, HTTP_MAPPED, MAPPED, UDP_MAPPED, Deployment
from podpath.paths.traffic import MappedPorts
from podpath.system import kernel
from podpath.testing import each_family, requirement

from .parameters import each_direction


@requirement("LIFE-PORTMAP")
@each_family
def test_deleted_pod_leaves_none_of_its_mapped_ports(
    node: Node,
    pods: Deployment,
    network: Network,
    mapped_ports: MappedPorts,
    family: Family,
    remark: Callable[[str], None],
) -> None:
    """The node refuses the ports, and has only the rules that the first such pod left."""
    with pods.temporary(MAPPED):
        pass  # the first one creates what all share, such as chains
    before = settled(node, network)
    with pods.temporary(MAPPED):
        unanswered = portmap.unanswered(mapped_ports.traffic(CLIENT, family))

    grown = growth(node, network, before)
    remark(grown.remark)
    left = grown.differences
    address = mapped_ports.target(family)
    left += portmap.still_mapped(node, address, (HTTP_MAPPED, UDP_MAPPED))
    assert left + unanswered == []


@requirement("LIFE-BANDWIDTH")
@each_direction
def test_nothing_is_left_of_a_limit(runtime: Runtime, network: Network, direction: str) -> None:
    """The node's inventory is the same before and after a container with a limit."""
    kernel.check_shaping(direction)
    with capabilities.container(
        runtime, network, capabilities.bandwidth_args(direction)
    ) as container:
        before = inventory.read(runtime.node, network)
        container.attach()
        require_success(container.delete())

        assert container.leftovers(network, before) == []
