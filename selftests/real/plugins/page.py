"""Write the page of plugins from reports, and from reasons that a person has checked. Pure."""

import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from podpath.report.compare import plain
from podpath.report.outcome import Verdict
from podpath.report.words import counted

#: Verdicts that need a reason. Known deviations have theirs in the report.
_ACCUSATIONS = (Verdict.DOES_NOT_CONFORM, Verdict.COULD_NOT_TEST)
#: Verdicts with which the report has a reason of its own: verdict -> heading of the table.
_TOLD = {
    Verdict.KNOWN_DEVIATION: "known deviation",
    Verdict.RECOMMENDED: "recommended, not met",
}
#: Options of the command that say nothing of the plugin: option -> number of its values.
_DROPPED = {"-q": 0, "-n": 1, "-p": 1, "--podpath-implementation": 1, "--podpath-seed": 1}
_BIN = "--podpath-cni-bin"


class Unexplained(Exception):
    """Report and reasons that do not agree."""


@dataclass(frozen=True)
class Reason:
    """Cause of reds of one plugin.

    Attributes:
        requirements: ids of the requirements that it violates, or that it keeps from being tested.
        text: the cause in a sentence.
        source: URL of the line, or of the issue upstream.
    """

    requirements: Sequence[str]
    text: str
    source: str = ""


@dataclass(frozen=True)
class Plugin:
    """Facts about a plugin that its report does not have.

    Attributes:
        name: name of its section, and of the directory of its report.
        title: name and version.
        source: URL of its source, at that version.
        shape: the shape of its configuration.
        build: command that builds it in its source.
        note: a further sentence, if any.
        reasons: causes of its reds.
    """

    name: str
    title: str
    source: str
    shape: str
    build: str = ""
    note: str = ""
    reasons: Sequence[Reason] = ()


def read(text: str) -> list[Plugin]:
    """Read the facts about plugins from TOML: a table for each, in the order of the page."""
    return [
        Plugin(name=name, **{**table, "reasons": [Reason(**r) for r in table.get("reasons", [])]})
        for name, table in tomllib.loads(text).items()
    ]


def page(plugins: Sequence[Plugin], reports: Mapping[str, Mapping[str, Any]]) -> str:
    """Write the page.

    Args:
        plugins: facts about the plugins.
        reports: report of each plugin, by its name.

    Raises:
        Unexplained: a red has no reason, or a reason has no red.
    """
    problems = [p for plugin in plugins for p in _problems(plugin, reports.get(plugin.name))]
    if problems:
        raise Unexplained("\n".join(problems))
    lines = [
        "| plugin | configuration | node | result | requirements |",
        "|---|---|---|---|---|",
        *(_row(plugin, reports[plugin.name]) for plugin in plugins),
    ]
    for plugin in plugins:
        lines += ["", *_section(plugin, reports[plugin.name])]
    return "\n".join([*lines, ""])


def _problems(plugin: Plugin, report: Mapping[str, Any] | None) -> Iterator[str]:
    if report is None:
        yield f"{plugin.name} has no report"
        return
    if not report["complete"]:
        yield f"{plugin.name}: the run of its report was broken off"
    reds = {r["id"] for r in report["requirements"] if r["verdict"] in _ACCUSATIONS}
    explained = {id_ for reason in plugin.reasons for id_ in reason.requirements}
    for id_ in sorted(reds - explained):
        yield f"{plugin.name}: {id_} has no reason"
    recommended = {r["id"] for r in report["requirements"] if r["verdict"] == Verdict.RECOMMENDED}
    for id_ in sorted(explained - reds - recommended):
        yield f"{plugin.name}: {id_} has a reason, and conforms or was not run"


def _row(plugin: Plugin, report: Mapping[str, Any]) -> str:
    cells = (
        f"[{plugin.title}](#{_anchor(plugin.title)})",
        plugin.shape,
        _node(report["environment"]),
        _result(report),
        counted(_counts(report)),
    )
    return f"| {' | '.join(cells)} |"


def _result(report: Mapping[str, Any]) -> str:
    """Return the verdict of the report, and the requirements that lead to it."""
    verdict = report["verdict"]
    if verdict not in _ACCUSATIONS:
        return str(verdict)
    ids = [r["id"] for r in report["requirements"] if r["verdict"] == verdict]
    return f"**{verdict}**: {', '.join(ids)}"


def _counts(report: Mapping[str, Any]) -> dict[str, int]:
    counts = dict.fromkeys(Verdict, 0)
    for requirement in report["requirements"]:
        counts[Verdict(requirement["verdict"])] += 1
    return {str(verdict): number for verdict, number in counts.items()}


def _node(environment: Mapping[str, str]) -> str:
    kernel = environment["kernel"].partition("-")[0]
    runtime = re.sub(r"[~+].*", "", environment.get("containerd", ""))
    return ", ".join(filter(None, (environment["node"], f"Linux {kernel}", runtime)))


def _anchor(title: str) -> str:
    """Make the anchor of a heading as GitHub does."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _section(plugin: Plugin, report: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {plugin.title}"
    yield ""
    yield f"Source: <{plugin.source}>. {_run(report)}"
    if plugin.note:
        yield from ("", plugin.note)
    yield from ("", "```sh")
    if plugin.build:
        yield plugin.build
    yield f"{command(report['reproduce']['command'])}"
    yield "```"
    verdicts = {r["id"]: r["verdict"] for r in report["requirements"]}
    if plugin.reasons:
        yield from ("", "| requirement | verdict | why |", "|---|---|---|")
    for reason in plugin.reasons:
        source = f" ([source]({reason.source}))" if reason.source else ""
        for verdict in dict.fromkeys(verdicts[id_] for id_ in reason.requirements):
            ids = ", ".join(id_ for id_ in reason.requirements if verdicts[id_] == verdict)
            yield f"| {ids} | {verdict} | {reason.text}{source} |"
    yield from _told(report, {id_ for reason in plugin.reasons for id_ in reason.requirements})


def _run(report: Mapping[str, Any]) -> str:
    """Return when the plugin was tested, and by which podpath."""
    suite = report["suite"]
    return f"Tested on {report['date'][:10]} by {suite['name']} {suite['version']}."


def _told(report: Mapping[str, Any], explained: set[str]) -> Iterator[str]:
    """Yield a table for the requirements of each verdict that no checked reason explains."""
    for verdict, heading in _TOLD.items():
        rows = [
            f"| {r['id']} | {plain(_reason(report, r))} |"
            for r in report["requirements"]
            if r["verdict"] == verdict and r["id"] not in explained
        ]
        if rows:
            yield from ("", f"| {heading} | why |", "|---|---|", *rows)


def _reason(report: Mapping[str, Any], requirement: Mapping[str, Any]) -> str:
    known = report["environment"].get(f"known deviation {requirement['id']}", "")
    return str(known or requirement["reason"])


def command(text: str) -> str:
    """Write the command of a report as on any machine: BIN is the directory of the plugins."""
    words: list[str] = []
    arguments = iter(shlex.split(text))
    for word in arguments:
        option, equals, _ = word.partition("=")
        if option in _DROPPED:
            for _ in range(0 if equals else _DROPPED[option]):
                next(arguments, "")
        elif option == _BIN:
            if not equals:
                next(arguments, "")
            words += [_BIN, "BIN"]
        else:
            words.append(word)
    return shlex.join(words)
