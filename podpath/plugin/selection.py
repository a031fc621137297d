"""Find out whether all tests of the suite are run, or some that the user selected.

-k, -m, --lf and --deselect leave out tests that were collected; arguments, --ignore and --lf keep
files and tests from being collected at all.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import pytest

from podpath.plugin import collection, shared

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_SELECTED = "podpath_selected"
#: Tests that were collected, before any were left out.
_collected = pytest.StashKey[list[pytest.Item]]()
#: True if the tests of this process, or of xdist's workers, are a selection.
_selected = pytest.StashKey[bool]()


def of(config: pytest.Config) -> bool:
    """Return whether the user selected some of the suite's tests; known once these are known."""
    return config.stash.get(_selected, False)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep all tests that were collected."""
    config.stash[_collected] = list(items)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Compare the tests to run with those of the suite."""
    config = session.config
    if not any(map(shared.ids_of, session.items)):
        return
    collected = [item for item in config.stash.get(_collected, []) if shared.ids_of(item)]
    absent = collection.absent(config)
    inapplicable = (i for i in collected if not absent.isdisjoint(shared.ids_of(i)))
    run = {*session.items, *inapplicable}
    selected = not run.issuperset(collected) or _lacks_cases(config) or _lacks_tests(collected)
    config.stash[_selected] = selected
    if hasattr(config, "workeroutput"):
        config.workeroutput[_SELECTED] = selected


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker of xdist found out: only workers collect tests."""
    if (getattr(node, "workeroutput", None) or {}).get(_SELECTED, False):
        node.config.stash[_selected] = True


def _lacks_cases(config: pytest.Config) -> bool:
    """Return whether an argument or --lf chooses among the parameters of a test."""
    if any("[" in argument.partition("::")[2] for argument in config.args):
        return True
    cache = getattr(config, "cache", None)
    return bool(getattr(config.option, "lf", False) and cache and cache.get("cache/lastfailed", {}))


def _lacks_tests(collected: Iterable[pytest.Item]) -> bool:
    """Return whether a test function of the suite was not collected."""
    names = {(item.path, getattr(item, "originalname", item.name)) for item in collected}
    return not names.issuperset(_of_suite())


def _of_suite() -> Iterator[tuple[Path, str]]:
    """Yield file and name of each test function of the suite."""
    for file in shared.tests().glob("test_*.py"):
        for statement in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(statement, ast.FunctionDef) and statement.name.startswith("test_"):
                yield file, statement.name
