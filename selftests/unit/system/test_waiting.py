"""A wait reads often at first, rarely later, and ends with the condition or the time."""

import time

import pytest

from podpath.system import waiting


class Clock:
    """Time that passes by sleeping and by reading alone, and the moments of the reads."""

    def __init__(self, cost: float) -> None:
        self.now, self.cost, self.reads = 0.0, cost, list[float]()

    def read(self) -> float:
        self.reads.append(self.now)
        self.now += self.cost
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock(cost=0.1)
    monkeypatch.setattr(time, "monotonic", lambda: made.now)
    monkeypatch.setattr(time, "sleep", made.sleep)
    return made


def test_wait_in_vain_reads_rarely_and_once_more_when_time_is_over(clock: Clock) -> None:
    """Fifty reads of 0.1 s each would keep a processor busy for all of the 5 s."""
    waiting.until(clock.read, lambda _: False, 5.0)
    assert len(clock.reads) < 20
    assert 5.0 <= clock.reads[-1] + clock.cost < 5.2


@pytest.mark.parametrize("moment", [0.0, 0.02, 0.5, 3.0, 4.9])
def test_wait_ends_soon_after_the_condition_holds(clock: Clock, moment: float) -> None:
    waiting.until(clock.read, lambda _: clock.reads[-1] >= moment, 5.0)
    assert clock.reads[-1] <= moment * 9 / 8 + clock.cost + 0.005


def test_least_pause_is_kept(clock: Clock) -> None:
    waiting.until(clock.read, lambda _: False, 5.0, pause=1.0)
    pauses = [b - a - clock.cost for a, b in zip(clock.reads, clock.reads[1:], strict=False)]
    assert pauses == pytest.approx([1.0] * len(pauses))


def test_value_is_read_once_if_there_is_no_time(clock: Clock) -> None:
    waiting.until(clock.read, lambda _: False, 0.0)
    assert len(clock.reads) == 1
