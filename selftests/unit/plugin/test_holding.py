"""A cluster is started for tests, and not for a run that selects none."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from podpath.plugin import before, shared, stages


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a kind of node is asked for, whose processes share a resource."""
    asked: list[str] = []

    @contextmanager
    def held(*_: object) -> Iterator[None]:
        asked.append("held")
        yield
        asked.append("released")

    plan = SimpleNamespace(kind=SimpleNamespace(held=held))
    monkeypatch.setattr(shared, "plan", lambda _: plan)
    monkeypatch.setattr(stages, "say", lambda _: None)
    return asked


def _config(*, begun: bool = True) -> Any:
    stash = pytest.Stash()
    if begun:
        stash[shared.environment] = {}
    return SimpleNamespace(stash=stash)


def test_resource_is_held_once_for_all_workers_that_have_tests(said: list[str]) -> None:
    node: Any = SimpleNamespace(config=_config())
    before.pytest_xdist_node_collection_finished(node, ["a"])
    before.pytest_xdist_node_collection_finished(node, ["a"])
    before.pytest_unconfigure(node.config)

    assert said == ["held", "released"]


@pytest.mark.parametrize(("begun", "ids"), [(True, []), (False, ["a"])])
def test_nothing_is_held_without_tests(said: list[str], begun: bool, ids: list[str]) -> None:
    """Or for tests of which none is podpath's."""
    node: Any = SimpleNamespace(config=_config(begun=begun))
    before.pytest_xdist_node_collection_finished(node, ids)
    before.pytest_unconfigure(node.config)

    assert said == []
