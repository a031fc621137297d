"""The verdict of each requirement, feature and group, for -v."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pytest

#: Columns of a verdict, and of the result of a feature or a group.
_VERDICT, _RESULT = 16, 8


def write(terminal: pytest.TerminalReporter, built: Mapping[str, Any], language: str) -> None:
    """Print the verdicts of the requirements that were run, and of features and groups."""
    _write_requirements(terminal, built, language)
    for profile in built["profiles"]:
        _write_features(terminal, profile["features"], language)
    _write_results(terminal, "the vendor's own", _tested(built), language)


def groups(built: Mapping[str, Any], language: str) -> Iterator[str]:
    """Yield a line for each group of the vendor's own requirements that was tested."""
    from podpath.model.translation import translated
    from podpath.report import words

    for group in _tested(built):
        result = translated(group["result"], language)
        yield f"{group['name']}  {result}  {words.counted(group['counts'], language)}"


def _tested(built: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    from podpath.report.outcome import Verdict

    return [group for group in built.get("groups", []) if group["result"] != Verdict.NOT_RUN]


def _write_requirements(
    terminal: pytest.TerminalReporter, built: Mapping[str, Any], language: str
) -> None:
    from podpath.cni.features import WAIVED
    from podpath.model.language import padded
    from podpath.model.translation import translated
    from podpath.report import summary, words
    from podpath.report.outcome import Verdict

    shown = [
        r
        for r in built["requirements"]
        if r["reason"] == WAIVED or (r["tests"] and r["verdict"] != Verdict.NOT_RUN)
    ]
    terminal.write_sep("=", translated(summary.part_run(built) or "requirements", language))
    width = max(len(requirement["id"]) for requirement in built["requirements"])
    colours = {Verdict.CONFORMS: "green", Verdict.DOES_NOT_CONFORM: "red"}
    for requirement in shown:
        colour = {colours.get(requirement["verdict"], "yellow"): True}
        terminal.write(f"{requirement['id']:<{width}}  ")
        verdict = words.verdict(requirement["verdict"], language)
        terminal.write(padded(verdict, _VERDICT), **colour)
        why = f" ({translated(WAIVED, language)})" if requirement["reason"] == WAIVED else ""
        terminal.write_line(f"  {_sentence(requirement, language)}{why}")


def _sentence(entry: Mapping[str, Any], language: str) -> str:
    from podpath.requirements import REQUIREMENTS, in_language

    known = REQUIREMENTS.get(entry["id"])
    return in_language(known, language).sentence if known else str(entry["sentence"])


def _write_features(
    terminal: pytest.TerminalReporter, features: Sequence[Mapping[str, Any]], language: str
) -> None:
    """Print the features that were tested, and those that the user waived."""
    from podpath.cni.features import WAIVED
    from podpath.report.outcome import Verdict

    shown = [f for f in features if f["result"] != Verdict.NOT_RUN or f["reason"] == WAIVED]
    _write_results(terminal, "features", shown, language)


def _write_results(
    terminal: pytest.TerminalReporter,
    title: str,
    results: Sequence[Mapping[str, Any]],
    language: str,
) -> None:
    from podpath.model.language import padded
    from podpath.model.translation import translated
    from podpath.report import document, words

    if results:
        terminal.write_sep("=", translated(title, language))
    colours = {document.SUCCESS: "green", document.FAILURE: "red"}
    width = max((len(result["name"]) for result in results), default=0)
    for result in results:
        terminal.write(f"{result['name']:<{width}}  ")
        name = padded(translated(result["result"], language), _RESULT)
        terminal.write(name, **{colours.get(result["result"], "yellow"): True})
        reason = translated(result.get("reason", ""), language)
        terminal.write_line(f"  {reason or words.counted(result['counts'], language)}")
