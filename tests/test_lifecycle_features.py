"""Leftovers of pods, if the conflist has a feature."""

from collections.abc import Callable

import pytest

from podpath.cni.network import Network
from podpath.contract import capabilities
from podpath.contract.answers import require_success
from podpath.contract.runtime import Runtime
from podpath.lifecycle import bystanders, portmap
from podpath.lifecycle.growth import growth, settled
from podpath.model import Family
from podpath.nodes import inventory
from podpath.nodes.base import Node
from podpath.nodes.deployment import HTTP_MAPPED, MAPPED, UDP_MAPPED, Deployment
from podpath.paths import neighbour
from podpath.paths.observe import Observed, Observer
from podpath.paths.traffic import MappedPorts, Traffics
from podpath.system import kernel
from podpath.system.randomness import Draws
from podpath.testing import each_family, requirement

from .parameters import Ends, each_direction

Observe = Callable[..., Observed]


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
    with mapped_ports.mapped():
        sender = mapped_ports.near_source(family)
        unanswered = portmap.unanswered(mapped_ports.traffic(sender, family))

    grown = growth(node, network, before)
    remark(grown.remark)
    left = grown.differences
    address = mapped_ports.target(family)
    left += portmap.still_mapped(node, address, (HTTP_MAPPED, UDP_MAPPED))
    assert left == []
    portmap.require_answered(unanswered)


@requirement("LIFE-PORTMAP")
@each_family
def test_client_that_keeps_its_port_reaches_the_next_pod(
    observe: Observe, mapped_ports: MappedPorts, draws: Draws, family: Family
) -> None:
    """Datagrams from one port reach the pod that has a mapped port now, not one before it."""
    source, port = mapped_ports.usual_source(family), draws.port()
    with mapped_ports.mapped() as former:
        unanswered = portmap.unanswered([mapped_ports.datagram(source, family, port)])
    portmap.require_answered(unanswered)
    mapped_ports.send_in_vain(source, family, port)
    with mapped_ports.mapped() as next_pod:
        if next_pod.network.address(family) == former.network.address(family):
            pytest.skip("IPAM gave the next pod the same address")
        observed = observe(mapped_ports.datagram(source, family, port))

    assert observed.differences == []


@requirement("LIFE-PORTMAP")
@each_family
@pytest.mark.parametrize("kind", ["tracked-datagrams"])
def test_node_tracks_no_datagrams_to_a_deleted_pod(
    node: Node,
    mapped_ports: MappedPorts,
    draws: Draws,
    family: Family,
    kind: str,  # noqa: ARG001 (names the case for known deviations)
) -> None:
    """No connection that the kernel tracks still translates datagrams to a deleted pod."""
    source = mapped_ports.usual_source(family)
    with mapped_ports.mapped() as pod:
        unanswered = portmap.unanswered([mapped_ports.datagram(source, family, draws.port())])
        address = pod.network.address(family)

    assert portmap.still_tracked(node, address) == []
    portmap.require_answered(unanswered)


@requirement("LIFE-OTHERS")
@each_family
def test_other_pods_stay_masqueraded(
    node: Node,
    observer: Observer,
    observe: Observe,
    pods: Deployment,
    traffic: Traffics,
    way_out: Ends,
) -> None:
    """A pod's ping to beyond the node still has the node's address after a pod came and went.

    The pod is a new one: those that went in other tests may have taken the others' rules.
    """
    near, far = way_out
    with pods.temporary("stayer") as (stayer,):
        neighbour.forget(node, pods, stayer.network.addresses)
        before = observer.observe(traffic.ping_beyond("stayer", far, near))
        bystanders.require_path("PATH-MASQUERADE", before)
        with pods.temporary("passer-1"):
            pass
        observed = observe(traffic.ping_beyond("stayer", far, near))

    assert observed.differences == []


@requirement("LIFE-OTHERS")
@each_family
def test_other_pods_keep_their_mapped_ports(
    observer: Observer,
    observe: Observe,
    pods: Deployment,
    mapped_ports: MappedPorts,
    family: Family,
) -> None:
    """A mapped port still leads to its pod after another pod came and went."""
    source = mapped_ports.usual_source(family)
    with mapped_ports.mapped():
        before = observer.observe(*mapped_ports.traffic(source, family))
        bystanders.require_path("PATH-PORTMAP", before)
        with pods.temporary("passer-1"):
            pass
        observed = observe(*mapped_ports.traffic(source, family))

    assert observed.differences == []


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
