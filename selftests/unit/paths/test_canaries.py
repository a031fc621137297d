"""Which CPU sends a canary in which namespace."""

import pytest

from podpath.paths.canaries import errands

_MANY = [(1, 1), (1, 3), (2, 3), (3, 2), (4, 4), (64, 110), (110, 64), (6, 4)]


@pytest.mark.parametrize(("cpus", "count"), _MANY)
@pytest.mark.parametrize("number", [0, 1, 2])
def test_each_cpu_and_each_namespace_has_one(cpus: int, count: int, number: int) -> None:
    """No more of them than there are of the more frequent: the sum, and not the product, counts."""
    pairs = errands([10 * n for n in range(cpus)], count, number)

    assert {cpu for cpu, _ in pairs} == {10 * n for n in range(cpus)}
    assert {tap for _, tap in pairs} == set(range(count))
    assert len(pairs) == max(cpus, count)


def test_each_round_begins_where_the_last_one_ended() -> None:
    """To move to another CPU takes time; all canaries of a CPU are sent one after the other."""
    rounds = [[cpu for cpu, _ in errands([0, 1, 2], 7, number)] for number in range(3)]

    assert rounds[0] == sorted(rounds[0])
    assert [cpus[0] for cpus in rounds[1:]] == [cpus[-1] for cpus in rounds[:-1]]


def test_rounds_pair_others() -> None:
    assert set(errands([0, 1], 2, 0)).isdisjoint(errands([0, 1], 2, 1))


def test_nothing_to_watch() -> None:
    assert errands([0, 1], 0, 0) == []
