"""Counting verdicts of many runs, and when memory is taken and given back."""

from typing import Any

import pytest

from podpath.report.outcome import Verdict
from selftests.repeat import load
from selftests.repeat.tally import Run, Tally, majority

PING = "test_path.py::test_ping"
TEST_UDP = "test_path.py::test_udp"


def report(seed: int = 7, **verdicts: str) -> dict[str, Any]:
    """A report with one requirement and its tests, of which each has a reason that names it."""
    tests = [
        {"test": f"somewhere/tests/test_path.py::test_{name}", "verdict": v, "reason": f"{name}!"}
        for name, v in verdicts.items()
    ]
    return {
        "environment": {"seed": str(seed)},
        "verdict": Verdict.CONFORMS,
        "requirements": [{"id": "PATH-X", "tests": tests}, {"id": "PATH-NOT-RUN", "tests": []}],
    }


def run(number: int = 1, status: int | None = 0, **verdicts: str) -> Run:
    return Run(number, 10.0 * number, status, report(100 + number, **verdicts), "the end")


def found(*runs: Run) -> list[tuple[int, str, str]]:
    return [(f.run, f.test, f.verdict) for f in Tally(runs).findings()]


def test_agreeing_runs_have_no_findings() -> None:
    """Conforming, known deviations, recommendations not met: as long as it is always the same."""
    deviating, recommended = Verdict.KNOWN_DEVIATION, Verdict.RECOMMENDED
    runs = [run(n, ping=Verdict.CONFORMS, udp=deviating, arp=recommended) for n in (1, 2, 3)]

    assert found(*runs) == []
    assert "no verdict differs" in Tally(runs).table()


def test_table_counts() -> None:
    """Times, and verdicts by requirement and test; what was not run in any run is left out."""
    runs = [
        run(1, ping=Verdict.CONFORMS, udp=Verdict.CONFORMS),
        run(2, ping=Verdict.CONFORMS, udp=Verdict.CONFORMS),
        run(3, 6, ping=Verdict.CONFORMS, udp=Verdict.COULD_NOT_TEST),
    ]
    table = Tally(runs).table()

    assert "3 runs; seconds: median 20.0, min 10.0, max 30.0" in table
    assert "PATH-X                5 conforms, 1 could not test" in table
    assert f"  2 conforms, 1 could not test    {TEST_UDP}" in table
    assert "PATH-NOT-RUN" not in table
    assert f"run 3 (seed 103): {TEST_UDP}: could not test\n    udp!" in table


@pytest.mark.parametrize(
    "verdict", [Verdict.COULD_NOT_TEST, Verdict.DOES_NOT_CONFORM, Verdict.KNOWN_DEVIATION]
)
def test_verdict_that_differs_is_found(verdict: str) -> None:
    """Also one that would be expected of another test."""
    assert found(*(run(n, ping=Verdict.CONFORMS) for n in (1, 2)), run(3, ping=verdict)) == [
        (3, PING, verdict)
    ]


def test_unexpected_verdict_is_found_though_all_agree() -> None:
    """To fail each time is no success."""
    runs = [run(n, 1, ping=Verdict.DOES_NOT_CONFORM) for n in (1, 2)]

    assert found(*runs) == [
        (1, PING, Verdict.DOES_NOT_CONFORM),
        (2, PING, Verdict.DOES_NOT_CONFORM),
    ]


def test_test_that_was_not_run_is_found() -> None:
    """As when a run was broken off."""
    assert found(
        run(1, ping=Verdict.CONFORMS, udp=Verdict.CONFORMS), run(2, 2, ping=Verdict.CONFORMS)
    ) == [(2, TEST_UDP, Verdict.NOT_RUN)]


@pytest.mark.parametrize(
    ("status", "said"), [(None, "did not end"), (3, "ended with status 3"), (0, "status 0")]
)
def test_run_without_report_is_found(status: int | None, said: str) -> None:
    """With the end of its output; also if it is the only one."""
    broken = Run(2, 1.0, status, {}, "the end")

    for runs in ([broken], [run(1, ping=Verdict.CONFORMS), broken]):
        (finding,) = Tally(runs).findings()
        assert said in finding.verdict
        assert finding.reason == "the end"


def test_status_that_no_verdict_explains_is_found() -> None:
    """All verdicts are there, and pytest failed all the same."""
    assert found(run(1, 3, ping=Verdict.CONFORMS)) == [(1, "the run", "ended with status 3")]


def test_no_runs_are_told() -> None:
    """As when the first one was interrupted."""
    assert "no run has ended" in Tally([]).table()


def test_expected_verdict_is_the_majority_of_as_many() -> None:
    """Whichever came first."""
    assert majority([Verdict.COULD_NOT_TEST, Verdict.CONFORMS]) == Verdict.CONFORMS
    assert majority([Verdict.CONFORMS, Verdict.COULD_NOT_TEST]) == Verdict.CONFORMS
    assert (
        majority([Verdict.CONFORMS, Verdict.COULD_NOT_TEST, Verdict.COULD_NOT_TEST])
        == Verdict.COULD_NOT_TEST
    )


def test_long_reason_is_shortened() -> None:
    """The whole is in the report."""
    told = run(1, ping=Verdict.COULD_NOT_TEST)
    told.report["requirements"][0]["tests"][0]["reason"] = "line\n" * 1000

    (finding,) = Tally([told]).findings()

    assert str(finding).count("line") < 50
    assert str(finding).endswith("...")


@pytest.mark.parametrize(
    ("spare", "held", "change"),
    [
        pytest.param(1 << 30, 0, 1, id="plenty"),
        pytest.param(1 << 20, 5, 0, id="just-enough"),
        pytest.param(-1, 5, -1, id="others-need-it"),
        pytest.param(-(1 << 30), 0, 0, id="nothing-to-give"),
    ],
)
def test_memory_is_taken_and_given_back(spare: int, held: int, change: int) -> None:
    """What is to be left to others is left to them."""
    assert load.wanted(spare, held) == change


def test_taking_a_chunk_is_no_reason_to_give_it_back() -> None:
    """Else the load would take and give for ever."""
    least = next(spare for spare in range(0, 1 << 30, 1 << 20) if load.wanted(spare, 0) == 1)

    assert load.wanted(least - load._CHUNK, 1) == 0


def test_kernel_says_what_is_available() -> None:
    """Some, and not more than a petabyte."""
    assert 1 << 20 < load.available() < 1 << 50
