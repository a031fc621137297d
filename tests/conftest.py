"""The suite's fixtures: podpath's, loaded as tests of other packages load them, and its own."""

import pytest

from podpath.cni.network import Network
from podpath.model import Family, Topology
from podpath.nodes.base import Node
from podpath.nodes.deployment import CLIENT
from podpath.paths import outside
from podpath.plugin import shared

from .parameters import Ends

pytest_plugins = ["podpath.testing.fixtures"]


@pytest.fixture
def way_out(
    pytestconfig: pytest.Config, node: Node, network: Network, topology: Topology, family: Family
) -> Ends:
    """The node's address on its uplink, and one beyond, for pods with a route there."""
    if reason := shared.plan(pytestconfig).features["ipmasq"]:
        pytest.skip(reason)
    if not network.conflist.section.get("ipMasq"):
        pytest.skip("the delegate's configuration has no ipMasq")
    near = outside.address(topology, node.uplink, family)
    far = outside.gateway(topology, family)
    if near is None or far is None:
        pytest.skip(f"the node's uplink leads nowhere in {family.text}")
    if not outside.has_way_out(topology, CLIENT, family):
        pytest.skip("the conflist gives pods no default route")
    return near, far
