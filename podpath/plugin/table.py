"""The verdict of each requirement, feature and group, for -v."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pytest


def write(terminal: pytest.TerminalReporter, built: Mapping[str, Any]) -> None:
    """Print the verdicts of the requirements that were run, and of features and groups."""
    _write_requirements(terminal, built)
    for profile in built["profiles"]:
        _write_features(terminal, profile["features"])
    _write_results(terminal, "the vendor's own", _tested(built))


def groups(built: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each group of the vendor's own requirements that was tested."""
    from podpath.report import summary

    for group in _tested(built):
        yield f"{group['name']}  {group['result']}  {summary.counted(group['counts'])}"


def _tested(built: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    from podpath.report.outcome import Verdict

    return [group for group in built.get("groups", []) if group["result"] != Verdict.NOT_RUN]


def _write_requirements(terminal: pytest.TerminalReporter, built: Mapping[str, Any]) -> None:
    from podpath.cni.features import WAIVED
    from podpath.report import summary
    from podpath.report.outcome import Verdict

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


def _write_features(
    terminal: pytest.TerminalReporter, features: Sequence[Mapping[str, Any]]
) -> None:
    """Print the features that were tested, and those that the user waived."""
    from podpath.cni.features import WAIVED
    from podpath.report.outcome import Verdict

    shown = [f for f in features if f["result"] != Verdict.NOT_RUN or f["reason"] == WAIVED]
    _write_results(terminal, "features", shown)


def _write_results(
    terminal: pytest.TerminalReporter, title: str, results: Sequence[Mapping[str, Any]]
) -> None:
    from podpath.report import document, summary

    if results:
        terminal.write_sep("=", title)
    colours = {document.SUCCESS: "green", document.FAILURE: "red"}
    width = max((len(result["name"]) for result in results), default=0)
    for result in results:
        terminal.write(f"{result['name']:<{width}}  ")
        terminal.write(f"{result['result']:<8}", **{colours.get(result["result"], "yellow"): True})
        terminal.write_line(f"  {result.get('reason') or summary.counted(result['counts'])}")
