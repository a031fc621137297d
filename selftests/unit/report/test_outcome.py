"""Outcomes: their texts, their way between processes, and which verdict counts."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import execnet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podpath.report import verify
from podpath.report.document import TestResult, printable
from podpath.report.outcome import Outcome, Verdict, exit_status, of_run, worst

ALL = [
    Verdict.DOES_NOT_CONFORM,
    Verdict.COULD_NOT_TEST,
    Verdict.NOT_RUN,
    Verdict.KNOWN_DEVIATION,
    Verdict.RECOMMENDED,
    Verdict.CONFORMS,
    Verdict.NOT_APPLICABLE,
]


outcomes = st.builds(
    Outcome, st.sampled_from(Verdict), st.text(), st.text(), notes=st.text(), body=st.text()
)


@pytest.mark.parametrize("number", range(len(ALL)))
def test_worst_verdict_counts(number: int) -> None:
    """Of all verdicts from one on down, that one counts, in whatever order they come."""
    assert worst(reversed(ALL[number:])) == ALL[number]


def test_no_verdict_is_not_run() -> None:
    """Nothing that was run is not a pass."""
    assert worst([]) == Verdict.NOT_RUN


@pytest.mark.parametrize(
    ("given", "status"),
    [
        pytest.param([], None, id="none"),
        pytest.param([Verdict.CONFORMS, Verdict.NOT_APPLICABLE], None, id="conforms"),
        pytest.param([Verdict.CONFORMS, Verdict.KNOWN_DEVIATION], None, id="known-deviation"),
        pytest.param([Verdict.CONFORMS, Verdict.RECOMMENDED], None, id="recommended"),
        pytest.param([Verdict.CONFORMS, Verdict.COULD_NOT_TEST], 6, id="could-not-test"),
        pytest.param(
            [Verdict.COULD_NOT_TEST, Verdict.DOES_NOT_CONFORM, Verdict.CONFORMS],
            1,
            id="does-not-conform",
        ),
    ],
)
def test_exit_status(given: list[str], status: int | None) -> None:
    """1 tells of the plugin, 6 of podpath, and None leaves pytest's own."""
    assert exit_status(given) == status


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        ([Verdict.CONFORMS, Verdict.RECOMMENDED], Verdict.CONFORMS),
        ([Verdict.RECOMMENDED], Verdict.CONFORMS),
        ([Verdict.RECOMMENDED, Verdict.KNOWN_DEVIATION], Verdict.KNOWN_DEVIATION),
        ([Verdict.RECOMMENDED, Verdict.DOES_NOT_CONFORM], Verdict.DOES_NOT_CONFORM),
        ([], Verdict.NOT_RUN),
    ],
)
def test_run_conforms_without_what_is_recommended(given: list[Verdict], verdict: Verdict) -> None:
    assert of_run(given) == verdict


@given(outcomes)
def test_outcome_survives_json(outcome: Outcome) -> None:
    """The verdict is one again, and not only a text that looks like it."""
    read = Outcome(**json.loads(json.dumps(asdict(outcome))))

    assert read == outcome
    assert type(read.verdict) is Verdict


@given(outcomes)
def test_result_survives_the_way_between_processes(outcome: Outcome) -> None:
    """xdist sends plain values only: no enumeration, no tuple in place of a list."""
    result = TestResult("t", ("PATH-ICMP",), outcome, 0.5, [{"kind": "lost"}], features=("ipv6",))
    values = result.values()

    assert execnet.loads(execnet.dumps(values)) == values == json.loads(json.dumps(values))
    read = TestResult.read(values)
    assert read.outcome == Outcome(**printable(asdict(outcome)))
    assert (read.requirements, read.features) == (("PATH-ICMP",), ("ipv6",))


def test_verdict_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="perhaps"):
        Outcome("perhaps")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "reason", "text", "headline"),
    [
        pytest.param({}, "", "", "could not test", id="nothing"),
        pytest.param(
            {"message": "no room", "remedy": "Make some"},
            *["no room. Make some"] * 3,
            id="remedy",
        ),
        pytest.param(
            {"message": "no room:\nls", "remedy": "Make some", "notes": "The pod stays"},
            *["no room:\nls. Make some\nThe pod stays"] * 2,
            "no room: ls. Make some",
            id="notes",
        ),
        pytest.param(
            {"message": "\n  no room\n", "body": "PATH-ICMP: no room"},
            "\n  no room\n",
            "PATH-ICMP: no room",
            "no room",
            id="body",
        ),
    ],
)
def test_texts_of_an_outcome(fields: dict[str, Any], reason: str, text: str, headline: str) -> None:
    outcome = Outcome(Verdict.COULD_NOT_TEST, **fields)

    assert (outcome.reason, outcome.text, outcome.headline) == (reason, text, headline)


def test_schema_knows_each_verdict() -> None:
    """And no other."""
    schema = json.loads(Path(verify.__file__).with_name("report.schema.json").read_text())

    assert schema["$defs"]["verdict"]["enum"] == list(Verdict)
