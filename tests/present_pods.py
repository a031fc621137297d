"""The pods that are on a node already, and one exchange: what `podpath fleet run --quick` runs.

The suite does not collect this file, as tests of the suite make and delete pods meanwhile. Nothing
here changes a pod that podpath did not make.
"""

from collections.abc import Callable, Iterator

import pytest

from podpath.cni.network import Network
from podpath.errors import CouldNotTest
from podpath.lifecycle import first_pods
from podpath.model import Family, Topology
from podpath.nodes.base import Node
from podpath.nodes.cluster.kubernetes import KubernetesNode
from podpath.nodes.deployment import CLIENT, SERVER, Deployment
from podpath.paths.observe import Observed, Observer
from podpath.paths.traffic import Traffics
from podpath.plugin import shared
from podpath.testing import each_family, requirement
from podpath.topology import present
from podpath.topology.lasting import lasting


@pytest.fixture(scope="session")
def created(
    pytestconfig: pytest.Config, node: Node, progress: Callable[[str], None]
) -> Iterator[Deployment]:
    """Two pods, made at the same time."""
    progress("creating pods")
    deployment, network = Deployment(node), shared.plan(pytestconfig).network
    with first_pods.made(node, network, deployment, CLIENT, SERVER, parallel=2):
        yield deployment


@pytest.fixture(scope="session")
def persistence() -> None:
    """Nothing: these pods do not stand for long enough to change by themselves."""


@pytest.fixture(scope="session")
def older(pytestconfig: pytest.Config, node: Node) -> frozenset[str]:
    """The pods that were created before the conflist was written."""
    if not isinstance(node, KubernetesNode):
        return frozenset()
    written = shared.plan(pytestconfig).conflist_path.stat().st_mtime
    return frozenset(name for name, seconds in node.created().items() if seconds < written)


@pytest.mark.parametrize(
    "identifier", [pytest.param(i, marks=requirement(i), id=i) for i in present.CHECKS]
)
def test_each_pod_is_wired(
    identifier: str,
    node: Node,
    topology: Topology,
    network: Network,
    observer: Observer,
    older: frozenset[str],
) -> None:
    """Each pod of the node is wired as its plugin wires pods, whoever created it."""

    def look() -> present.Findings:
        return present.look(observer.topology(), network, identifier, older)

    findings = present.look(topology, network, identifier, older)
    assert lasting(node, findings.failed, lambda: look().failed) == []
    if doubtful := lasting(node, findings.doubtful, lambda: look().doubtful):
        raise CouldNotTest(
            "pods that are older than the conflist are wired otherwise: "
            + "; ".join(map(str, doubtful)),
            "Restart these pods, or test the conflist that they were created with",
        )


@requirement("PATH-ICMP")
@each_family
def test_ping_crosses(observe: Callable[..., Observed], traffic: Traffics, family: Family) -> None:
    """An echo request and its reply cross exactly the expected interfaces."""
    assert observe(traffic.ping("client", "server", family)).differences == []


@requirement("PATH-HTTP")
@each_family
def test_http_crosses(observe: Callable[..., Observed], traffic: Traffics, family: Family) -> None:
    """A GET and its response cross exactly the expected interfaces."""
    assert observe(traffic.http("client", "server", family)).differences == []
