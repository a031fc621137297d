"""What follows from another finding: what every DEL fails to do, and what CHECK rightly misses."""

from dataclasses import replace

import pytest

from podpath.contract import links
from podpath.contract.answers import Answer
from podpath.contract.links import AttachmentState, Link
from podpath.contract.lives import Life
from podpath.errors import Unmet
from podpath.model import Difference
from selftests.unit import samples


def _left(where: str, thing: str) -> Difference:
    return Difference("left behind", where, "gone", thing)


_USUAL = Life((), leftovers=[_left("interfaces", "veth1a2b"), _left("container", "interface net1")])


def test_another_delete_that_leaves_the_same_is_told_under_the_first() -> None:
    with pytest.raises(Unmet) as unmet:
        _USUAL.beyond_delete(
            [_left("interfaces", "vethffee"), _left("container", "interface net2")]
        )

    assert unmet.value.requirement == "CNI-DEL"


def test_an_interface_that_is_left_brings_its_other_end() -> None:
    usual = Life((), leftovers=[_left("container", "interface net1")])

    with pytest.raises(Unmet):
        usual.beyond_delete([_left("container", "interface net1"), _left("interfaces", "veth7")])


@pytest.mark.parametrize(
    "differences",
    [
        [],
        [_left("interfaces", "veth3c"), _left("leases", "10.88.0.7 abc1")],
        [Difference("lost", "interfaces", "veth3c", "gone")],
    ],
    ids=["nothing", "something-more", "of-the-other-interface"],
)
def test_any_other_difference_is_a_finding_of_its_own(differences: list[Difference]) -> None:
    assert _USUAL.beyond_delete(differences) == differences


def test_nothing_follows_from_a_sound_delete() -> None:
    differences = [_left("interfaces", "veth3c")]

    assert Life(()).beyond_delete(differences) == differences


def _checked(status: int, **result: object) -> Life:
    """A life in which CHECK ended with a status; the kernel has net1 alone, with no route."""
    listed = {"interfaces": [{"name": "net1", "sandbox": "/ns"}], **result}
    state = AttachmentState(listed, "net1", "/ns", {"net1": Link("02:00:00:00:00:02", ())}, {})
    answer = Answer("bridge", "CHECK", status, "", "", 0.1)
    unrouted = links.missing_routes(listed, frozenset()) if status else ()
    return Life((), state=state, checked=(answer,), unrouted=unrouted)


@pytest.mark.parametrize(
    ("result", "requirement"),
    [
        ({"routes": [{"dst": "0.0.0.0/0"}]}, "TOPO-ROUTE"),
        ({"routes": [{"dst": "198.51.100.0/24"}]}, "TOPO-RESULT"),
        ({"ips": [{"address": "10.1.0.5/16", "interface": 0}]}, "CNI-ADD-INTERFACE"),
    ],
)
def test_failing_check_is_right_if_something_is_missing(
    result: dict[str, object], requirement: str
) -> None:
    """CHECK finds what the result lists, and the container does not have."""
    with pytest.raises(Unmet) as unmet:
        _checked(1, **result).require_sound(samples.network())

    assert unmet.value.requirement == requirement
    _checked(0, **result).require_sound(samples.network())


def test_failing_check_of_a_sound_container_is_a_finding() -> None:
    """A subject without interfaces of its own has nothing to look at."""
    _checked(1).require_sound(samples.network())
    Life((), checked=_checked(1).checked).require_sound(samples.network())


def test_failing_check_is_right_on_a_link_that_deletions_have_marked() -> None:
    """CHECK of the plugin bridge compares the promiscuity of the bridge."""
    marked = [_left("links", "cni0 promiscuous")]

    with pytest.raises(Unmet) as unmet:
        replace(_checked(1), marked=marked).require_sound(samples.network())

    assert unmet.value.requirement == "LIFE-DELETE"
    replace(_checked(0), marked=marked).require_sound(samples.network())


def test_addresses_that_del_keeps_leave_none_for_others() -> None:
    Life((), leftovers=[_left("interfaces", "veth1a2b")]).require_released()

    with pytest.raises(Unmet) as unmet:
        Life((), leftovers=[_left("leases", "10.1.0.5")]).require_released()

    assert unmet.value.requirement == "CNI-DEL"
