"""All results, where those of all workers arrive: the summary, the report, the exit status."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from podpath.plugin import shared

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def pytest_configure(config: pytest.Config) -> None:
    """Collect them, but not in xdist's workers."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Results(config), "podpath-results")


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """What could not be tested is told apart from what does not conform, in every phase."""
    told = getattr(report, "podpath", None)
    if told is None or not report.failed:
        return None
    if told["verdict"] == "could not test":
        return "could not test", "?", "COULD NOT TEST"
    return "failed", "F", "FAILED"


def _broken_off(report: pytest.TestReport) -> dict[str, Any]:
    """What to tell of a test that ended without its own report, as when its worker crashed."""
    return {
        "test": report.nodeid,
        "requirements": [],
        "verdict": "could not test",
        "reason": f"could not test: {report.longreprtext}",
    }


class _Results:
    """Collects the results where those of all workers arrive, and tells them at the end."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._told: list[dict[str, Any]] = []
        self._others_failed = False
        self._complete = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        told = getattr(report, "podpath", None)
        if told is not None:
            self._told.append(told)
        elif report.failed and shared.is_ours(self._config, report.nodeid):
            self._told.append(_broken_off(report))
        elif report.failed:
            self._others_failed = True

    def _results(self) -> list[Any]:
        from podpath.report.document import TestResult

        return [TestResult(**{**t, **self._tuples(t)}) for t in self._told]

    @staticmethod
    def _tuples(told: dict[str, Any]) -> dict[str, tuple[str, ...]]:
        """What travelled between xdist's processes as lists."""
        return {k: tuple(told[k]) for k in ("requirements", "features") if k in told}

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if not self._told:
            return
        from podpath.report import document

        self._complete = exitstatus in (0, 1)
        if not self._others_failed and exitstatus in (0, 1):
            status = document.exit_status(t["verdict"] for t in self._told)
            session.exitstatus = exitstatus if status is None else status

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self._told:
            return
        self._tell_untested(terminalreporter)
        self._tell_verdicts(terminalreporter)
        self._tell_seed(terminalreporter)
        self._write_report(terminalreporter)

    def _tell_untested(self, terminal: pytest.TerminalReporter) -> None:
        """Each reason once: a node that does not start is the same for every test."""
        tests: dict[str, list[str]] = {}
        for told in self._told:
            if told["verdict"] == "could not test":
                reason = told["reason"].partition("could not test: ")[2] or told["reason"]
                tests.setdefault(reason, []).append(told["test"])
        if tests:
            terminal.write_sep("=", "COULD NOT TEST (says nothing about the plugin)", yellow=True)
        for reason, names in tests.items():
            terminal.write_line(reason)
            more = f", and {len(names) - 1} more" if len(names) > 1 else ""
            terminal.write_line(f"  in {names[0]}{more}")

    def _tell_verdicts(self, terminal: pytest.TerminalReporter) -> None:
        from podpath.cni.features import WAIVED
        from podpath.report import document
        from podpath.requirements import REQUIREMENTS

        facts = self._config.stash.get(shared.environment, {})
        known = {str(name): facts[name] for name in ("profile", "node") if name in facts}
        about = document.About(complete=self._complete, features=self._features())
        built = document.build(self._results(), known, "", about)
        told = [r for r in built["requirements"] if r["tests"] or r["reason"] == WAIVED]
        terminal.write_sep("=", "requirements" if self._complete else "broken off: not all was run")
        width = max(len(i) for i in REQUIREMENTS)
        colours = {document.CONFORMS: "green", document.DOES_NOT_CONFORM: "red"}
        for one in told:
            colour = {colours.get(one["verdict"], "yellow"): True}
            terminal.write(f"{one['id']:<{width}}  ")
            terminal.write(f"{one['verdict']:<16}", **colour)
            why = f" ({WAIVED})" if one["reason"] == WAIVED else ""
            terminal.write_line(f"  {one['sentence']}{why}")
        for profile in built["profiles"]:
            self._tell_features(terminal, profile["features"])

    def _features(self) -> Mapping[str, str]:
        from podpath.errors import CouldNotTest

        try:
            return shared.plan(self._config).features
        except CouldNotTest:  # told before the first test, or by its fixtures
            return {}

    def _tell_features(
        self, terminal: pytest.TerminalReporter, features: Sequence[Mapping[str, Any]]
    ) -> None:
        """Those that were tested, and those that would have been."""
        from podpath.cni.features import WAIVED
        from podpath.report import document, summary

        colours = {document.SUCCESS: "green", document.FAILURE: "red"}
        told = [f for f in features if f["result"] != document.NOT_RUN or f["reason"] == WAIVED]
        terminal.write_sep("=", "features")
        width = max((len(f["name"]) for f in told), default=0)
        for one in told:
            terminal.write(f"{one['name']:<{width}}  ")
            terminal.write(f"{one['result']:<8}", **{colours.get(one["result"], "yellow"): True})
            terminal.write_line(f"  {one['reason'] or summary.counted(one['counts'])}")

    def _tell_seed(self, terminal: pytest.TerminalReporter) -> None:
        """Where the header was left out, and somebody may want to repeat the run."""
        from podpath.report import document

        bad = {document.DOES_NOT_CONFORM, document.COULD_NOT_TEST}
        if terminal.verbosity < 0 and any(told["verdict"] in bad for told in self._told):
            terminal.write_line(f"podpath seed: {shared.seed(self._config)}")

    def _write_report(self, terminal: pytest.TerminalReporter) -> None:
        from podpath import __version__
        from podpath.errors import CouldNotTest
        from podpath.report import document

        directory = self._config.getoption("--podpath-report")
        if not directory:
            return
        facts = self._config.stash.get(shared.environment, {})
        try:
            built = document.build(self._results(), facts, __version__, self._about())
            path = document.write(Path(directory), built)
            terminal.write_line(f"podpath report: {path} ({built['digest']})")
        except CouldNotTest as error:
            terminal.write_line(f"podpath: {error}", red=True)

    def _about(self) -> Any:
        """What the report says of the run itself. Raises CouldNotTest."""
        from podpath.run import provenance

        config = self._config
        whose = config.stash.get(shared.implementation, {})
        return provenance.about(
            shared.plan(config),
            whose,
            config.invocation_params.args,
            shared.seed(config),
            complete=self._complete,
        )
