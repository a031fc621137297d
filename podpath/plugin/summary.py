"""Print the end of a run: findings, then what was left out, and the verdict as the last line.

With -v, the verdict of each requirement, too (podpath.plugin.table), and pytest's own failures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from podpath.plugin import keeping, results, shared, table

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from podpath.plugin.results import Results
    from podpath.report.findings import Line
    from podpath.report.outcome import Verdict

#: Reports by category, of which pytest's own sections leave some out: the findings show them.
_every = pytest.StashKey[dict[str, list[Any]]]()
#: Failed tests that pytest's short summary lists without -v, the first ones of each requirement.
_MOST_FAILED = 10
#: Requirements that are named for each reason why some were not run, without -v.
_MOST_NOT_RUN = 6
#: Columns of a log, which has no width of its own.
_LOG_COLUMNS = 120
_MINUTE = 60
_QUIETEST = -1
_STYLES: dict[str, dict[str, bool]] = {
    "": {},
    "bold": {"bold": True},
    "red": {"red": True, "bold": True},
    "green": {"green": True},
    "yellow": {"yellow": True},
    "cyan": {"cyan": True},
}


def pytest_configure(config: pytest.Config) -> None:
    """Register what surrounds pytest's own end of a run, but not in xdist's workers."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Around(config), "podpath-around-summary")


class _Around:
    """Hooks around pytest's own: reports that it leaves to podpath, and the last line."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> Generator[None, object, object]:
        """Keep podpath's failures out of pytest's section: each finding is shown once."""
        stats = terminalreporter.stats
        every = {category: list(reports) for category, reports in stats.items()}
        self._config.stash[_every] = every
        texts = {id(r): r.longrepr for r in every.get("failed", ()) if hasattr(r, "podpath")}
        if _brief(self._config):
            _hide(stats, "failed")
        try:
            outcome = yield
            _count_more(terminalreporter, len(every.get("failed", ())))
            return outcome
        finally:
            stats.update(every)
            for report in every.get("failed", ()):
                report.longrepr = texts.get(id(report), report.longrepr)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Generator[None, object, object]:
        """Print the verdict below pytest's own last line."""
        outcome = yield
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        kept = self._config.stash[results.RESULTS]
        if terminal is not None and kept.begun:
            _write_verdict(terminal, kept)
        return outcome


def _hide(stats: dict[str, list[Any]], category: str) -> None:
    """Hide podpath's reports of a category from what pytest prints next."""
    if category in stats:
        stats[category] = [r for r in stats[category] if not hasattr(r, "podpath")]


def _prepare_short_summary(terminal: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Let pytest's short summary list failures; with -ra, not what is folded by reason already.

    The findings above it name each requirement, so few tests of each stand here: what comes last
    is seen first. Where the environment has CI, pytest prints failures whole there: each finding a
    second time.
    """
    every = config.stash[_every]
    terminal.stats.update(every)
    if _brief(config) and "failed" in every:
        terminal.stats["failed"] = _first_ones(every["failed"])
        for report in every.get("failed", ()):
            if hasattr(report, "podpath"):
                report.longrepr = str(report.longrepr).partition("\n")[0]
    if _brief(config) and "a" in config.option.reportchars:
        _hide(terminal.stats, "skipped")
        _hide(terminal.stats, "xfailed")


def _count_more(terminal: pytest.TerminalReporter, failed: int) -> None:
    """Print the number of failed tests that pytest's short summary has left out."""
    from podpath.report import words

    more = failed - len(terminal.stats.get("failed", ()))
    if more and "f" in terminal.reportchars:
        language = shared.language(terminal.config)
        terminal.write_line(words.say("more failed", language, count=more))


def _first_ones(reports: list[Any]) -> list[Any]:
    """Return few failed tests: those of others than podpath, and the first of each requirement.

    All of them, if they are few.
    """
    if len(reports) <= _MOST_FAILED:
        return reports
    kept, listed = [], set[tuple[str, ...]]()
    for report in reports:
        if not hasattr(report, "podpath"):
            kept.append(report)
        elif (names := tuple(report.podpath["requirements"])) not in listed:
            kept += [report] if len(listed) < _MOST_FAILED else []
            listed.add(names)
    return kept


def _brief(config: pytest.Config) -> bool:
    return int(config.option.verbose) <= 0


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print what the run found, above pytest's short summary."""
    _prepare_short_summary(terminalreporter, config)
    kept = config.stash[results.RESULTS]
    if not kept.results:
        return
    _name_tests(terminalreporter)
    if _brief(config):
        _write_findings(terminalreporter, kept)
    _write_untested(terminalreporter, kept)
    if not _brief(config):
        table.write(terminalreporter, kept.document, shared.language(config))
    _write_rest(terminalreporter, config, kept)


def _name_tests(terminal: pytest.TerminalReporter) -> None:
    """Make pytest's short summary print ids with files. Its cache is already written by now."""
    for reports in terminal.stats.values():
        for report in reports:
            if getattr(report, "podpath", None) is not None:
                report.nodeid = results.printed(report)


def _write_findings(terminal: pytest.TerminalReporter, kept: Results) -> None:
    from podpath.report import findings, words
    from podpath.report.outcome import Verdict

    language = shared.language(terminal.config)
    brief = terminal.config.option.tbstyle in ("no", "line")
    lines = list(findings.failures(kept.document, _name(kept), language, brief=brief))
    if lines:
        title = words.verdict(Verdict.DOES_NOT_CONFORM, language).upper()
        terminal.write_sep("=", title, red=True)
        _write(terminal, lines)


def _write_untested(terminal: pytest.TerminalReporter, kept: Results) -> None:
    """Print each reason once: a node that does not start is the same reason for every test."""
    from podpath.model.translation import translated
    from podpath.report import findings
    from podpath.report.outcome import Verdict

    tests = [
        {"test": result.test, "reason": result.outcome.reason}
        for result in kept.results
        if result.outcome.verdict == Verdict.COULD_NOT_TEST
    ]
    if tests:
        language = shared.language(terminal.config)
        title = translated("COULD NOT TEST (says nothing about the plugin)", language)
        terminal.write_sep("=", title, yellow=True)
        _write(terminal, findings.untested(tests, _name(kept), language))


def _write_rest(terminal: pytest.TerminalReporter, config: pytest.Config, kept: Results) -> None:
    from podpath.model.translation import translated
    from podpath.report import findings, summary

    most = _MOST_NOT_RUN if _brief(config) else 0
    language = shared.language(config)
    lines: list[Line] = [
        (translated(line, language), "") for line in summary.consequences(kept.document, most)
    ]
    if _brief(config):
        lines += findings.listed(kept.document, shared.language(config))
        lines += [(line, "") for line in table.groups(kept.document, shared.language(config))]
    if terminal.verbosity >= 0:
        columns = terminal._tw.fullwidth if terminal.isatty else _LOG_COLUMNS
        every = not _brief(config)
        rows = findings.folded(_reasons(kept), shared.language(config), every=every)
        lines += [(text if every else _cut(text, columns), style) for text, style in rows]
    _write(terminal, lines)
    if terminal.verbosity < 0 and kept.has_findings:
        terminal.write_line(f"podpath seed: {shared.seed(config)}")  # the header was left out
    for sentence in config.stash.get(keeping.sentences, []):
        terminal.write_line(f"podpath: {sentence}", bold=True)
    if kept.written:
        terminal.write_line(kept.written)


def _reasons(kept: Results) -> dict[Verdict, list[str]]:
    """Return the reasons of the tests by verdict; those of known deviations name requirements."""
    from podpath.report.outcome import Verdict

    reasons: dict[Verdict, list[str]] = {}
    for result in kept.results:
        verdict, message = result.outcome.verdict, result.outcome.message
        named = verdict in (Verdict.KNOWN_DEVIATION, Verdict.RECOMMENDED)
        text = f"{', '.join(result.requirements)}: {message}" if named else message
        reasons.setdefault(verdict, []).append(text)
    return reasons


def _name(kept: Results) -> Any:
    return lambda test: kept.ids.get(test, test)


def _write(terminal: pytest.TerminalReporter, lines: Iterable[Line]) -> None:
    for text, style in lines:
        terminal.write_line(text, **_STYLES[style])


def _cut(text: str, columns: int) -> str:
    return text if len(text) < columns else f"{text[: columns - 2]}…"


def _write_verdict(terminal: pytest.TerminalReporter, kept: Results) -> None:
    from podpath.report import conclusion
    from podpath.report.outcome import Verdict

    if terminal.verbosity < _QUIETEST and not kept.has_findings:
        return  # pytest, too, prints nothing then
    concluded = conclusion.of(kept.document, shared.language(terminal.config))
    colours = {Verdict.CONFORMS: "green", Verdict.DOES_NOT_CONFORM: "red"}
    colour = {colours.get(concluded.verdict, "yellow"): True, "bold": True}
    terminal.write("podpath: ")
    terminal.write(concluded.words, **colour)
    terminal.write_line(f"   {concluded.text}   {_duration(kept.seconds):>8}")


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), _MINUTE)
    return f"{minutes} min {rest} s" if minutes > 1 else f"{round(seconds)} s"
