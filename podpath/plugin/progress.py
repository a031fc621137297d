"""Progress of a run: what podpath does now, and the groups of requirements that it tests.

On a terminal this is one line that changes; in a log, a line for each stage and for each group.
What does not conform is named at once. -v and -q show pytest's own progress instead, and so does a
run that has other tests, too.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from podpath.plugin import results, shared

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

#: Group of the tests that are not podpath's.
_OTHERS = ""
_progress = pytest.StashKey["Progress"]()


def pytest_configure(config: pytest.Config) -> None:
    """Register what shows the progress, but not in xdist's workers."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(of(config), "podpath-progress")


def of(config: pytest.Config) -> Progress:
    """Return what shows the progress of this run."""
    if _progress not in config.stash:
        config.stash[_progress] = Progress(config)
    return config.stash[_progress]


def group_of(identifiers: Sequence[str]) -> str:
    """Return the group of a test's requirements; empty for a test that has none."""
    from podpath.requirements import group

    return group(identifiers[0]) if identifiers else _OTHERS


class Progress:
    """Shows the progress of a run."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._lock = threading.Lock()
        self._planned: Mapping[str, int] = {}
        self._done: Counter[str] = Counter()
        self._shown: set[str] = set()
        self._red: dict[str, None] = {}
        self._live = ""

    @property
    def active(self) -> bool:
        """True if podpath shows the progress of the tests, and pytest does not."""
        return shared.shows_progress(self._config)

    def plan(self, tests: Mapping[str, int]) -> None:
        """Take the number of tests of each group."""
        with self._lock:
            self._planned = tests
            terminal = self._terminal()
            ours = _OTHERS not in tests
            if ours and terminal is not None and terminal.verbosity == 0:
                self._config.stash[shared.progress_shown] = True
                terminal.showfspath = False

    def stage(self, message: str) -> None:
        """Show what podpath does now; each message once, as several workers do the same."""
        with self._lock:
            if message in self._shown:
                return
            self._shown.add(message)
            self._show(message)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test at its end, and name its group at the end of its setup."""
        ids = [value for name, value in report.user_properties if name == "requirement"]
        if not self.active or not ids:
            return
        name = group_of([str(identifier) for identifier in ids])
        with self._lock:
            self._name_red(report)
            self._done[name] += report.when == "teardown"
            if name not in self._shown:
                self._shown.add(name)
                tests = self._planned.get(name, 0)
                noun = "test" if tests == 1 else "tests"
                self._show(f"testing {name}, {tests} {noun}", brief=self._line())
            elif self._live:
                self._rewrite(self._line())

    def _name_red(self, report: pytest.TestReport) -> None:
        """Name a requirement the first time that it does not conform."""
        from podpath.report.outcome import Verdict

        result = results.of_report(report)
        if result is None or result.outcome.verdict != Verdict.DOES_NOT_CONFORM:
            return
        from podpath.model.translation import translated

        new = [i for i in result.requirements if i not in self._red]
        self._red.update(dict.fromkeys(new))
        if new and (terminal := self._terminal()) is not None:
            self._clear()
            sentence = f"{', '.join(new)} does not conform"
            sentence = translated(sentence, shared.language(self._config))
            terminal.write_line(f"podpath: {sentence}", red=True)
            terminal.flush()

    def _line(self) -> str:
        """Return the state of all groups that were begun, in one line."""
        whole, done = sum(self._planned.values()), sum(self._done.values())
        groups = (
            f"{n} {self._done[n]}/{of}" for n, of in self._planned.items() if n in self._shown
        )
        share = f"{100 * done // whole:3}%" if whole else ""
        return f"{share}  {'  '.join(groups)}"

    def _show(self, message: str, brief: str = "") -> None:
        """Show a line in a log; on a terminal, in place of the line before."""
        from podpath.model.translation import translated

        terminal = self._terminal()
        if terminal is None or terminal.verbosity < 0:
            return
        message = translated(message, shared.language(self._config))
        if terminal.isatty and terminal.verbosity == 0:
            self._rewrite(brief or message)
        else:
            terminal.write_line(f"podpath: {message}")
            terminal.flush()  # a log shows it now, not when the buffer of some KiB is full

    def _rewrite(self, text: str) -> None:
        terminal = self._terminal()
        if terminal is not None:
            self._live = f"podpath: {text}"
            terminal.rewrite(self._live[: terminal._tw.fullwidth - 1], erase=True)
            terminal.currentfspath = -2  # what pytest prints next begins a new line

    def _clear(self) -> None:
        """Remove the line that changes."""
        if self._live and (terminal := self._terminal()) is not None:
            terminal.rewrite("", erase=True)
            terminal.rewrite("")
            terminal.currentfspath = None
            self._live = ""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        """End with the tests, however they end: pytest's short summary shows reports again."""
        try:
            return (yield)
        finally:
            with self._lock:
                self._clear()
                self._config.stash[shared.progress_shown] = False

    def _terminal(self) -> pytest.TerminalReporter | None:
        return self._config.pluginmanager.get_plugin("terminalreporter")
