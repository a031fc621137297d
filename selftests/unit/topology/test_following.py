"""Differences of TOPO that follow from those of another requirement, and those that do not."""

import pytest

from podpath.model import Topology
from podpath.topology import following
from podpath.topology.comparison import Differences
from podpath.topology.wiring import Wiring
from selftests.unit import samples

END = samples.host_end("client")


def detached() -> Topology:
    """The sample, with the client's host end off the bridge, which has not learned its MAC."""
    base = samples.with_node_link(samples.topology(), END, master=None, port=None)
    fdb = tuple(e for e in base.node.fdb if e.port != END)
    return samples.with_node(base, fdb=fdb)


def found(requirement: str, topology: Topology) -> Differences:
    """The differences of a requirement."""
    pods = () if requirement == "TOPO-BRIDGE-MEMBERS" else ("client",)
    differences = Wiring(topology, samples.network()).differences(requirement, *pods)
    assert differences
    return differences


@pytest.mark.parametrize("requirement", ["TOPO-BRIDGE-MEMBERS", "TOPO-FDB"])
def test_port_that_is_not_there_explains_what_the_bridge_lacks(requirement: str) -> None:
    topology, network = detached(), samples.network()

    cause = following.cause(requirement, found(requirement, topology), topology, network)

    assert cause is not None
    assert cause.requirement == "TOPO-BRIDGE-PORT"
    assert [d.kind for d in cause.differences] == ["master"]


@pytest.mark.parametrize("requirement", ["TOPO-BRIDGE-PORT", "TOPO-FDB", "TOPO-NODE-ADDR"])
def test_host_end_that_is_not_there_explains_what_it_lacks(requirement: str) -> None:
    topology = samples.with_pod_link(samples.topology(), "client", peer_nsid=77)
    network = samples.network()

    cause = following.cause(requirement, found(requirement, topology), topology, network)

    assert cause is not None
    assert cause.requirement == "TOPO-VETH-PEER"


def test_second_fault_is_a_finding_of_its_own() -> None:
    """A stranger on the bridge, and an address that no port's state explains."""
    end = samples.topology().host_end("server")
    assert end is not None
    stranger = samples.extra_link("stranger", master=end.master)
    base = detached()
    both = samples.with_node(base, interfaces=(*base.node.interfaces, stranger))
    network = samples.network()
    unlearned = samples.with_node(samples.topology(), fdb=())

    for requirement, topology in (
        ("TOPO-BRIDGE-MEMBERS", both),
        ("TOPO-FDB", unlearned),
    ):
        differences = found(requirement, topology)
        assert following.cause(requirement, differences, topology, network) is None
