"""The verdict of a run in one line, as a run ends and a report begins. Pure.

For example:
    CONFORMS   61 of 61 requirements; 8 known deviations, 12 not applicable
    DOES NOT CONFORM   TOPO-MTU, PATH-SIZE   2 of 61; could not test: 0
    COULD NOT TEST   PATH-MTU   1 of 61; the others conform
    OF WHAT WAS RUN, CONFORMS   1 of 73 requirements; 72 not run
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from podpath.report.outcome import OF_WHAT_WAS_RUN, Verdict, exit_status

#: Verdicts of requirements that count neither for nor against a plugin, in the words of the line.
_ASIDE = {
    Verdict.KNOWN_DEVIATION: ("known deviation", "known deviations"),
    Verdict.RECOMMENDED: ("recommendation not met", "recommendations not met"),
    Verdict.NOT_APPLICABLE: ("not applicable", "not applicable"),
}
_MOST_IDS = 5


@dataclass(frozen=True, slots=True)
class Conclusion:
    """Verdict of a whole run.

    Attributes:
        verdict: the verdict; a known deviation and a recommendation that is not met conform.
        words: the verdict as it is shown, in capitals.
        text: the requirements concerned, and counts.
        status: exit status that belongs to the verdict: 0, 1 or 6.
    """

    verdict: Verdict
    words: str
    text: str
    status: int

    @property
    def line(self) -> str:
        """Verdict and text in one line."""
        return f"{self.words}   {self.text}"


def of(document: Mapping[str, Any]) -> Conclusion:
    """Conclude from a report: its own verdict decides, whatever its requirements are."""
    verdict = Verdict(str(document["verdict"]).removesuffix(f", {OF_WHAT_WAS_RUN}"))
    status = exit_status([verdict]) or 0
    if verdict in (Verdict.KNOWN_DEVIATION, Verdict.RECOMMENDED):
        verdict = Verdict.CONFORMS
    words = str(verdict).upper()
    if "selection" in document and verdict == Verdict.CONFORMS:
        words = f"{OF_WHAT_WAS_RUN}, {verdict}".upper()
    return Conclusion(verdict, words, _text(verdict, document), status)


def _text(verdict: Verdict, document: Mapping[str, Any]) -> str:
    entries: Sequence[Mapping[str, Any]] = document["requirements"]
    counts = Counter(entry["verdict"] for entry in entries)
    judged = sum(counts[v] for v in (*_JUDGED, Verdict.NOT_RUN)) - _untouched(entries)
    broken_off = not document["complete"] and "selection" not in document
    if verdict == Verdict.DOES_NOT_CONFORM:
        untested = counts[Verdict.COULD_NOT_TEST]
        numbers = [f"{counts[verdict]} of {judged}", f"could not test: {untested}"]
        numbers += _not_run(entries)
        numbers += ["broken off"] if broken_off else []
        return f"{_ids(entries, verdict)}   {'; '.join(numbers)}"
    if verdict == Verdict.COULD_NOT_TEST:
        return _untested(entries, counts, judged, broken_off=broken_off)
    if verdict != Verdict.CONFORMS:
        return f"none of {len(entries)} requirements"
    selected = "selection" in document
    aside = _aside(counts) + (_not_run(entries) if selected else _waived(entries))
    of_all = len(entries) if selected else judged
    head = f"{counts[Verdict.CONFORMS]} of {of_all} requirements"
    return "; ".join(filter(None, [head, ", ".join(aside)]))


_JUDGED = (Verdict.CONFORMS, Verdict.DOES_NOT_CONFORM, Verdict.COULD_NOT_TEST)


def _untested(
    entries: Sequence[Mapping[str, Any]],
    counts: Mapping[str, int],
    judged: int,
    *,
    broken_off: bool,
) -> str:
    """Say which requirements could not be tested, or how far a run came that was broken off."""
    untested = counts[Verdict.COULD_NOT_TEST]
    run = sum(bool(entry["tests"]) for entry in entries)
    if broken_off and not untested:
        return f"broken off: {run} of {len(entries)} requirements were begun"
    if not untested:
        return "a test ended without a result"
    numbers = [f"{untested} of {judged}"]
    others = "broken off" if broken_off else "the others conform"
    numbers.append(others if counts[Verdict.CONFORMS] or broken_off else "none conforms")
    return f"{_ids(entries, Verdict.COULD_NOT_TEST)}   {'; '.join(numbers)}"


def _ids(entries: Sequence[Mapping[str, Any]], verdict: Verdict) -> str:
    names = [entry["id"] for entry in entries if entry["verdict"] == verdict]
    more = len(names) - _MOST_IDS
    return ", ".join(names[:_MOST_IDS]) + (f" and {more} more" if more > 0 else "")


def _aside(counts: Mapping[str, int]) -> list[str]:
    return [
        f"{counts[verdict]} {one if counts[verdict] == 1 else several}"
        for verdict, (one, several) in _ASIDE.items()
        if counts[verdict]
    ]


def _untouched(entries: Sequence[Mapping[str, Any]]) -> int:
    """Count the requirements that have no verdict, because no test of them was run."""
    return sum(e["verdict"] == Verdict.NOT_RUN and not e["tests"] for e in entries)


def _not_run(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    number = sum(entry["verdict"] == Verdict.NOT_RUN for entry in entries)
    return [f"{number} not run"] if number else []


def _waived(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    number = sum(entry["verdict"] == Verdict.NOT_RUN for entry in entries)
    return [f"{number} waived"] if number else []
