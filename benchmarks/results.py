"""Results of measurements: samples, their median and spread, and the goal."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

_DIGITS = {"x": 3, "s": 3, "ms": 1, "MB": 0}


@dataclass(frozen=True, slots=True)
class Goal:
    """The limit that a value must stay below.

    Attributes:
        limit: The limit.
        inclusive: The limit itself is good enough.
    """

    limit: float
    inclusive: bool = False

    def reached(self, value: float) -> bool:
        """Return whether a value reaches the goal."""
        return value < self.limit or (self.inclusive and value == self.limit)


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table.

    Attributes:
        name: A stable name, for programs.
        what: A description, for people.
        unit: "x" for a ratio; otherwise "s", "ms" or "MB".
        samples: One value for each round.
        goal: The goal; None for a line that only explains another one.
        value: A value in place of the samples' median.
    """

    name: str
    what: str
    unit: str
    samples: Sequence[float]
    goal: Goal | None = None
    value: float | None = None

    @property
    def median(self) -> float:
        """The value that is compared with the goal."""
        return median(self.samples) if self.value is None else self.value

    @property
    def reached(self) -> bool | None:
        """True if the goal is reached; None without a goal."""
        return self.goal.reached(self.median) if self.goal else None

    def as_json(self) -> dict[str, Any]:
        """Return the result as plain JSON values."""
        return {
            "name": self.name,
            "what": self.what,
            "unit": self.unit,
            "median": self.median,
            "spread": [min(self.samples), max(self.samples)],
            "samples": list(self.samples),
            "goal": self.goal.limit if self.goal else None,
            "reached": self.reached,
        }


def table(results: Sequence[Result]) -> str:
    """Format the results for people; a spread is from the smallest to the largest sample."""
    heading = ("what", "median", "spread", "rounds", "goal", "reached")
    rows = [heading, *(_row(result) for result in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            # texts are left-aligned, numbers right-aligned
            cell.ljust(width) if column in (0, 5) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def _row(result: Result) -> tuple[str, str, str, str, str, str]:
    goal, reached = "", ""
    if result.goal:
        sign = "<=" if result.goal.inclusive else "<"
        goal = f"{sign} {result.goal.limit:g} {result.unit}"
        reached = "yes" if result.reached else "NO"
    digits = _DIGITS[result.unit]
    low, high = min(result.samples), max(result.samples)
    return (
        result.what if result.goal else f"  {result.what}",
        f"{result.median:.{digits}f} {result.unit}",
        f"{low:.{digits}f} to {high:.{digits}f}",
        str(len(result.samples)),
        goal,
        reached,
    )
