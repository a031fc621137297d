"""What a run found, as the lines that it ends with: red findings first. Pure.

A line is a text with a style: "red", "yellow", "green", "cyan", "bold", or "" for none.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from podpath.report import folding
from podpath.report.outcome import Verdict

Line = tuple[str, str]
#: Function that returns the name of a test for the user, by its id.
Name = Callable[[str], str]

#: Findings that are shown with their picture, cause and commands; of the others, the first line.
_MOST_WHOLE = 3
#: Requirements of a selection that are few enough to be listed.
_MOST_LISTED = 12
#: Lines of a summary: verdict of the tests -> how many reasons are shown.
_FOLDED = {Verdict.KNOWN_DEVIATION: 6, Verdict.RECOMMENDED: 3, Verdict.NOT_APPLICABLE: 5}
_LABELS = {Verdict.RECOMMENDED: "recommended, not met"}
#: Beginning of a line of a failure -> its style.
_MARKS = {
    "  > ": "red",
    "  Why: ": "bold",
    "Usually: ": "yellow",
    "Perhaps: ": "yellow",
    "  $ ": "cyan",
}


def failures(document: Mapping[str, Any], name: Name, *, brief: bool = False) -> Iterator[Line]:
    """Yield each requirement that does not conform, with what was seen.

    Args:
        document: report of the run.
        name: function that names tests.
        brief: True for one line each.
    """
    shown: set[str] = set()
    for entry in _with(document, Verdict.DOES_NOT_CONFORM):
        tests = [t for t in entry["tests"] if t["verdict"] == Verdict.DOES_NOT_CONFORM]
        if not tests:  # a report that others wrote
            yield f"{entry['id']}: {entry['reason']}", "red"
            continue
        first, more = tests[0], len(tests) - 1
        whole = not brief and len(shown) < _MOST_WHOLE and first["test"] not in shown
        if whole:
            yield from failure(first["reason"])
            shown.add(first["test"])
        else:
            yield f"{entry['id']}: {entry['reason']}", "red"
        others = f", and {more} more test{'s' * (more > 1)}" if more else ""
        yield f"  in {name(first['test'])}{others}", ""
        if whole:
            yield "", ""


def failure(text: str) -> Iterator[Line]:
    """Yield the lines of one failure, as text.failure writes them: the first says what was seen."""
    first, *rest = text.splitlines() or [""]
    yield first, "red"
    for line in rest:
        style = next((style for mark, style in _MARKS.items() if line.startswith(mark)), "")
        yield line, style


def untested(results: Iterable[Mapping[str, Any]], name: Name) -> Iterator[Line]:
    """Yield each reason why something could not be tested, once, with a test that has it.

    Args:
        results: tests with this verdict: their ids, and their reasons.
        name: function that names tests.
    """
    tests: dict[str, list[str]] = {}
    for result in results:
        tests.setdefault(result["reason"], []).append(result["test"])
    for reason, names in tests.items():
        more = f", and {len(names) - 1} more" if len(names) > 1 else ""
        yield reason, ""
        yield f"  in {name(names[0])}{more}", ""


def listed(document: Mapping[str, Any]) -> Iterator[Line]:
    """Yield the verdicts of a selection of few requirements, a line each, without the failures."""
    run = [
        entry
        for entry in document["requirements"]
        if entry["tests"] and entry["verdict"] != Verdict.DOES_NOT_CONFORM
    ]
    if "selection" not in document or len(run) > _MOST_LISTED:
        return
    width = max((len(entry["id"]) for entry in run), default=0)
    for entry in run:
        title = entry.get("title") or entry["sentence"]
        style = "green" if entry["verdict"] == Verdict.CONFORMS else "yellow"
        yield f"{entry['id']:<{width}}  {entry['verdict']:<15}  {title}", style


def folded(reasons: Mapping[Verdict, Sequence[str]], *, every: bool = False) -> Iterator[Line]:
    """Yield the reasons of skipped tests and known deviations, folded, one line each.

    Args:
        reasons: verdict -> reason of each test with it.
        every: True for all reasons, False for the most frequent ones.
    """
    for verdict, most in _FOLDED.items():
        label = _LABELS.get(verdict, str(verdict))
        for one in folding.fold(reasons.get(verdict, ()), 0 if every else most):
            tests = f"{one.tests} test{'s' * (one.tests > 1)}"
            yield f"{label:<20}  {tests:>9}  {one.text}", ""
            label = ""


def _with(document: Mapping[str, Any], verdict: Verdict) -> list[Mapping[str, Any]]:
    return [entry for entry in document["requirements"] if entry["verdict"] == verdict]
