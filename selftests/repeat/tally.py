"""What came of many runs, counted: pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from podpath.report.outcome import Verdict

EXPECTED = frozenset(
    [Verdict.CONFORMS, Verdict.KNOWN_DEVIATION, Verdict.RECOMMENDED, Verdict.NOT_APPLICABLE]
)
#: As what a run counts that differs as a whole.
_WHOLE = "the run"
_REASON_LINES = 25


@dataclass(frozen=True)
class Run:
    """One run of the suite.

    status: pytest's exit status, None if it did not end in time; report: empty if there is none;
    output: the end of what it printed.
    """

    number: int
    seconds: float
    status: int | None
    report: Mapping[str, Any] = field(default_factory=dict)
    output: str = ""

    @property
    def seed(self) -> str:
        """As the report has it."""
        return str(self.report.get("environment", {}).get("seed", "unknown"))

    def tests(self) -> dict[str, dict[str, Mapping[str, Any]]]:
        """Requirement -> name of a test -> what the report says of it."""
        # Where pytest was started is part of a test's id, and says nothing.
        return {
            r["id"]: {t["test"].rpartition("/")[2]: t for t in r["tests"]}
            for r in self.report.get("requirements", [])
        }


@dataclass(frozen=True)
class Finding:
    """A verdict that differs from those of most runs, or that no run should have."""

    run: int
    seed: str
    test: str
    verdict: str
    reason: str

    def __str__(self) -> str:
        lines = self.reason.strip().splitlines()
        shown = [*lines[:_REASON_LINES], *(["..."] if len(lines) > _REASON_LINES else [])]
        head = f"run {self.run} (seed {self.seed}): {self.test}: {self.verdict}"
        return "\n".join([head, *(f"    {line}".rstrip() for line in shown)])


@dataclass(frozen=True)
class Tally:
    """What several runs have in common, and what not."""

    runs: Sequence[Run]

    def verdicts(self) -> dict[str, dict[str, list[str]]]:
        """Requirement -> test -> its verdict in each run that left a report."""
        told = [run.tests() for run in self.runs if run.report]
        names: dict[str, dict[str, None]] = {}
        for tests in told:
            for requirement, of_it in tests.items():
                names.setdefault(requirement, {}).update(dict.fromkeys(of_it))
        return {
            requirement: {
                test: [str(_entry(tests, requirement, test)["verdict"]) for tests in told]
                for test in of_it
            }
            for requirement, of_it in names.items()
            if of_it
        }

    def findings(self) -> list[Finding]:
        """What is not as it should be, in the order of the runs."""
        usual = {
            test: majority(verdicts)
            for of_it in self.verdicts().values()
            for test, verdicts in of_it.items()
        }
        return [finding for run in self.runs for finding in _findings(run, usual)]

    def table(self) -> str:
        """Counts of all verdicts, by requirement and test; then the findings."""
        return "\n".join([self._times(), "", *self._counts(), "", *self._told()])

    def _times(self) -> str:
        if not self.runs:
            return "no run has ended"
        seconds = [run.seconds for run in self.runs]
        return (
            f"{len(seconds)} runs; seconds: median {median(seconds):.1f}, min {min(seconds):.1f},"
            f" max {max(seconds):.1f}"
        )

    def _counts(self) -> list[str]:
        lines = []
        for requirement, of_it in self.verdicts().items():
            together = [run for verdicts in of_it.values() for run in verdicts]
            lines.append(f"{requirement:<22}{_counted(together)}")
            lines += [f"  {_counted(verdicts):<30}  {test}" for test, verdicts in of_it.items()]
        return lines

    def _told(self) -> list[str]:
        findings = self.findings()
        if not findings:
            return ["no verdict differs, and none is unexpected"]
        return [f"{len(findings)} verdicts differ or are unexpected:", *map(str, findings)]


def majority(verdicts: Sequence[str]) -> str:
    """The most frequent one; of as many, one that is expected."""
    counts = Counter(verdicts)
    return max(counts, key=lambda verdict: (counts[verdict], verdict in EXPECTED))


def _counted(verdicts: Sequence[str]) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in Counter(verdicts).most_common())


def _entry(
    tests: Mapping[str, Mapping[str, Mapping[str, Any]]], requirement: str, test: str
) -> Mapping[str, Any]:
    return tests.get(requirement, {}).get(test, {"verdict": Verdict.NOT_RUN, "reason": ""})


def _findings(run: Run, usual: Mapping[str, str]) -> list[Finding]:
    if not run.report:
        return [Finding(run.number, run.seed, _WHOLE, _ended(run), run.output)]
    tests = {test: told for of_it in run.tests().values() for test, told in of_it.items()}
    found = []
    for test, expected in usual.items():
        told = tests.get(test, {"verdict": Verdict.NOT_RUN, "reason": ""})
        if told["verdict"] != expected or told["verdict"] not in EXPECTED:
            found.append(
                Finding(run.number, run.seed, test, str(told["verdict"]), str(told["reason"]))
            )
    if run.status != 0 and not found:
        found.append(Finding(run.number, run.seed, _WHOLE, _ended(run), run.output))
    return found


def _ended(run: Run) -> str:
    return "did not end" if run.status is None else f"ended with status {run.status}"
