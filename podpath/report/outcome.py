"""Outcomes of tests: verdicts with their reasons. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from podpath.errors import COULD_NOT_TEST_STATUS


class Verdict(StrEnum):
    """Verdict of a test, a requirement or a run about the plugin, in the report's order.

    RECOMMENDED means that a recommendation is not met. Such a plugin still conforms.
    """

    CONFORMS = "conforms"
    DOES_NOT_CONFORM = "does not conform"
    COULD_NOT_TEST = "could not test"
    KNOWN_DEVIATION = "known deviation"
    RECOMMENDED = "recommended"
    NOT_APPLICABLE = "not applicable"
    NOT_RUN = "not run"


#: Verdicts of the requirements that a run judged, or tried to judge: the M of "N of M".
JUDGED = (Verdict.CONFORMS, Verdict.DOES_NOT_CONFORM, Verdict.COULD_NOT_TEST)

#: Qualifies the verdict and the results of a run of selected tests.
OF_WHAT_WAS_RUN = "of what was run"

#: The first of these among several verdicts counts.
_WORST_FIRST = (
    Verdict.DOES_NOT_CONFORM,
    Verdict.COULD_NOT_TEST,
    Verdict.NOT_RUN,
    Verdict.KNOWN_DEVIATION,
    Verdict.RECOMMENDED,
    Verdict.CONFORMS,
    Verdict.NOT_APPLICABLE,
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Verdict of a test, with its reason.

    Its fields are texts: dataclasses.asdict() gives JSON values, and Outcome(**values) reads them.

    Attributes:
        verdict: verdict about the plugin.
        message: reason; if the plugin conforms, a remark, mostly empty.
        remedy: the user's next step; empty if podpath knows none.
        notes: later failures, for example to delete pods, a line each.
        body: text in the terminal, JUnit and the report; empty if the reason is enough.
        follows: id of the requirement whose violation kept the test from running; empty if none.
    """

    verdict: Verdict
    message: str = ""
    remedy: str = ""
    notes: str = ""
    body: str = ""
    follows: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "verdict", Verdict(self.verdict))  # JSON gives a plain text

    @property
    def reason(self) -> str:
        """Message, remedy and notes, without a heading."""
        sentence = f"{self.message}. {self.remedy}" if self.remedy else self.message
        return f"{sentence}\n{self.notes}" if self.notes else sentence

    @property
    def text(self) -> str:
        """Text that podpath shows about the test."""
        return self.body or self.reason

    @property
    def short(self) -> str:
        """Verdict and message in one sentence."""
        met = ", not met" if self.verdict == Verdict.RECOMMENDED else ""
        return f"{self.verdict}{met}: {self.message}"

    @property
    def headline(self) -> str:
        """First line of the reason, with the next if it ends in a colon; else the verdict."""
        lines = [line.strip() for line in self.reason.splitlines() if line.strip()]
        if not lines:
            return str(self.verdict)
        return " ".join(lines[:2]) if lines[0].endswith(":") else lines[0]


def worst(verdicts: Iterable[str]) -> Verdict:
    """Choose the worst of several verdicts, which counts; NOT_RUN without any."""
    given = set(verdicts)
    return next((v for v in _WORST_FIRST if v in given), Verdict.NOT_RUN)


def of_run(verdicts: Iterable[str]) -> Verdict:
    """Return the verdict of a whole run: a recommendation that is not met does not count."""
    verdict = worst(verdicts)
    return Verdict.CONFORMS if verdict == Verdict.RECOMMENDED else verdict


def of_selection(verdict: Verdict) -> str:
    """Return the verdict of a run of selected tests: a good one counts for these tests alone."""
    good = verdict in (Verdict.CONFORMS, Verdict.KNOWN_DEVIATION)
    return f"{verdict}, {OF_WHAT_WAS_RUN}" if good else verdict


def exit_status(verdicts: Iterable[str]) -> int | None:
    """Return 1 if a verdict is "does not conform", else 6 if one is "could not test", else None."""
    statuses = {Verdict.DOES_NOT_CONFORM: 1, Verdict.COULD_NOT_TEST: COULD_NOT_TEST_STATUS}
    return statuses.get(worst(verdicts))
