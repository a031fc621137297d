"""Find out whether all tests are run, or some that the user selected: suite and own ones apart.

-k, -m, --lf and --deselect leave out tests that were collected; arguments, --ignore and --lf keep
files and tests from being collected at all. A vendor's own tests are those of the files that pytest
was given, as podpath knows no others.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import pytest

from podpath.plugin import collection, shared

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_SUITE, _OWN = "suite", "own"
#: The suite's package, as --pyargs takes it.
_PACKAGE = "podpath.tests"
_SELECTED = "podpath_selected"
#: Tests that were collected, before any were left out.
_collected = pytest.StashKey[list[pytest.Item]]()
#: The kinds of tests, of this process or of xdist's workers, of which some were selected.
_selected = pytest.StashKey[set[str]]()


def of(config: pytest.Config) -> bool:
    """Return whether the user selected some of all tests; known once these are known."""
    return bool(config.stash.get(_selected, set()))


def of_own(config: pytest.Config) -> bool:
    """Return whether the user selected some of the vendor's own tests; known once these are."""
    return _OWN in config.stash.get(_selected, set())


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep all tests that were collected."""
    config.stash[_collected] = list(items)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Compare the tests to run with those that were collected, and with the suite's."""
    config = session.config
    if not any(map(shared.ids_of, session.items)):
        return
    collected = [item for item in config.stash.get(_collected, []) if shared.ids_of(item)]
    absent = collection.absent(config)
    inapplicable = (i for i in collected if not absent.isdisjoint(shared.ids_of(i)))
    left_out = set(collected).difference(session.items, inapplicable)
    selected = {_kind(item) for item in left_out}
    if _reruns_failures(config):
        selected |= {_SUITE, _OWN}
    if _names_cases(config) or _lacks_tests(collected):
        selected.add(_SUITE)
    if _names_own_tests(config):
        selected.add(_OWN)
    config.stash[_selected] = selected
    if hasattr(config, "workeroutput"):
        config.workeroutput[_SELECTED] = sorted(selected)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker of xdist found out: only workers collect tests."""
    of_worker = (getattr(node, "workeroutput", None) or {}).get(_SELECTED, ())
    node.config.stash.setdefault(_selected, set()).update(of_worker)


def _kind(item: pytest.Item) -> str:
    return _SUITE if shared.tests() in item.path.parents else _OWN


def _reruns_failures(config: pytest.Config) -> bool:
    """Return whether --lf chooses tests, and among the parameters of a test."""
    cache = getattr(config, "cache", None)
    return bool(getattr(config.option, "lf", False) and cache and cache.get("cache/lastfailed", {}))


def _names_cases(config: pytest.Config) -> bool:
    """Return whether an argument chooses among the parameters of a test."""
    return any("[" in argument.partition("::")[2] for argument in config.args)


def _names_own_tests(config: pytest.Config) -> bool:
    """Return whether an argument names a test within a file that is not the suite's."""
    files = [file for file, separator, _ in (a.partition("::") for a in config.args) if separator]
    here = config.invocation_params.dir
    return any(
        shared.tests() not in (here / file).resolve().parents and not file.startswith(_PACKAGE)
        for file in files
    )


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
