"""What comes of a test: its verdict, and why. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from podpath.errors import COULD_NOT_TEST_STATUS


class Verdict(StrEnum):
    """What a test, a requirement or a run says of the plugin, in the order of the report."""

    CONFORMS = "conforms"
    DOES_NOT_CONFORM = "does not conform"
    COULD_NOT_TEST = "could not test"
    KNOWN_DEVIATION = "known deviation"
    NOT_APPLICABLE = "not applicable"
    NOT_RUN = "not run"


#: The first of these that is among several verdicts counts.
_WORST_FIRST = (
    Verdict.DOES_NOT_CONFORM,
    Verdict.COULD_NOT_TEST,
    Verdict.KNOWN_DEVIATION,
    Verdict.CONFORMS,
    Verdict.NOT_APPLICABLE,
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A test's verdict, and why it has that.

    Its fields are texts: dataclasses.asdict() gives JSON values, and Outcome(**values) reads them.

    Attributes:
        verdict: What the test says of the plugin.
        message: Why; empty if it conforms.
        remedy: What the user can do about it; empty if podpath does not know.
        notes: What failed afterwards, such as the deletion of pods, a line each.
        body: What the terminal, JUnit and the report show; empty if that is the reason alone.
    """

    verdict: Verdict
    message: str = ""
    remedy: str = ""
    notes: str = ""
    body: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "verdict", Verdict(self.verdict))  # a plain text, from JSON

    @property
    def reason(self) -> str:
        """The message, the remedy and the notes, without a heading."""
        sentence = f"{self.message}. {self.remedy}" if self.remedy else self.message
        return f"{sentence}\n{self.notes}" if self.notes else sentence

    @property
    def text(self) -> str:
        """All that people are shown of the test."""
        return self.body or self.reason

    @property
    def headline(self) -> str:
        """The first line of the reason; the verdict if there is none."""
        lines = (line.strip() for line in self.reason.splitlines())
        return next(filter(None, lines), str(self.verdict))


def worst(verdicts: Iterable[str]) -> Verdict:
    """Choose the verdict that counts of several; NOT_RUN of none."""
    given = set(verdicts)
    return next((v for v in _WORST_FIRST if v in given), Verdict.NOT_RUN)


def exit_status(verdicts: Iterable[str]) -> int | None:
    """Return 1 if any does not conform, else 6 if any could not be tested, else None."""
    statuses = {Verdict.DOES_NOT_CONFORM: 1, Verdict.COULD_NOT_TEST: COULD_NOT_TEST_STATUS}
    return statuses.get(worst(verdicts))
