"""The CNI contract: two attachments of a container, and attachments after an ADD that failed."""

from collections.abc import Callable

import pytest

from podpath.cni.network import Network
from podpath.contract import answers, failures, siblings
from podpath.contract.attachments import SECOND_INTERFACE, Attachment, attached
from podpath.contract.failures import Way
from podpath.contract.lives import Life
from podpath.contract.runtime import INTERFACE, Runtime
from podpath.contract.subjects import Subject
from podpath.nodes import link_settings
from podpath.testing import requirement

from .parameters import attaching, since, whole_chain


@requirement("CNI-INTERFACES")
@whole_chain
@pytest.mark.parametrize("deleted", [INTERFACE, SECOND_INTERFACE])
@since("0.4.0")
def test_interfaces_of_a_container_are_separate(
    attach: Callable[[], Attachment], network: Network, life: Life, deleted: str
) -> None:
    """DEL of one interface of a container leaves the other one, which CHECK and DEL then find."""
    life.require_added()
    differences = siblings.separate(attach(), network, deleted)
    if differences and not siblings.two_containers(attach(), attach()):
        pytest.skip("the network has no second address")

    assert life.beyond_delete(differences) == []


WAYS = [
    pytest.param(failures.no_namespace, "", id="no-namespace"),
    pytest.param(failures.refused_by_ipam, failures.NO_IPAM, id="failed"),
    pytest.param(failures.killed_by_ipam, failures.NO_IPAM, id="killed-at-ipam"),
    pytest.param(failures.killed_at_rules, failures.NO_RULES, id="killed-at-rules"),
    pytest.param(failures.unknown_arguments, failures.ANY_ARGUMENTS, id="unknown-arguments"),
]


@requirement("CNI-ADD-AGAIN")
@whole_chain
@pytest.mark.parametrize(("add", "unless"), WAYS)
@since("1.0.0")
def test_add_succeeds_after_one_that_failed(
    attach: Callable[[], Attachment],
    runtime: Runtime,
    network: Network,
    life: Life,
    add: Way,
    unless: str,
) -> None:
    """After an ADD that failed, another container is attached, and after its DEL the same one.

    The node's own links are as they were after the first ADD, and the links of a container that is
    attached are as they were before.
    """
    life.require_added()
    failed, other, present = attach(), attach(), attach()
    present.attach()
    has_failed: list[bool] = []
    differences = failures.disturbed(present, network, lambda: has_failed.append(add(failed)))
    if not any(has_failed):
        pytest.skip(unless or "ADD into a namespace that does not exist succeeds: see CNI-ERROR")

    present.detach()  # a network may have few addresses
    differences += answers.succeeded(other.add())
    if failures.undone(failed):
        differences += answers.succeeded(failed.add())
    differences += link_settings.left(link_settings.marks(runtime.node, network), runtime.marks)
    assert life.beyond_delete(differences) == []


@requirement("CNI-ADD-EXHAUSTED")
@whole_chain
@since("1.0.0")
def test_add_without_an_address_left_is_undone(
    attach: Callable[[], Attachment],
    runtime: Runtime,
    network: Network,
    subject: Subject,
    life: Life,
    cni_version: str,
) -> None:
    """ADD without an address left is an error that DEL undoes, and succeeds once one is free."""
    life.require_added()
    life.require_released()
    address = failures.free_address(runtime.node, network)
    if address is None:
        pytest.skip("podpath does not know how to use up the addresses of this IPAM")
    full = failures.with_one_address(subject, network, address)
    with attached(runtime, full, cni_version) as one, attached(runtime, full, cni_version) as late:
        found = life.beyond_delete(failures.exhausted(one, late, network))

    assert failures.beyond_failed(attach(), attach(), network, found) == []


@requirement("CNI-ERROR")
@attaching
@since("1.0.0")
def test_add_whose_rules_are_refused_fails(container: Attachment, cni_version: str) -> None:
    """A plugin whose programs that set rules fail fails with an error document."""
    answered = failures.refused_at_rules(container)
    if not answered:
        pytest.skip(failures.NO_RULES)

    failing = answers.failing(answered)
    assert [d for answer in failing for d in answers.refused(answer, cni_version)] == []
