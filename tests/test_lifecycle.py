"""Effects of pods that come and go: on the node, and on other pods."""

from collections.abc import Callable
from functools import partial

import pytest

from podpath.cni.network import Network
from podpath.contract import reboot, subjects
from podpath.contract.runtime import Runtime
from podpath.errors import CouldNotTest
from podpath.lifecycle import bystanders, growth, parallel, restart, reuse, strangers, survivor
from podpath.lifecycle.persistence import Persistence
from podpath.model import NODE, Difference, Family
from podpath.nodes import link_settings
from podpath.nodes.base import Node
from podpath.nodes.deployment import SERVER, Deployment
from podpath.nodes.embedded.node import EmbeddedNode
from podpath.paths import repeating
from podpath.paths.observe import Observed, Observer
from podpath.paths.traffic import Traffics
from podpath.testing import each_family, requirement
from podpath.topology import nodes_own, whole
from podpath.topology.lasting import lasting
from podpath.topology.whole import Snapshot


@requirement("LIFE-ADD")
def test_pods_get_their_network(created: Deployment) -> None:
    """ADD succeeded for each of the suite's pods, in time."""
    assert [pod.name for pod in created if not pod.network.netns] == []


@requirement("LIFE-DELETE")
@each_family
def test_deleted_pod_leaves_nothing(
    node: Node,
    pods: Deployment,
    network: Network,
    traffic: Traffics,
    family: Family,
    remark: Callable[[str], None],
) -> None:
    """The node's inventory is the same before a pod and after it had traffic and was deleted."""
    before, addresses = growth.settled(node, network), growth.addresses(node)
    with pods.temporary("transient") as (transient,):
        traffic.ping("transient", "server", family).send()
        traffic.http("server", "transient", family).send()

    grown = growth.growth(node, network, before)
    remark(grown.remark)
    left = grown.differences + growth.named(node, transient)
    if growth.appended(addresses, growth.addresses(node), transient):
        left += growth.lists(node, pods)
    assert left == []


@requirement("LIFE-CHURN")
def test_nothing_piles_up_as_pods_come_and_go(
    node: Node, pods: Deployment, network: Network, remark: Callable[[str], None]
) -> None:
    """A dozen pods, one after the other, leave nothing on the node."""
    before = growth.settled(node, network)
    for number in range(growth.MANY):
        with pods.temporary(f"passer-{number}"):
            pass

    grown = growth.growth(node, network, before)
    remark(grown.remark)
    assert grown.differences == []


@requirement("LIFE-OTHERS")
@each_family
def test_other_pods_stay_unchanged_as_pods_come_and_go(
    node: Node,
    at_first: Snapshot | None,
    observer: Observer,
    observe: Callable[..., Observed],
    pods: Deployment,
    network: Network,
    traffic: Traffics,
    family: Family,
) -> None:
    """Other pods keep their ports, routes, addresses and path.

    They are compared with those before any pod was deleted, in this test or an earlier one.
    """
    before = at_first or whole.snapshot(node, network, pods)
    probes = bystanders.probes(network, traffic, family)
    for identifier, probe in probes.items():
        observed = repeating.unspoiled(partial(observer.observe, probe()))
        bystanders.require_path(identifier, observed)
    links = link_settings.of_all_pods(node, network)
    with pods.temporary("passer-1", "passer-2"):
        meanwhile = link_settings.of_all_pods(node, network)
    now = link_settings.of_all_pods(node, network)

    changed = link_settings.changes(links, meanwhile, now)
    after = observer.topology()
    if pods.node_before is not None:
        changed += nodes_own.changes(pods.node_before, before.topology, network)
        changed += nodes_own.changes(before.topology.node, after, network)
    changes = changed + bystanders.changes(before.topology, after, network)

    def unlike_before() -> list[Difference]:
        return [d for d in whole.wired(node, network, pods) if d not in before.differences]

    assert changes + lasting(node, unlike_before(), unlike_before) == []
    for probe in probes.values():
        assert observe(probe()).differences == []


@requirement("LIFE-OTHERS")
def test_first_pods_leave_the_links_of_the_node(created: Deployment) -> None:
    """The first ADDs left the node's uplink and its lo as they were."""
    assert created.link_changes == []


@requirement("LIFE-OTHERS")
def test_first_pods_leave_the_files_of_the_node(created: Deployment) -> None:
    """The first ADDs wrote no file of the node itself, such as /etc/hosts."""
    assert created.file_changes == []


@requirement("LIFE-OTHERS")
def test_rules_of_other_programs_stay_as_pods_come_and_go(
    node: Node, pods: Deployment, network: Network
) -> None:
    """Rules, routes and tracked connections that no plugin made stay."""
    if node.shared:
        pytest.skip("podpath makes rules on a node of its own alone")
    if not strangers.can_have_rules(node, pods):
        pytest.skip("the kernel has no tables of IPv4 for rules (CONFIG_NF_TABLES_IPV4)")

    assert strangers.lost(node, network, pods) == []


@requirement("LIFE-SURVIVOR")
@each_family
def test_transfer_survives_pods_that_come_and_go(
    node: Node, pods: Deployment, traffic: Traffics, family: Family
) -> None:
    """An HTTP transfer arrives whole while other pods come and go."""
    assert survivor.disturbances(node, pods, traffic, family) == []


@requirement("LIFE-REUSE")
@each_family
@pytest.mark.parametrize("peer", [pytest.param(SERVER), pytest.param(NODE)])
def test_reused_ip_works_at_once(
    node: Node,
    pods: Deployment,
    network: Network,
    observe: Callable[..., Observed],
    traffic: Traffics,
    family: Family,
    peer: str,
) -> None:
    """A pod, and the node, with traffic to the old pod reach the new pod with their first ping."""
    if peer == NODE and (reason := reuse.unreachable_from_node(network)):
        pytest.skip(reason)

    def first_ping() -> Observed:
        """A second ping to the same pod would be none: each attempt has a pod of its own."""
        with reuse.reused_address(node, pods, network, traffic, family, peer) as new:
            if not new:
                pytest.skip(f"IPAM gave a deleted pod's address to none of {reuse.ATTEMPTS} more")
            return observe(reuse.first_ping(traffic, peer, new, family), once=True)

    assert repeating.unspoiled(first_ping, anew=True).differences == []


@requirement("LIFE-PERSIST")
def test_wiring_stays_as_add_made_it(persistence: Persistence | None) -> None:
    """Wiring and rules of pods do not change by themselves, while no pod comes or goes."""
    if persistence is None:
        raise CouldNotTest("the pods' wiring could not be watched: see the tests of TOPO")

    assert persistence.await_changes() == []


@requirement("LIFE-RESTART")
def test_pods_do_not_notice_that_the_runtime_restarts(
    contract_node: Node, runtime: Runtime, network: Network
) -> None:
    """Wiring and rules of pods are the same after a restart of the runtime."""
    if not isinstance(contract_node, EmbeddedNode):
        pytest.skip("podpath restarts the runtime of an embedded node alone")
    runtime.require_first_add()

    assert restart.restarted(contract_node, network, runtime.hung) == []


@requirement("LIFE-REBOOT")
def test_node_serves_pods_after_a_reboot(
    runtime: Runtime, fresh_node: Node, network: Network
) -> None:
    """After a reboot a new pod gets its network, and DEL releases what the lost pods had."""
    runtime.require_first_add()
    chain, version = subjects.of(network.conflist)[0], network.conflist.contract_version

    assert reboot.rebooted(runtime, chain, network, version, fresh_node) == []


@requirement("LIFE-PARALLEL")
def test_pods_made_at_the_same_time_are_distinct_and_clean(
    node: Node, pods: Deployment, fresh_node: Node, network: Network
) -> None:
    """The first pods of a node, all made at once, are wired as others are, and leave nothing."""
    with pods.temporary("passer"):  # what fails one after the other is no race
        one_by_one = whole.wired(node, network, pods) + whole.strays(node, network, pods)

    differences = parallel.parallel_differences(fresh_node, network, one_by_one, pods.hung)
    assert differences == []
