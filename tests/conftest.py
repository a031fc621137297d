"""The suite's fixtures: podpath's, loaded as tests of other packages load them, and its own."""

import pytest

from podpath.cni.network import Network
from podpath.model import Family, Topology
from podpath.nodes.base import Node
from podpath.nodes.deployment import CLIENT
from podpath.paths import outside

from .parameters import Ends

pytest_plugins = ["podpath.testing.fixtures"]


@pytest.fixture
def way_out(node: Node, network: Network, topology: Topology, family: Family) -> Ends:
    """The node's address on its uplink, and one beyond, for pods with a route there."""
    if not network.conflist.section.get("ipMasq"):
        pytest.skip("the main plugin's configuration has no ipMasq")
    if not node.beyond:
        pytest.skip("podpath cannot watch what is beyond this kind of node")
    near = outside.address(topology, node.uplink, family)
    far = outside.gateway(topology, family)
    if near is None or far is None:
        pytest.skip(f"the node's uplink leads nowhere in {family.text}")
    if not outside.has_way_out(topology, CLIENT, family):
        pytest.skip("the conflist gives pods no default route")
    return near, far
