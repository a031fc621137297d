"""Judge requirements on an open node, with the tests of the suite."""

import contextlib
import io
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from podpath.errors import CouldNotTest
from podpath.report.document import TestResult
from podpath.report.outcome import Outcome, Verdict, worst
from podpath.requirements import REQUIREMENTS
from podpath.system import limits
from podpath.testing.given import GIVEN, Given
from podpath.testing.marks import REQUIREMENT
from podpath.testing.opened import OpenNode

_OPTIONS = (
    *("-c", os.devnull, "-s", "-p", "no:terminal", "-p", "no:faulthandler"),
    *("-p", "no:cacheprovider", "-p", "no:unraisableexception", "-p", "no:threadexception"),
    # podpath is imported by now, and asserts of its tests were rewritten the first time
    *("-W", "ignore::pytest.PytestAssertRewriteWarning", "-p", "podpath.plugin"),
)
#: The user's own pytest settings and plugins have no say in podpath's verdicts.
_ENVIRONMENT = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "", "PYTEST_PLUGINS": ""}
#: Arguments of tests that name pods.
_OF_PODS = ("pod", "source", "destination")


def check(node: OpenNode, requirements: Iterable[str]) -> dict[str, Outcome]:
    """Judge requirements with podpath's own tests, on a node and its pods as they are now.

    A test for a pod that the node does not have is left out. Most tests of PATH and TOPO are of
    pods named client and server, some also of one named bystander.

    Args:
        node: the node, with its pods.
        requirements: ids of requirements of podpath.

    Returns:
        Id -> outcome: the worst one of its tests; NOT_RUN if it has no test for these pods.

    Raises:
        CouldNotTest: an id is unknown, or the tests cannot be run.
    """
    ids = tuple(dict.fromkeys(requirements))
    if unknown := [identifier for identifier in ids if identifier not in REQUIREMENTS]:
        raise CouldNotTest(
            f"no requirement has the id {', '.join(unknown)}", "`podpath requirements` lists them"
        )
    run = _Run(node, frozenset(ids))
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output), _environment():
        status = pytest.main(
            [*_files(ids), "--rootdir", str(_tests().parent), *_OPTIONS], plugins=[run]
        )
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, 5, 6):
        raise CouldNotTest(f"the tests could not be run: {output.getvalue().strip()[-2000:]}")
    return {identifier: _outcome(run.results, identifier) for identifier in ids}


@contextlib.contextmanager
def impatient() -> Iterator[None]:
    """Wait less for packets that are lost, for the length of the block.

    Programs that judge nodes that are broken on purpose use it. A path that works takes far less.
    """
    usual = limits.current()
    of_http = min(usual.http, 6.0 * usual.patience)  # TCP repeats a lost SYN after 1 and 3 s
    stall = min(usual.measures.stall, 4.0)
    with limits.in_force(
        replace(usual, http=of_http, measures=replace(usual.measures, stall=stall))
    ):
        yield


def _outcome(results: Iterable[TestResult], identifier: str) -> Outcome:
    """Return the worst outcome of a requirement's tests."""
    outcomes = [result.outcome for result in results if identifier in result.requirements]
    verdict = worst(o.verdict for o in outcomes)
    return next((o for o in outcomes if o.verdict == verdict), Outcome(Verdict.NOT_RUN))


class _Run:
    """A pytest plugin: gives the suite its node and pods, chooses tests, and keeps the results."""

    def __init__(self, node: OpenNode, ids: frozenset[str]) -> None:
        self.results: list[TestResult] = []
        self._node = node
        self._ids = ids

    def pytest_load_initial_conftests(self, early_config: pytest.Config) -> None:
        """Give the node before podpath looks at its options."""
        node = self._node
        early_config.stash[GIVEN] = Given(node.node, node.plan, node.pods)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the tests of the requirements, for pods that the node has."""
        names = {pod.name for pod in self._node.pods}
        items[:] = [item for item in items if self._is_chosen(item) and _pods(item) <= names]

    def _is_chosen(self, item: pytest.Item) -> bool:
        return any(i in self._ids for mark in item.iter_markers(REQUIREMENT) for i in mark.args)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep a result."""
        values: Mapping[str, object] | None = getattr(report, "podpath", None)
        if values is not None:
            self.results.append(TestResult.read(values))


def _pods(item: pytest.Item) -> set[str]:
    call = getattr(item, "callspec", None)
    return {call.params[name] for name in _OF_PODS if name in call.params} if call else set()


def _tests() -> Path:
    spec = find_spec("podpath.tests")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def _files(ids: Iterable[str]) -> list[str]:
    """Return the files of the suite that name one of the requirements; to collect all is slow."""
    files = sorted(_tests().glob("test_*.py"))
    return [str(f) for f in files if any(f'"{i}"' in f.read_text() for i in ids)]


@contextlib.contextmanager
def _environment() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in _ENVIRONMENT}
    os.environ.update(_ENVIRONMENT)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
