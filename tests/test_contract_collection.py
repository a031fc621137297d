"""The CNI contract: what GC releases, and what it leaves alone."""

from collections.abc import Callable

import pytest

from podpath.cni.network import Network
from podpath.contract import answers, collection
from podpath.contract.attachments import Attachment
from podpath.contract.collection import Collector
from podpath.contract.runtime import Runtime
from podpath.contract.subjects import Subject
from podpath.testing import requirement

from .parameters import since


@pytest.fixture
def collector(runtime: Runtime, network: Network, subject: Subject, cni_version: str) -> Collector:
    """The caller of GC for the subject, in the version under test."""
    return Collector(runtime, network, subject, cni_version)


@requirement("CNI-GC")
@since("1.1.0")
def test_collection_releases_what_is_not_listed(
    collector: Collector, attach: Callable[[], Attachment]
) -> None:
    """GC releases the resources of a vanished container."""
    listed, stale = attach(), attach()
    listed.attach()
    before = collector.now()
    stale.attach()
    stale.lose_namespace()

    collected = collector.collect([listed])

    # GC may also remove leftovers of earlier tests
    left = [d for d in stale.leftovers(collector.network, before) if d.kind == "left behind"]
    assert answers.succeeded(collected) + left == []


@requirement("CNI-GC")
@since("1.1.0")
def test_collection_releases_all_if_nothing_is_listed(
    collector: Collector, container: Attachment
) -> None:
    """GC with an empty list of valid attachments releases the resources of a vanished container."""
    before = collector.now()
    container.attach()
    container.lose_namespace()

    collected = collector.collect([])

    left = [d for d in container.leftovers(collector.network, before) if d.kind == "left behind"]
    assert answers.succeeded(collected) + left == []


@requirement("CNI-GC")
@since("1.1.0")
def test_collection_releases_an_interface_that_is_not_listed(
    collector: Collector, container: Attachment
) -> None:
    """GC releases the resources of a container's second interface, if only its first is listed."""
    container.attach()
    if collection.is_single(container):
        pytest.skip("the plugins give a container no second interface, see CNI-INTERFACES")
    assert collection.kept(collector, container) == []


@requirement("CNI-GC-LISTED")
@since("1.1.0")
def test_collection_spares_listed_containers(
    collector: Collector, attach: Callable[[], Attachment], mapped: Attachment | None
) -> None:
    """GC keeps interfaces and mapped ports of listed containers, other networks, files of all."""
    assert collection.spared(collector, attach(), attach(), mapped) == []
