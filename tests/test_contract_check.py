"""The CNI contract: findings of CHECK and STATUS, and calls of delegates."""

import pytest

from podpath.cni.network import Network
from podpath.contract import answers, breakages, chained, refusals
from podpath.contract.attachments import Attachment
from podpath.contract.breakages import Make
from podpath.contract.chained import Addition
from podpath.contract.collection import Collector
from podpath.contract.lives import Life
from podpath.contract.runtime import Runtime
from podpath.contract.stand_in import standing_in
from podpath.contract.subjects import Subject
from podpath.testing import requirement

from .parameters import attaching, interface_plugin, of_the_chain, since

LISTED = [pytest.param(make, id=name) for name, make in breakages.LISTED.items()]
ADDITIONS = [pytest.param(addition, id=name) for name, addition in chained.ADDITIONS.items()]
STATE = [pytest.param(make, id=name) for name, make in breakages.STATE.items()]


def _require_check(life: Life) -> None:
    """Skip a test of a CHECK that always fails, which CNI-CHECK reports."""
    if answers.succeeded(life.checked):
        pytest.skip("CHECK of a healthy container fails, too, see CNI-CHECK")


def _check_broken(container: Attachment, network: Network, make: Make) -> list[answers.Answer]:
    container.attach()
    breakage = make(container, network)
    if breakage.impossible:
        pytest.skip(breakage.impossible)
    with breakages.broken(container, breakage):
        return container.check()


@requirement("CNI-CHECK")
@since("0.4.0")
def test_check_of_a_healthy_container_succeeds(life: Life, network: Network) -> None:
    """CHECK right after ADD exits with 0 and prints nothing."""
    life.require_added()
    life.require_sound(network)

    assert answers.succeeded(life.checked) + answers.silent(life.checked) == []


@requirement("CNI-CHECK-PREVIOUS")
@of_the_chain
@since("0.4.0")
def test_check_needs_the_previous_result(container: Attachment, life: Life) -> None:
    """CHECK without prevResult fails."""
    _require_check(life)
    container.attach()
    answer = container.call(container.subject.steps[0], "CHECK")

    assert refusals.refused(container, answer) == []


@requirement("CNI-CHECK-LISTED")
@attaching
@pytest.mark.parametrize("make", LISTED)
@since("0.4.0")
def test_check_finds_missing_parts_of_the_result(
    container: Attachment, life: Life, network: Network, make: Make
) -> None:
    """CHECK fails if an interface, address or route of the result is missing."""
    _require_check(life)

    assert refusals.any_refused(container, _check_broken(container, network, make)) == []


@requirement("CNI-CHECK-STATE")
@interface_plugin
@pytest.mark.parametrize("make", STATE)
@since("0.4.0")
def test_check_finds_other_broken_state(
    container: Attachment, life: Life, network: Network, make: Make
) -> None:
    """CHECK fails if state that the network needs, but the result does not list, is broken."""
    _require_check(life)

    assert refusals.any_refused(container, _check_broken(container, network, make)) == []


@requirement("CNI-CHECK-LATER")
@attaching
@pytest.mark.parametrize("addition", ADDITIONS)
@since("0.4.0")
def test_check_accepts_additions_of_later_plugins(
    container: Attachment, life: Life, addition: Addition
) -> None:
    """CHECK accepts a route, or an interface with an address, that a later plugin added."""
    _require_check(life)
    container.attach()
    previous = addition(container)

    assert answers.succeeded(container.check(previous)) == []


@requirement("CNI-DELEGATE")
@interface_plugin
@since("1.0.0")
def test_check_and_delete_call_the_delegate(
    container: Attachment, subject: Subject, network: Network
) -> None:
    """A plugin calls its IPAM plugin for DEL, and for CHECK unless the conflist turns it off."""
    checks = [] if network.conflist.disable_check else ["CHECK"]
    with standing_in(container) as ipam:
        container.attach()
        _require_delegation(ipam.calls())
        if checks:
            container.check()
        container.delete()

        expected = ["ADD", *checks, "DEL"]
        assert answers.called(subject.steps[0].delegate, ipam.calls(), expected) == []


@requirement("CNI-DELEGATE-ERROR")
@interface_plugin
@pytest.mark.parametrize("command", ["CHECK", "DEL"])
@since("1.0.0")
def test_refusals_of_the_delegate_are_passed_on(
    container: Attachment, network: Network, command: str
) -> None:
    """A plugin refuses CHECK or DEL if its IPAM plugin does."""
    if command == "CHECK" and network.conflist.disable_check:
        pytest.skip('the conflist turns CHECK off with "disableCheck"')
    with standing_in(container, fails=[command]) as ipam:
        container.attach()
        _require_delegation(ipam.calls())
        answered = container.check() if command == "CHECK" else container.delete()

    assert refusals.refused(container, answered[0]) == []


@requirement("CNI-ERROR")
@interface_plugin
@since("1.0.0")
def test_add_that_the_delegate_refuses_fails(container: Attachment, cni_version: str) -> None:
    """A plugin whose IPAM plugin refuses ADD fails with an error document."""
    with standing_in(container, fails=["ADD"]) as ipam:
        answer = container.add()[0]
        _require_delegation(ipam.calls())

    assert answers.refused(answer, cni_version) == []


@requirement("CNI-DELEGATE-UNDO")
@interface_plugin
@since("1.0.0")
def test_add_that_the_delegate_failed_is_undone(container: Attachment, subject: Subject) -> None:
    """A plugin whose IPAM plugin refuses ADD calls it for DEL before it returns the error."""
    with standing_in(container, fails=["ADD"]) as ipam:
        container.add()
        _require_delegation(ipam.calls())

        assert answers.called(subject.steps[0].delegate, ipam.calls(), ["ADD", "DEL"]) == []


@requirement("CNI-STATUS")
@since("1.1.0")
def test_status_is_ready(runtime: Runtime, subject: Subject, cni_version: str) -> None:
    """STATUS exits with 0 if the plugins can serve ADD."""
    assert answers.succeeded(runtime.status(subject, cni_version)) == []


@requirement("CNI-STATUS-DELEGATE")
@interface_plugin
@since("1.1.0")
def test_status_is_that_of_the_delegate(
    container: Attachment, subject: Subject, cni_version: str
) -> None:
    """STATUS reports a plugin as unavailable if its IPAM plugin is."""
    with standing_in(container, fails=["STATUS"], code=50) as ipam:
        container.attach()
        _require_delegation(ipam.calls())
        (answer,) = container.runtime.status(subject, cni_version)

        assert answers.called(subject.steps[0].delegate, ipam.calls()[1:], ["STATUS"]) == []
        assert refusals.refused(container, answer, codes=[50, 51]) == []


@requirement("CNI-GC-DELEGATE")
@interface_plugin
@since("1.1.0")
def test_collection_is_passed_on_to_the_delegate(
    container: Attachment, network: Network, subject: Subject, cni_version: str
) -> None:
    """GC calls the IPAM plugin for GC."""
    with standing_in(container) as ipam:
        container.attach()
        _require_delegation(ipam.calls())
        Collector(container.runtime, network, subject, cni_version).collect([container])

        assert answers.called(subject.steps[0].delegate, ipam.calls()[1:], ["GC"]) == []


@requirement("CNI-DELEGATE-ERROR")
@interface_plugin
@since("1.1.0")
def test_refused_collection_is_passed_on(
    container: Attachment, network: Network, subject: Subject, cni_version: str
) -> None:
    """A plugin refuses GC if its IPAM plugin does."""
    if network.conflist.disable_gc:
        pytest.skip('the conflist turns GC off with "disableGC"')
    with standing_in(container, fails=["GC"]) as ipam:
        container.attach()
        _require_delegation(ipam.calls())
        collector = Collector(container.runtime, network, subject, cni_version)
        (answer,) = collector.collect([container])
        if "GC" not in ipam.calls():
            pytest.skip("GC is not passed on to the IPAM plugin: see CNI-GC-DELEGATE")

    assert refusals.refused(container, answer) == []


def _require_delegation(calls: list[str]) -> None:
    if not calls:
        pytest.skip("it calls no IPAM plugin")
