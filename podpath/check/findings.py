"""Findings about a configuration. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """Weight of a finding."""

    #: The runtime, a plugin or the kernel refuses it, or pods are not wired as it says.
    WRONG = "wrong"
    #: It works, and a reader may not expect what it does.
    NOTE = "note"


class Verdict(StrEnum):
    """Verdict on one file."""

    RIGHT = "no mistakes"
    WRONG = "wrong"
    #: The file cannot be read, or a program fills it in later.
    UNJUDGED = "not judged"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    Attributes:
        level: weight of it.
        text: sentence on what was seen, and what follows from it.
        remedy: sentence on what to write instead; empty without one.
        line: line of the file, counted from 1; 0 if it has none.
    """

    level: Level
    text: str
    remedy: str = ""
    line: int = 0

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line else ""
        return f"{where}{self.text}{f'. {self.remedy}' if self.remedy else ''}"
