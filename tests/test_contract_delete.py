"""The CNI contract: leftovers of DEL, and many containers at once."""

from collections.abc import Callable

import pytest

from podpath.cni.network import Network
from podpath.contract import answers, failures, parallel, successors
from podpath.contract.attachments import Attachment
from podpath.contract.failures import Way
from podpath.contract.lives import Life
from podpath.contract.runtime import Runtime
from podpath.contract.stand_in import standing_in
from podpath.nodes import inventory
from podpath.testing import requirement

from .parameters import attaching, since, whole_chain


@requirement("CNI-DEL")
@since("0.1.0")
def test_delete_undoes_add(life: Life) -> None:
    """DEL succeeds, and leaves the node as it was before ADD."""
    life.require_added()

    assert life.undeleted == []


@requirement("CNI-DEL-IDEMPOTENT")
@since("0.4.0")
def test_delete_succeeds_again(life: Life) -> None:
    """A second DEL of the same attachment succeeds."""
    life.require_added()

    assert life.beyond_delete(answers.succeeded(life.deleted_again)) == []


@requirement("CNI-DEL-IDEMPOTENT")
@whole_chain
@pytest.mark.parametrize("deleted", [pytest.param(False, id="old"), pytest.param(True, id="again")])
@since("1.0.0")
def test_late_delete_leaves_the_next_container_of_the_pod(
    attach: Callable[[], Attachment], network: Network, life: Life, deleted: bool
) -> None:
    """DEL of a pod's old container, the first or a second one, leaves the pod's next container."""
    life.require_added()
    differences = successors.kept(attach(), attach(), network, deleted=deleted)
    if differences is None:
        pytest.skip("the network has no room for the next container of the pod yet")

    assert life.beyond_delete(differences) == []


def _namespace_removed(container: Attachment) -> list[answers.Answer]:
    container.lose_namespace()
    return container.delete()


def _namespace_unnamed(container: Attachment) -> list[answers.Answer]:
    container.lose_namespace()
    return container.delete({"CNI_NETNS": ""})


def _no_result(container: Attachment) -> list[answers.Answer]:
    return container.delete(forget=True)


def _namespace_unmounted(container: Attachment) -> list[answers.Answer]:
    container.unmount_namespace()
    return container.delete()


def _refused_at_first(container: Attachment) -> list[answers.Answer]:
    if not container.subject.main.delegate:
        pytest.skip("it calls no IPAM plugin")
    with standing_in(container, fails=["DEL"]):
        container.delete()  # may have deleted the link by then
    return container.delete()


GONE = [
    pytest.param(_namespace_removed, id="namespace-removed"),
    pytest.param(_namespace_unmounted, id="namespace-unmounted"),
    pytest.param(_namespace_unnamed, id="namespace-unnamed"),
    pytest.param(_no_result, id="no-previous-result"),
    pytest.param(_refused_at_first, id="refused-at-first"),
]


@requirement("CNI-DEL-GONE")
@pytest.mark.parametrize("delete", GONE)
@since("0.4.0")
def test_delete_releases_all_when_parts_are_gone(
    container: Attachment,
    network: Network,
    life: Life,
    delete: Callable[[Attachment], list[answers.Answer]],
) -> None:
    """DEL without the namespace, prevResult, or what a DEL before it deleted, releases all."""
    before = inventory.read(container.runtime.node, network)
    container.attach()

    differences = answers.succeeded(delete(container)) + container.leftovers(network, before)

    assert life.beyond_delete(differences) == []


FAILED = [
    pytest.param(failures.refused_by_ipam, failures.NO_IPAM, id="failed"),
    pytest.param(failures.killed_by_ipam, failures.NO_IPAM, id="killed-at-ipam"),
    pytest.param(failures.killed_at_rules, failures.NO_RULES, id="killed-at-rules"),
]


@requirement("CNI-DEL-FAILED")
@attaching
@pytest.mark.parametrize(("add", "unless"), FAILED)
@since("1.0.0")
def test_delete_succeeds_after_a_failed_add(
    container: Attachment, network: Network, life: Life, add: Way, unless: str
) -> None:
    """DEL succeeds and leaves nothing after an ADD that failed or was killed."""
    before = inventory.read(container.runtime.node, network)
    if not add(container):
        pytest.skip(unless)

    differences = answers.succeeded(container.delete()) + container.leftovers(network, before)

    assert life.beyond_delete(differences) == []


@requirement("CNI-PARALLEL")
@whole_chain
@since("0.4.0")
def test_containers_come_and_go_at_the_same_time(
    runtime: Runtime, network: Network, attach: Callable[[], Attachment], life: Life
) -> None:
    """ADD of several containers at once gives each an address, and DEL of them leaves nothing."""
    life.require_added()
    containers = [attach() for _ in range(parallel.MANY)]
    before = inventory.read(runtime.node, network)

    assert parallel.added(containers) == []
    differences = parallel.deleted(containers) + containers[0].leftovers(network, before)
    assert life.beyond_delete(differences) == []
