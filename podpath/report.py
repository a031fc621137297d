"""What was found, by requirement, for machines. Pure, but for writing the file.

The format is published as report.schema.json.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from podpath.errors import COULD_NOT_TEST_STATUS, CouldNotTest
from podpath.requirements import REQUIREMENTS

VERSION = "podpath/v1"

CONFORMS = "conforms"
DOES_NOT_CONFORM = "does not conform"
COULD_NOT_TEST = "could not test"
KNOWN_DEVIATION = "known deviation"
NOT_APPLICABLE = "not applicable"
NOT_RUN = "not run"

#: Of several verdicts on one requirement the first of these is the one that counts.
_WORST_FIRST = (DOES_NOT_CONFORM, COULD_NOT_TEST, KNOWN_DEVIATION, CONFORMS, NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class TestResult:
    """How one test ended.

    requirements: ids that it is about; reason: why, unless it conforms; evidence: what was
    observed, as evidence.of() gives it; environment: of the node that it ran on.
    """

    __test__ = False  # not a test class, whatever pytest thinks of its name

    test: str
    requirements: tuple[str, ...]
    verdict: str
    reason: str = ""
    seconds: float = 0.0
    evidence: list[Mapping[str, Any]] = field(default_factory=list)
    environment: Mapping[str, str] = field(default_factory=dict)


def worst(verdicts: Iterable[str]) -> str:
    """The verdict that counts of several; NOT_RUN of none."""
    given = set(verdicts)
    return next((v for v in _WORST_FIRST if v in given), NOT_RUN)


def exit_status(verdicts: Iterable[str]) -> int | None:
    """1 if anything does not conform, else 6 if anything could not be tested, else None."""
    overall = worst(verdicts)
    return {DOES_NOT_CONFORM: 1, COULD_NOT_TEST: COULD_NOT_TEST_STATUS}.get(overall)


def build(
    results: Iterable[TestResult], environment: Mapping[str, str], version: str
) -> dict[str, Any]:
    """The report document. Every requirement is in it, also one that was not run."""
    collected = list(results)
    nodes = [dict(r.environment) for r in collected if r.environment]
    node = environment.get("node", "")
    return {
        "apiVersion": VERSION,
        "kind": "ConformanceReport",
        "podpath": version,
        "environment": {**environment, **(nodes[0] if nodes else {})},
        "verdict": worst(r.verdict for r in collected),
        "requirements": [
            _requirement(identifier, [r for r in collected if identifier in r.requirements], node)
            for identifier in REQUIREMENTS
        ],
    }


def _requirement(identifier: str, results: list[TestResult], node: str) -> dict[str, Any]:
    """node: the kind of node, if it is known: not every requirement can be looked at on each."""
    absent = node and node not in REQUIREMENTS[identifier].nodes
    return {
        "id": identifier,
        "sentence": REQUIREMENTS[identifier].sentence,
        "verdict": NOT_APPLICABLE if absent else worst(r.verdict for r in results),
        "tests": [
            {
                "test": r.test,
                "verdict": r.verdict,
                "reason": r.reason,
                "seconds": round(r.seconds, 3),
                "evidence": r.evidence,
            }
            for r in sorted(results, key=lambda r: r.test)
        ],
    }


def printable(value: Any) -> Any:
    """A JSON value in which every text can be encoded, and does nothing to a terminal.

    Names of interfaces, leases, and what a plugin says, may be any bytes.
    """
    if isinstance(value, str):
        return "".join(c if c.isprintable() or c in "\n\t" else _escaped(c) for c in value)
    if isinstance(value, dict):
        return {printable(key): printable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [printable(inner) for inner in value]
    return value


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def write(directory: Path, document: Mapping[str, Any]) -> Path:
    """Write report.json; return its path. Raises CouldNotTest if that is not possible."""
    path = directory / "report.json"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    except OSError as error:
        raise CouldNotTest(
            f"the report {path} cannot be written: {error.strerror}",
            "Name a writable directory with --podpath-report",
        ) from None
    return path
