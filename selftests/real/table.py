"""The table of real configurations, and the lines that a run of it prints."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any, Self

from podpath.report.outcome import Verdict
from selftests.suite import Run

HERE = Path(__file__).parent
_LINK = "../selftests/real/conflists"  # from docs/
_REFUSES, _SEVERAL, _ITEM = "podpath could not test: ", "stand in the way:", "- "


@dataclass(frozen=True)
class Entry:
    """A configuration, and the verdict that podpath must come to on healthy plugins.

    Attributes:
        file: name of the file in conflists/.
        project: project that ships or documents the configuration.
        source: place of the original.
        verdict: "conforms" or "refused".
        says: part of the message of a refusal.
        needs: plugins beyond those of Debian's package.
        setup: name of a script in setup/; empty without one.
        reds: requirements that a plugin of "needs" violates, looked at in its source.
    """

    file: str
    project: str
    source: str
    verdict: str
    says: str = ""
    needs: tuple[str, ...] = ()
    setup: str = ""
    reds: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """Configuration file."""
        return HERE / "conflists" / self.file

    @property
    def arguments(self) -> tuple[str, ...]:
        """Options of podpath that test this configuration."""
        script = ("--podpath-node-setup", str(HERE / "setup" / self.setup)) if self.setup else ()
        return ("--podpath-cni-conf", str(self.path), *script)


def read() -> tuple[Entry, ...]:
    """Read the table."""
    document = tomllib.loads((HERE / "table.toml").read_text())
    return tuple(
        Entry(**{**entry, **{key: tuple(entry.get(key, ())) for key in ("needs", "reds")}})
        for entry in document["conflist"]
    )


@dataclass(frozen=True)
class Row:
    """The end of one configuration's run.

    Attributes:
        project: project that ships the configuration.
        file: name of the configuration's file.
        status: exit status of the suite.
        conforms: number of requirements that conform.
        reds: ids of the requirements that do not conform.
        untested: ids of the requirements that could not be tested.
        refusal: reason why the suite did not begin; empty if it ran.
    """

    project: str
    file: str
    status: int
    conforms: int
    reds: tuple[str, ...]
    untested: tuple[str, ...]
    refusal: str

    @classmethod
    def of(cls, entry: Entry, run: Run) -> Self:
        """Return the row of a run."""
        verdicts = run.verdicts()

        def having(verdict: Verdict) -> tuple[str, ...]:
            return tuple(i for i, v in verdicts.items() if v == verdict)

        return cls(
            project=entry.project,
            file=entry.file,
            status=run.status,
            conforms=len(having(Verdict.CONFORMS)),
            reds=having(Verdict.DOES_NOT_CONFORM),
            untested=having(Verdict.COULD_NOT_TEST),
            refusal="" if verdicts else _refusal(run.output, entry),
        )

    @classmethod
    def from_property(cls, value: Mapping[str, Any]) -> Self:
        """Return a row that travelled as a test's property, in plain JSON values."""
        several = {key: tuple(value[key]) for key in ("reds", "untested")}
        return cls(**{**value, **several})

    @property
    def result(self) -> str:
        """Verdict in words."""
        if self.refusal:
            return f"refused: {self.refusal}"
        words = [f"does not conform: {', '.join(self.reds)}"] if self.reds else []
        words += [f"could not test: {', '.join(self.untested)}"] if self.untested else []
        return "; ".join(words) or "conforms"

    def as_property(self) -> dict[str, Any]:
        """Return the row in plain JSON values."""
        return asdict(self)


def _refusal(output: str, entry: Entry) -> str:
    """Return why podpath did not begin, without its remedy and this machine's paths."""
    lines = (line.strip() for line in output.splitlines())
    refused = next((line for line in lines if line.startswith(_REFUSES)), "")
    several = refused.endswith(_SEVERAL)
    reasons = takewhile(lambda line: line.startswith(_ITEM), lines) if several else [refused]
    texts = (r.removeprefix(_REFUSES).removeprefix(_ITEM).partition(". ")[0] for r in reasons)
    return "; ".join(texts).replace(str(entry.path), entry.file)


def markdown(rows: Iterable[Row]) -> list[str]:
    """Return the table for people."""
    return [
        "| configuration | file | result | exit status |",
        "|---|---|---|---|",
        *(
            f"| {row.project} | [{row.file}]({_LINK}/{row.file}) | {row.result} | {row.status} |"
            for row in sorted(rows, key=lambda row: _order()[row.file])
        ),
    ]


def _order() -> dict[str, int]:
    return {entry.file: number for number, entry in enumerate(read())}
