"""The CNI contract: leftovers of DEL and GC, and many containers at once."""

from collections.abc import Callable

import pytest

from podpath.cni.network import Network
from podpath.contract import answers, parallel
from podpath.contract.attachments import Attachment
from podpath.contract.lives import Life
from podpath.contract.runtime import Runtime
from podpath.contract.stand_in import killing_rules, standing_in
from podpath.contract.subjects import Subject
from podpath.nodes import inventory
from podpath.testing import requirement

from .parameters import attaching, since, whole_chain


@requirement("CNI-DEL")
@since("0.1.0")
def test_delete_undoes_add(life: Life) -> None:
    """DEL succeeds, and leaves the node as it was before ADD."""
    life.require_added()

    assert answers.succeeded(life.deleted) + life.leftovers == []


@requirement("CNI-DEL-IDEMPOTENT")
@since("0.4.0")
def test_delete_succeeds_again(life: Life) -> None:
    """A second DEL of the same attachment succeeds."""
    life.require_added()

    assert answers.succeeded(life.deleted_again) == []


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


GONE = [
    pytest.param(_namespace_removed, id="namespace-removed"),
    pytest.param(_namespace_unmounted, id="namespace-unmounted"),
    pytest.param(_namespace_unnamed, id="namespace-unnamed"),
    pytest.param(_no_result, id="no-previous-result"),
]


@requirement("CNI-DEL-GONE")
@pytest.mark.parametrize("delete", GONE)
@since("0.4.0")
def test_delete_releases_all_when_parts_are_gone(
    container: Attachment,
    network: Network,
    delete: Callable[[Attachment], list[answers.Answer]],
) -> None:
    """DEL without the namespace, or without prevResult, succeeds and releases everything."""
    before = inventory.read(container.runtime.node, network)
    container.attach()

    answered = delete(container)

    assert answers.succeeded(answered) + container.leftovers(network, before) == []


def _refused_by_ipam(container: Attachment) -> bool:
    with standing_in(container, fails=["ADD"]) as ipam:
        container.add()
        return bool(ipam.calls())


def _killed_by_ipam(container: Attachment) -> bool:
    with standing_in(container, kills=["ADD"]) as ipam:
        container.add()
        return bool(ipam.calls())


def _killed_at_rules(container: Attachment) -> bool:
    with killing_rules(container) as path:
        return bool(container.add({"PATH": path})[-1].status)


FAILED = [
    pytest.param(_refused_by_ipam, "it calls no IPAM plugin", id="failed"),
    pytest.param(_killed_by_ipam, "it calls no IPAM plugin", id="killed-at-ipam"),
    pytest.param(_killed_at_rules, "it runs no program that sets rules", id="killed-at-rules"),
]


@requirement("CNI-DEL-FAILED")
@attaching
@pytest.mark.parametrize(("add", "unless"), FAILED)
@since("1.0.0")
def test_delete_succeeds_after_a_failed_add(
    container: Attachment, network: Network, add: Callable[[Attachment], bool], unless: str
) -> None:
    """DEL succeeds and leaves nothing after an ADD that failed or was killed."""
    before = inventory.read(container.runtime.node, network)
    if not add(container):
        pytest.skip(unless)

    assert answers.succeeded(container.delete()) + container.leftovers(network, before) == []


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
    assert parallel.deleted(containers) + containers[0].leftovers(network, before) == []


@requirement("CNI-GC")
@since("1.1.0")
def test_collection_releases_what_is_not_listed(
    runtime: Runtime,
    network: Network,
    subject: Subject,
    cni_version: str,
    attach: Callable[[], Attachment],
) -> None:
    """GC releases the resources of a vanished container."""
    listed, stale = attach(), attach()
    listed.attach()
    before = inventory.read(runtime.node, network)
    stale.attach()
    stale.lose_namespace()

    collected = runtime.collect_garbage(subject, cni_version, [listed.identity])

    # GC may also remove leftovers of earlier tests
    left = [d for d in stale.leftovers(network, before) if d.kind == "left behind"]
    assert answers.succeeded(collected) + left == []


@requirement("CNI-GC-LISTED")
@since("1.1.0")
def test_collection_spares_listed_containers(
    runtime: Runtime,
    network: Network,
    subject: Subject,
    cni_version: str,
    attach: Callable[[], Attachment],
) -> None:
    """GC keeps the resources of a listed container, beside those of a vanished one."""
    listed, stale = attach(), attach()
    listed.attach()
    stale.attach()
    stale.lose_namespace()

    collected = runtime.collect_garbage(subject, cni_version, [listed.identity])

    kept = [] if network.conflist.disable_check else listed.check()
    successes = [answer for answer in collected if answer.status == 0]
    assert answers.silent(successes) + answers.succeeded(kept) == []
