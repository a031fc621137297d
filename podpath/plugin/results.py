"""Collect the results of all workers: for the summary, the report and the exit status."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from podpath.plugin import selection, shared

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from podpath.report.document import TestResult
    from podpath.report.outcome import Verdict


_PHASES = ("setup", "call", "teardown")


def pytest_configure(config: pytest.Config) -> None:
    """Register the collector of results, but not in xdist's workers."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Results(config), "podpath-results")


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Show all that is not "does not conform" apart from it, in every phase."""
    from podpath.report.outcome import Verdict

    result = _result(report)
    if result is not None and result.outcome.follows:
        return "not run", "-", "NOT RUN"
    if result is not None and result.outcome.verdict == Verdict.RECOMMENDED:
        return "recommended", "r", "RECOMMENDED"
    if result is None or not report.failed:
        return None
    if result.outcome.verdict == Verdict.COULD_NOT_TEST:
        return "could not test", "?", "COULD NOT TEST"
    return "failed", "F", "FAILED"


def _result(report: pytest.TestReport) -> TestResult | None:
    """Return the result that a report carries between xdist's processes, if it has one."""
    from podpath.report.document import TestResult

    values = getattr(report, "podpath", None)
    return None if values is None else TestResult.read(values)


def _broken_off(report: pytest.TestReport) -> TestResult:
    """Return the result of a test that ended without a report, for example in a crashed worker."""
    from podpath.report.document import TestResult
    from podpath.report.outcome import Outcome, Verdict

    verdict, message = Verdict.COULD_NOT_TEST, report.longreprtext
    return TestResult(report.nodeid, (), Outcome(verdict, message, body=f"{verdict}: {message}"))


def _printed(report: pytest.TestReport) -> str:
    """Return the id of a report's test to give pytest again: its file is relative to the rootdir.

    For tests of a package that --pyargs names, pytest's own ids lack the path to that package.
    """
    return f"{report.location[0]}::{report.nodeid.partition('::')[2]}"


def _from_here(config: pytest.Config, identifier: str) -> str:
    """Return a test's id with its file relative to the directory that pytest was started in.

    pytest's own function for this takes a text up to pytest 9.1, and another type since 9.2.
    """
    file, separator, name = identifier.partition("::")
    here = os.path.relpath(config.rootpath / file, config.invocation_params.dir)
    return f"{here}{separator}{name}"


class _Results:
    """Collector of the results of all workers, which prints and writes them at the end."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._results: list[TestResult] = []
        self._ids: dict[str, str] = {}
        self._others_failed = False
        self._planned: set[str] = set()
        self._broken_off = True

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._planned.update(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        self._planned.update(ids)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._ids[report.nodeid] = _from_here(self._config, _printed(report))
        result = _result(report)
        if result is not None:
            self._results.append(result)
        elif report.failed and self._crashed(report):
            self._results.append(_broken_off(report))
        elif report.failed:
            self._others_failed = True

    def _crashed(self, report: pytest.TestReport) -> bool:
        """Return whether the test's worker crashed. Only that worker knew whose test it was."""
        return report.when not in _PHASES and shared.environment in self._config.stash

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if not self._results:
            return
        from podpath.report.outcome import exit_status

        # -x ends a run with 1, too
        self._broken_off = exitstatus not in (0, 1) or not self._planned <= self._ids.keys()
        if not self._others_failed and exitstatus in (0, 1):
            status = exit_status(r.outcome.verdict for r in self._results)
            session.exitstatus = exitstatus if status is None else status

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self._results:
            return
        self._print_ids(terminalreporter)
        self._print_reasons(terminalreporter)
        self._tell_verdicts(terminalreporter)
        self._tell_seed(terminalreporter)
        self._write_report(terminalreporter)

    @staticmethod
    def _print_ids(terminal: pytest.TerminalReporter) -> None:
        """Make pytest's short summary print ids with files. Its cache is already written by now."""
        for reports in terminal.stats.values():
            for report in reports:
                if getattr(report, "podpath", None) is not None:
                    report.nodeid = _printed(report)

    def _print_reasons(self, terminal: pytest.TerminalReporter) -> None:
        """Print each reason once: a node that does not start is the same reason for every test."""
        from podpath.report.outcome import Verdict

        titles = {
            Verdict.RECOMMENDED: "RECOMMENDED, NOT MET (the plugin still conforms)",
            Verdict.NOT_RUN: "NOT RUN (because of another requirement)",
            Verdict.COULD_NOT_TEST: "COULD NOT TEST (says nothing about the plugin)",
        }
        for verdict, title in titles.items():
            self._print_reasons_of(terminal, verdict, title)

    def _print_reasons_of(
        self, terminal: pytest.TerminalReporter, verdict: Verdict, title: str
    ) -> None:
        tests: dict[str, list[str]] = {}
        for result in self._results:
            if result.outcome.verdict == verdict:
                tests.setdefault(result.outcome.reason, []).append(self._ids[result.test])
        if tests:
            terminal.write_sep("=", title, yellow=True)
        for reason, names in tests.items():
            terminal.write_line(reason)
            more = f", and {len(names) - 1} more" if len(names) > 1 else ""
            terminal.write_line(f"  in {names[0]}{more}")

    def _tell_verdicts(self, terminal: pytest.TerminalReporter) -> None:
        from podpath.cni.features import WAIVED
        from podpath.report import document, summary
        from podpath.report.outcome import Verdict

        facts = self._config.stash.get(shared.environment, {})
        known = {str(name): facts[name] for name in ("profile", "node") if name in facts}
        about = document.About(
            broken_off=self._broken_off,
            selected=selection.of(self._config),
            own_selected=selection.of_own(self._config),
            features=self._features(),
            abilities=shared.abilities(self._config),
            requirements=tuple(shared.declared(self._config).values()),
        )
        built = document.build(self._results, known, "", about)
        shown = [
            r
            for r in built["requirements"]
            if r["reason"] == WAIVED or (r["tests"] and r["verdict"] != Verdict.NOT_RUN)
        ]
        terminal.write_sep("=", summary.part_run(built) or "requirements")
        width = max(len(requirement["id"]) for requirement in built["requirements"])
        colours = {Verdict.CONFORMS: "green", Verdict.DOES_NOT_CONFORM: "red"}
        for requirement in shown:
            colour = {colours.get(requirement["verdict"], "yellow"): True}
            terminal.write(f"{requirement['id']:<{width}}  ")
            terminal.write(f"{requirement['verdict']:<16}", **colour)
            why = f" ({WAIVED})" if requirement["reason"] == WAIVED else ""
            terminal.write_line(f"  {requirement['sentence']}{why}")
        for line in summary.consequences(built):
            terminal.write_line(line)
        for profile in built["profiles"]:
            self._tell_features(terminal, profile["features"])
        self._tell_groups(terminal, built.get("groups", []))

    def _features(self) -> Mapping[str, str]:
        from podpath.errors import CouldNotTest

        try:
            return shared.plan(self._config).features
        except CouldNotTest:  # reported before the first test, or by its fixtures
            return {}

    def _tell_features(
        self, terminal: pytest.TerminalReporter, features: Sequence[Mapping[str, Any]]
    ) -> None:
        """Print the features that were tested, and those that the user waived."""
        from podpath.cni.features import WAIVED
        from podpath.report.outcome import Verdict

        shown = [f for f in features if f["result"] != Verdict.NOT_RUN or f["reason"] == WAIVED]
        if shown:
            terminal.write_sep("=", "features")
        width = max((len(f["name"]) for f in shown), default=0)
        for feature in shown:
            self._tell_result(terminal, feature, width)

    def _tell_groups(
        self, terminal: pytest.TerminalReporter, groups: Sequence[Mapping[str, Any]]
    ) -> None:
        """Print the vendor's own groups of requirements, if at least one test of them was run."""
        from podpath.report.outcome import Verdict

        tested = [group for group in groups if group["result"] != Verdict.NOT_RUN]
        if tested:
            terminal.write_sep("=", "the vendor's own")
        width = max((len(group["name"]) for group in tested), default=0)
        for group in tested:
            self._tell_result(terminal, group, width)

    @staticmethod
    def _tell_result(
        terminal: pytest.TerminalReporter, result: Mapping[str, Any], width: int
    ) -> None:
        from podpath.report import document, summary

        colours = {document.SUCCESS: "green", document.FAILURE: "red"}
        terminal.write(f"{result['name']:<{width}}  ")
        terminal.write(f"{result['result']:<8}", **{colours.get(result["result"], "yellow"): True})
        terminal.write_line(f"  {result.get('reason') or summary.counted(result['counts'])}")

    def _tell_seed(self, terminal: pytest.TerminalReporter) -> None:
        """Print the seed of a run that may need repeating, if the header was left out."""
        from podpath.report.outcome import Verdict

        bad = {Verdict.DOES_NOT_CONFORM, Verdict.COULD_NOT_TEST}
        if terminal.verbosity < 0 and any(r.outcome.verdict in bad for r in self._results):
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
            built = document.build(self._results, facts, __version__, self._about())
            path = document.write(Path(directory), built)
            terminal.write_line(f"podpath report: {path} ({built['digest']})")
        except CouldNotTest as error:
            terminal.write_line(f"podpath: {error}", red=True)

    def _about(self) -> Any:
        """Return the report's facts about the run itself. Raises CouldNotTest."""
        from podpath.run import provenance

        config = self._config
        whose = config.stash.get(shared.implementation, {})
        return provenance.about(
            shared.plan(config),
            whose,
            config.stash.get(shared.arguments, config.invocation_params.args),
            shared.seed(config),
            requirements=tuple(shared.declared(config).values()),
            broken_off=self._broken_off,
            selected=selection.of(config),
            own_selected=selection.of_own(config),
        )
