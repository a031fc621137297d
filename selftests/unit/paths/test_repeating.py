"""Traffic that an overloaded kernel spoiled is sent again, and judged with care."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import cast

import pytest

from podpath.errors import CouldNotTest, Inconclusive, Overloaded
from podpath.model import Difference, Dropped, Observation
from podpath.paths import losing
from podpath.paths.observe import Observed
from podpath.paths.repeating import despite_load
from podpath.system import drops
from selftests.unit import samples

CLEAN = cast("Observed", SimpleNamespace(differences=[]))
UNLIKE = cast("Observed", SimpleNamespace(differences=[Difference("doubled", "x", "1", "2")]))


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
def test_path_is_seen_despite_load(outcomes: tuple[Observed | CouldNotTest, ...]) -> None:
    last = outcomes[-1]
    assert despite_load(_attempts(*outcomes)) is last


@pytest.mark.parametrize(
    "outcomes", [(FULL, FULL, FULL), (FULL, UNLIKE, UNLIKE), (FULL, Inconclusive("busy"), FULL)]
)
def test_load_that_lasts_is_no_verdict(outcomes: tuple[Observed | CouldNotTest, ...]) -> None:
    """What differs in a repetition may come from the first attempt."""
    with pytest.raises(Overloaded, match="no room for 5 frames"):
        despite_load(_attempts(*outcomes))


def test_other_doubt_is_not_repeated() -> None:
    with pytest.raises(Inconclusive, match="the clock was stepped"):
        despite_load(_attempts(Inconclusive("the clock was stepped"), CLEAN))


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
