"""The end of a run: pytest's own list of failed tests is short, so that findings stay in view."""

from types import SimpleNamespace
from typing import Any

import pytest

from podpath.plugin import summary


def failed(number: int, requirement: str) -> list[Any]:
    """Reports of failed tests of podpath."""
    return [SimpleNamespace(podpath={"requirements": [requirement]}) for _ in range(number)]


def others(number: int) -> list[Any]:
    """Reports of failed tests that are not podpath's."""
    return [SimpleNamespace() for _ in range(number)]


@pytest.mark.parametrize("reports", [failed(10, "TOPO-MTU"), [*failed(9, "TOPO-MTU"), *others(1)]])
def test_few_failed_tests_are_all_listed(reports: list[Any]) -> None:
    assert summary._first_ones(reports) == reports


def test_of_many_failed_tests_the_first_of_each_requirement_is_listed() -> None:
    mtu, udp = failed(30, "TOPO-MTU"), failed(9, "PATH-UDP")

    assert summary._first_ones([*mtu, *udp]) == [mtu[0], udp[0]]


def test_the_list_is_short_whatever_fails() -> None:
    reports = [report for n in range(25) for report in failed(1, f"TOPO-{n}")]

    assert summary._first_ones(reports) == reports[:10]


def test_tests_of_others_are_all_listed() -> None:
    """They are no concern of podpath's, which is loaded in every run of its environment."""
    theirs = others(30)

    assert summary._first_ones([*theirs, *failed(20, "TOPO-MTU")])[:-1] == theirs
