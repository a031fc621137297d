"""Two senders in one pod, and what only one of them does otherwise."""

import pytest

from podpath.model import Difference, Direction, Place
from podpath.paths.kinds import DUPLICATE, MISSING, UNEXPECTED
from podpath.paths.likeness import unlike

_OUT = Place("client", "eth0", Direction.OUT)
_LOST = Difference(MISSING, _OUT, "once", "not at all", "echo request 1")
_AGAIN = Difference(MISSING, _OUT, "once", "not at all", "echo request 7")
_TWICE = Difference(DUPLICATE, _OUT, "once", "twice", "echo request 1")


def test_the_same_is_no_difference() -> None:
    """Packets have other numbers; what became of them is the same."""
    assert unlike([], []) == []
    assert unlike([_LOST], [_AGAIN, _AGAIN]) == []


@pytest.mark.parametrize(
    ("of_program", "of_container", "likewise"),
    [
        pytest.param([], [_LOST], "other programs in the pod's network namespace", id="container"),
        pytest.param([_LOST], [], "the pod's container", id="program"),
    ],
)
def test_one_of_them_alone(
    of_program: list[Difference], of_container: list[Difference], likewise: str
) -> None:
    (difference,) = unlike(of_program, of_container)

    assert (difference.kind, difference.where, difference.seen) == (MISSING, _OUT, "not at all")
    assert difference.expected == f"once, as for {likewise}"


def test_another_kind_at_the_same_place_is_another() -> None:
    assert [d.kind for d in unlike([_LOST], [_LOST, _TWICE])] == [DUPLICATE]


def test_error_of_the_pods_own_kernel_is_a_matter_of_time() -> None:
    on_lo, packet = Place("client", "lo", Direction.OUT), "icmp 3, 88 bytes"
    told = Difference(UNEXPECTED, on_lo, "nothing", "a frame", packet)
    redirected = Difference(UNEXPECTED, on_lo, "nothing", "a frame", "UDP 1 to 2, 88 bytes")
    on_wire = Difference(UNEXPECTED, _OUT, "nothing", "a frame", packet)

    assert unlike([], [told]) == []
    assert len(unlike([], [redirected, on_wire])) == 2


def test_answer_to_an_earlier_connection_is_repeated_at_a_time_of_its_own() -> None:
    repeated = Difference(UNEXPECTED, _OUT, "nothing", "a frame", "TCP 80 to 4112 [SA] seq 9")
    data = Difference(UNEXPECTED, _OUT, "nothing", "a frame", "TCP 80 to 4112 [PA] seq 9")

    assert unlike([], [repeated]) == []
    assert len(unlike([], [data])) == 1
