"""Running the conformance suite within this process, on a node that is there already."""

import contextlib
import io
import json
from collections.abc import Generator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from podpath.errors import Hung
from podpath.nodes.base import Node
from podpath.system import limits
from podpath.system.limits import Limits
from podpath.testing.given import GIVEN, Given
from podpath.testing.marks import REQUIREMENT
from selftests.suite import ROOT, Run

_OPTIONS = (
    *("-s", "-p", "no:faulthandler", "-p", "no:cacheprovider", "-p", "podpath.plugin"),
    # pytest's own account of each failure, which nobody reads, needs the source of each test
    "--tb=line",
    # they look for garbage after each run, for half a second; the run around it does that once
    *("-p", "no:unraisableexception", "-p", "no:threadexception"),
    # it changes the loggers before and after each phase of each test; nothing here logs
    *("-p", "no:logging"),
    # podpath is imported by now, and its own tests' asserts were rewritten the first time
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
)

#: Variable and value: to look for everybody's plugins takes time each run.
ALONE = ("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def _impatient() -> Limits:
    """Wait less for dropped packets than a real path deserves. All others take far less."""
    usual = limits.current()
    return replace(usual, http=6.0, measures=replace(usual.measures, stall=4.0))


@dataclass
class _Suite:
    """A pytest plugin: gives the suite its node, and leaves out what is not wanted."""

    node: Node
    wanted: frozenset[str]
    cases: str

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[GIVEN] = Given(self.node)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makeitem(self, obj: object) -> list[pytest.Item] | None:
        """Make no items of a function that is left out: most are, with all their cases."""
        marks = (m for m in getattr(obj, "pytestmark", ()) if m.name == REQUIREMENT)
        ids = {identifier for mark in marks for identifier in mark.args}
        return [] if ids and ids.isdisjoint(self.wanted) else None

    @pytest.hookimpl(wrapper=True)  # what is left out need not be put in order
    def pytest_collection_modifyitems(
        self, items: list[pytest.Item]
    ) -> Generator[None, object, object]:
        items[:] = [i for i in items if self._ids(i) & self.wanted and self._is_case(i)]
        ended = yield
        # At the end, as pods are on this node, too: the contract's, whose GC takes their leases and
        # rules, and the restart of the runtime, with which their wiring may end.
        late = ("CNI-", "LIFE-RESTART")
        items.sort(key=lambda i: any(one.startswith(late) for one in self._ids(i)))
        return ended

    def _is_case(self, item: pytest.Item) -> bool:
        """Whether it is one of the cases, if it is a test of the CNI contract in a version."""
        call = getattr(item, "callspec", None)
        if call is None or "version" not in call.params:
            return True
        return fnmatchcase(call.id, self.cases)

    @staticmethod
    def _ids(item: pytest.Item) -> set[str]:
        return {i for mark in item.iter_markers(REQUIREMENT) for i in mark.args}


def run(
    node: Node,
    wanted: frozenset[str],
    report: Path,
    *options: str,
    cases: str = "*",
    file: str = "",
) -> Run:
    """Run the tests of the wanted requirements.

    Args:
        node: node to run them on.
        wanted: ids of the requirements.
        report: directory of the report.
        options: further options of pytest.
        cases: which of the tests of the CNI contract, by a pattern for their names.
        file: the only file to run; empty for all files of the suite.
    """
    output = io.StringIO()
    hung: list[str] = []

    def note(error: Hung, message: str, output: str = "") -> None:
        hung.append(message)
        super(Hung, error).__init__(message, output)

    with (
        contextlib.redirect_stdout(output),
        pytest.MonkeyPatch.context() as patch,
        limits.in_force(_impatient()),
    ):
        patch.setenv(*ALONE)
        patch.setattr(Hung, "__init__", note)
        status = pytest.main(
            arguments(wanted, report, *options, file=file), plugins=[_Suite(node, wanted, cases)]
        )
    written = report / "report.json"
    document = json.loads(written.read_text()) if written.exists() else {}
    return Run(int(status), output.getvalue(), document, tuple(hung))


def arguments(wanted: frozenset[str], report: Path, *options: str, file: str = "") -> list[str]:
    """The command line of a run, without what its node is."""
    files = [str(ROOT / file)] if file else _files(wanted)
    return [*files, "--rootdir", str(ROOT), f"--podpath-report={report}", *_OPTIONS, *options]


def _files(wanted: frozenset[str]) -> list[str]:
    """The files of the suite that name one of the requirements; to collect all takes time."""
    return [
        str(path)
        for path in sorted((ROOT / "tests").glob("test_*.py"))
        if any(f'"{identifier}"' in path.read_text() for identifier in wanted)
    ]
