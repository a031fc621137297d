"""What every DEL of a plugin fails to do is CNI-DEL's alone."""

import pytest

from podpath.contract.lives import Life
from podpath.errors import Unmet
from podpath.model import Difference


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
