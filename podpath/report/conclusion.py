"""The verdict of a run in one line, as a run ends and a report begins. Pure.

For example:
    CONFORMS   61 of 61 requirements; 8 known deviations, 12 not applicable
    DOES NOT CONFORM   TOPO-MTU, PATH-SIZE   2 of 61; could not test: 0
    COULD NOT TEST   PATH-MTU   1 of 61; the others conform
    OF WHAT WAS RUN, CONFORMS   1 of 1 requirement; 11 not applicable, 61 not run

"N of M": M is the number of requirements that the run judged, or tried to judge. Requirements that
count neither for nor against the plugin follow, each number with its reason.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from podpath.report import words
from podpath.report.outcome import JUDGED, OF_WHAT_WAS_RUN, Verdict, exit_status

#: Verdicts of requirements that count neither for nor against a plugin -> keys of their words, for
#: one requirement and for several.
_ASIDE = {
    Verdict.KNOWN_DEVIATION: ("known deviation", "known deviations"),
    Verdict.RECOMMENDED: ("recommendation", "recommendations"),
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


#: Verdicts of a run that was broken off before any test failed.
_GOOD_SO_FAR = (Verdict.NOT_RUN, Verdict.KNOWN_DEVIATION, Verdict.RECOMMENDED)


def of(document: Mapping[str, Any], language: str = "en") -> Conclusion:
    """Conclude from a report: its own verdict decides, whatever its requirements are."""
    verdict = Verdict(str(document["verdict"]).removesuffix(f", {OF_WHAT_WAS_RUN}"))
    broken_off = not document["complete"] and "selection" not in document
    if broken_off and verdict in _GOOD_SO_FAR:
        verdict = Verdict.COULD_NOT_TEST
    status = exit_status([verdict]) or 0
    if verdict in (Verdict.KNOWN_DEVIATION, Verdict.RECOMMENDED):
        verdict = Verdict.CONFORMS
    shown = words.verdict(verdict, language)
    if "selection" in document and verdict == Verdict.CONFORMS:
        shown = words.say(OF_WHAT_WAS_RUN, language, verdict=shown)
    text = _Entries(document, language).text(verdict)
    return Conclusion(verdict, shown.upper(), text, status)


class _Entries:
    """The requirements of a report, in the words of a language."""

    def __init__(self, document: Mapping[str, Any], language: str) -> None:
        self._entries: Sequence[Mapping[str, Any]] = document["requirements"]
        self._language = language
        self._counts = Counter(entry["verdict"] for entry in self._entries)
        self._selected = "selection" in document
        self._broken_off = not document["complete"] and not self._selected
        self._judged = sum(self._counts[verdict] for verdict in JUDGED)

    def text(self, verdict: Verdict) -> str:
        """Return the requirements concerned, and counts."""
        if verdict == Verdict.DOES_NOT_CONFORM:
            return f"{self._ids(verdict)}   {self._say('separator').join(self._failed())}"
        if verdict == Verdict.COULD_NOT_TEST:
            return self._untested()
        if verdict != Verdict.CONFORMS:
            return self._say("none", all=len(self._entries))
        key = "requirement" if self._judged == 1 else "requirements"
        head = self._say(key, count=self._counts[verdict], all=self._judged)
        aside = [*self._aside(), *self._not_run("not run" if self._selected else "waived")]
        counts = self._say("comma").join(aside)
        return self._say("separator").join(filter(None, [head, counts]))

    def _failed(self) -> list[str]:
        untested = self._counts[Verdict.COULD_NOT_TEST]
        return [
            self._say("of", count=self._counts[Verdict.DOES_NOT_CONFORM], all=self._judged),
            self._say("could not test", count=untested),
            *self._not_run("not run"),
            *([self._say("broken off")] if self._broken_off else []),
        ]

    def _untested(self) -> str:
        """Say what could not be tested, or how far a run came that was broken off."""
        untested = self._counts[Verdict.COULD_NOT_TEST]
        run = sum(bool(entry["tests"]) for entry in self._entries)
        if not untested:
            key = "begun" if self._broken_off else "no result"
            return self._say(key, count=run, all=len(self._entries))
        others = "others conform" if self._counts[Verdict.CONFORMS] else "none conforms"
        numbers = [
            self._say("of", count=untested, all=self._judged),
            self._say("broken off" if self._broken_off else others),
        ]
        return f"{self._ids(Verdict.COULD_NOT_TEST)}   {self._say('separator').join(numbers)}"

    def _ids(self, verdict: Verdict) -> str:
        names = [entry["id"] for entry in self._entries if entry["verdict"] == verdict]
        shown, more = ", ".join(names[:_MOST_IDS]), len(names) - _MOST_IDS
        return self._say("and more", names=shown, count=more) if more > 0 else shown

    def _aside(self) -> list[str]:
        numbers = ((self._counts[verdict], keys) for verdict, keys in _ASIDE.items())
        return [self._say(keys[n > 1], count=n) for n, keys in numbers if n]

    def _not_run(self, key: str) -> list[str]:
        number = self._counts[Verdict.NOT_RUN]
        return [self._say(key, count=number)] if number else []

    def _say(self, key: str, **values: object) -> str:
        return words.say(key, self._language, **values)
