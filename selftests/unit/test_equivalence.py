"""Reports of two kinds of node are compared by what both can look at."""

from typing import Any

from podpath.report import document
from podpath.report.document import TestResult
from podpath.report.outcome import Outcome, Verdict
from selftests import equivalence

MTU, MAC, IP = "TOPO-MTU", "TOPO-MAC", "K8S-IP"


def _report(node: str, *results: TestResult) -> dict[str, Any]:
    return document.build(results, {"node": node}, "1")


def _result(test: str, requirement: str, verdict: Verdict = Verdict.CONFORMS) -> TestResult:
    return TestResult(f"tests/test_topology.py::{test}", (requirement,), Outcome(verdict))


ONE = _report("embedded", _result("a", MTU), _result("b", MAC))


def test_same_verdicts_do_not_differ() -> None:
    """Wherever the tests lie: in a checkout, or in the package."""
    other = _report(
        "kind",
        TestResult("test_topology.py::a", (MTU,), Outcome(Verdict.CONFORMS)),
        _result("b", MAC),
    )

    assert equivalence.differences(ONE, other) == []


def test_what_was_not_tested_was_not_compared() -> None:
    """On one of them is enough."""
    broken = _report("kind", _result("a", MTU, Verdict.COULD_NOT_TEST), _result("b", MAC))

    assert equivalence.compared(ONE, ONE) == [MTU, MAC]
    assert equivalence.compared(ONE, broken) == [MAC]
    assert equivalence.compared(broken, _report("kind")) == []


def test_what_one_node_alone_can_tell_is_no_difference() -> None:
    other = _report("kind", _result("a", MTU), _result("b", MAC), _result("c", IP))

    assert equivalence.differences(ONE, other) == []


def test_differences_are_named() -> None:
    """Another verdict, and a test that was not run."""
    other = _report("kind", _result("a", MTU, Verdict.DOES_NOT_CONFORM))

    assert equivalence.differences(ONE, other) == [
        "TOPO-MTU: conforms on embedded, does not conform on kind",
        "test_topology.py::a: conforms on embedded, does not conform on kind",
        "TOPO-MAC: conforms on embedded, not run on kind",
        "test_topology.py::b: conforms on embedded, not run on kind",
    ]
