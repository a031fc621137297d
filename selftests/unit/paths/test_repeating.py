"""Traffic that an overloaded kernel or pods of others spoiled is sent again, judged with care."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import cast

import pytest

from podpath.errors import CouldNotTest, Disturbed, Forestalled, Inconclusive, Overloaded
from podpath.model import Difference, Dropped, Observation
from podpath.paths import losing
from podpath.paths.observe import Observed
from podpath.paths.repeating import unspoiled
from podpath.system import drops
from selftests.unit import samples

TWICE = Difference("doubled", "x", "1", "2")
CLEAN = cast("Observed", SimpleNamespace(differences=[], is_flooding=False))
UNLIKE = cast("Observed", SimpleNamespace(differences=[TWICE], is_flooding=False))
FLOODED = cast("Observed", SimpleNamespace(differences=[TWICE], is_flooding=True))


def _attempts(*outcomes: Observed | CouldNotTest) -> Callable[[], Observed]:
    left: Iterator[Observed | CouldNotTest] = iter(outcomes)

    def observe() -> Observed:
        outcome = next(left)
        if isinstance(outcome, CouldNotTest):
            raise outcome
        return outcome

    return observe


FULL = Overloaded("no room for 5 frames")


@pytest.mark.parametrize(
    "outcomes", [(CLEAN,), (UNLIKE,), (FULL, CLEAN), (FULL, FULL, CLEAN), (FULL, UNLIKE, CLEAN)]
)
def test_path_is_seen_unspoiled(outcomes: tuple[Observed | CouldNotTest, ...]) -> None:
    last = outcomes[-1]
    assert unspoiled(_attempts(*outcomes)) is last


@pytest.mark.parametrize(
    "outcomes", [(FULL, FULL, FULL), (FULL, UNLIKE, UNLIKE), (FULL, Inconclusive("busy"), FULL)]
)
def test_load_that_lasts_is_no_verdict(outcomes: tuple[Observed | CouldNotTest, ...]) -> None:
    """What differs in a repetition may come from the first attempt."""
    with pytest.raises(Overloaded, match="no room for 5 frames"):
        unspoiled(_attempts(*outcomes))


def test_bridge_may_have_forgotten_a_mac_address_once() -> None:
    """What it floods again is a finding; so is what it floods where each attempt begins anew."""
    assert unspoiled(_attempts(FLOODED, CLEAN)) is CLEAN
    assert unspoiled(_attempts(FULL, FLOODED, CLEAN)) is CLEAN
    assert unspoiled(_attempts(FLOODED, FLOODED)) is FLOODED
    assert unspoiled(_attempts(FLOODED), anew=True) is FLOODED


def test_neighbour_may_have_asked_first() -> None:
    """Then the pod need not ask; that is seen three times before it is no test."""
    first = Forestalled("no packet of its was seen")

    assert unspoiled(_attempts(first, first, CLEAN), anew=True) is CLEAN
    with pytest.raises(Forestalled, match="no packet of its"):
        unspoiled(_attempts(first, first, first), anew=True)


def test_pods_of_others_may_come_and_go_several_times() -> None:
    """They spoil more attempts than an overloaded kernel may."""
    disturbed = [Disturbed("while it was watched, veth1 appeared in node")] * 5

    assert unspoiled(_attempts(*disturbed, CLEAN)) is CLEAN
    with pytest.raises(Disturbed, match="veth1 appeared"):
        unspoiled(_attempts(*disturbed, *[UNLIKE] * 5))


def test_repetition_that_begins_anew_counts_though_it_differs() -> None:
    """Nothing of the first attempt is left that may be the reason."""
    assert unspoiled(_attempts(FULL, UNLIKE), anew=True) is UNLIKE


def test_other_doubt_is_not_repeated() -> None:
    with pytest.raises(Inconclusive, match="the clock was stepped"):
        unspoiled(_attempts(Inconclusive("the clock was stepped"), CLEAN))


@pytest.mark.parametrize(
    ("dropped", "known", "number"),
    [
        (["CPU_BACKLOG", "NETFILTER_DROP"], True, 1),
        (["NETFILTER_DROP"], True, 0),
        ([], True, 0),
        (None, True, 7),
        ([""], False, 7),
    ],
)
def test_frames_without_room_are_those_of_watched_namespaces(
    monkeypatch: pytest.MonkeyPatch, dropped: list[str] | None, known: bool, number: int
) -> None:
    """Without the kernel's record of these, the machine's count has to do."""
    monkeypatch.setattr(drops, "recorder", lambda: SimpleNamespace(names=lambda _: known))
    packet = samples.exchange(count=1)[0].packet
    recorded = (
        None
        if dropped is None
        else [Dropped(0, "node", "cni0", reason, "", packet) for reason in dropped]
    )

    assert losing.without_room(Observation((), lost=7), recorded) == number
