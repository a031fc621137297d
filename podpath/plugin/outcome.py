"""Give each test its outcome and its evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from podpath.plugin import keeping, shared, verdict

if TYPE_CHECKING:
    from collections.abc import Generator

    from podpath.report.document import TestResult
    from podpath.report.outcome import Outcome

#: Differences of the last comparison that failed, for the failure that it leads to.
_compared = pytest.StashKey[list[Any]]()


def pytest_assertrepr_compare(
    config: pytest.Config, op: str, left: object, right: object
) -> list[str] | None:
    """Explain a list of differences that should be empty, and keep it for the test's failure."""
    if op != "==" or right != [] or not isinstance(left, list) or not left:
        return None
    from podpath.model import Difference
    from podpath.report.text import of_differences

    if not all(isinstance(difference, Difference) for difference in left):
        return None
    config.stash[_compared] = left
    return ["differences:", *of_differences(left).splitlines()]


def compared(config: pytest.Config) -> list[Any]:
    """Return the differences of the last comparison that failed."""
    return config.stash.get(_compared, [])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Wait for a test's turn: tests on a shared node would see each other's traffic."""
    if not shared.ids_of(item):
        return (yield)
    from podpath.errors import CouldNotTest

    try:
        mine = shared.plan(item.config).kind.turn()
    except CouldNotTest:
        return (yield)  # reported before the first test, or by its fixtures
    with mine:
        try:
            return (yield)
        finally:  # pytest keeps all items to the end: topologies of a full node fill the memory
            if shared.observations in item.stash:
                del item.stash[shared.observations]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Give the report of a conformance test its outcome and its evidence."""
    report = yield
    ids = shared.ids_of(item)
    if ids:
        _give(item, call, report, ids)
    return report


def _give(
    item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport, ids: list[str]
) -> None:
    from podpath.report import evidence
    from podpath.report.document import TestResult
    from podpath.report.outcome import Verdict

    compared, item.config.stash[_compared] = item.config.stash.get(_compared, []), []
    # what the test itself compared is in the report of its call
    earlier = [] if call.when == "teardown" else item.stash.get(shared.differences, [])
    differences = compared or earlier
    item.stash[shared.differences] = differences
    outcome = verdict.of(item, call, report, ids)
    if outcome.verdict == Verdict.DOES_NOT_CONFORM:
        outcome = verdict.hindered(item, ids, compared) or verdict.by_level(item, ids, outcome)
    if outcome.verdict == Verdict.DOES_NOT_CONFORM:
        keeping.note_failure(item.config, shared.node(item))
    if outcome.follows:
        report.podpath_cause = _cause(item, call).values()  # type: ignore[attr-defined]
    if call.when != "call" and outcome.verdict == Verdict.CONFORMS:
        return  # a setup or a teardown is a result only if it fails
    if call.when == "teardown" and outcome.follows:
        report.outcome, report.longrepr = "passed", None  # its test was run
        return
    result = TestResult(
        item.nodeid,
        tuple(ids),
        outcome,
        call.duration,
        evidence.differences(differences),
        [evidence.of(o) for o in item.stash.get(shared.observations, [])],
        _versions(item),
        _features(item, ids),
        _topology(item, outcome),
    ).values()
    report.podpath = result  # type: ignore[attr-defined]
    _show(item, report, TestResult.read(result).outcome)


def _cause(item: pytest.Item, call: pytest.CallInfo[None]) -> TestResult:
    """Return a result for the violated requirement that keeps this test from running."""
    from podpath.errors import Unmet
    from podpath.report.document import TestResult

    assert call.excinfo is not None
    error = call.excinfo.value
    assert isinstance(error, Unmet)
    ids = [error.requirement]
    notes = "\n".join(getattr(error, "__notes__", ()))
    outcome = verdict.nonconforming(item, ids, str(error), notes)
    features = _features(item, ids)
    return TestResult(
        item.nodeid, tuple(ids), outcome, environment=_versions(item), features=features
    )


def _topology(item: pytest.Item, outcome: Outcome) -> dict[str, Any]:
    """Return the topology of a finding about it, for its drawing; evidence has one of its own."""
    from podpath.model import Topology
    from podpath.report import evidence
    from podpath.report.outcome import Verdict

    read = getattr(item, "funcargs", {}).get("topology")
    seen = item.stash.get(shared.observations, [])
    if seen or outcome.verdict != Verdict.DOES_NOT_CONFORM or not isinstance(read, Topology):
        return {}
    return evidence.topology(read)


def _versions(item: pytest.Item) -> dict[str, str]:
    node = shared.node(item)
    return dict(node.versions) if node else {}


def _show(item: pytest.Item, report: pytest.TestReport, outcome: Outcome) -> None:
    """Pass the outcome to pytest, which shows it in the terminal and in JUnit's file."""
    from podpath.report.outcome import Verdict

    if outcome.verdict in (Verdict.NOT_RUN, Verdict.RECOMMENDED):  # pytest knows nothing like it
        path, line, _ = item.reportinfo()
        report.outcome = "skipped"
        report.longrepr = (str(path), (line or 0) + 1, f"Skipped: {outcome.short}")
        item.user_properties.append(("verdict", outcome.verdict.value))
    elif report.failed:
        report.longrepr = outcome.text
        item.user_properties.append(("verdict", outcome.verdict.value))
    elif hasattr(report, "wasxfail"):
        report.wasxfail = outcome.text
    elif report.skipped and isinstance(report.longrepr, tuple):
        path, line, _ = report.longrepr
        report.longrepr = (path, line, f"Skipped: {outcome.text}")


def _features(item: pytest.Item, ids: list[str]) -> tuple[str, ...]:
    """Return the groups that the test counts for: core, features, or the vendor's own."""
    from podpath.cni import features
    from podpath.errors import CouldNotTest
    from podpath.requirements import CORE, REQUIREMENTS, VENDOR

    if not REQUIREMENTS.keys() >= set(ids):
        return (VENDOR,)
    call = getattr(item, "callspec", None)
    family = call.params.get("family") if call else None
    try:
        known = shared.plan(item.config)
        waived = [name for name, why in known.features.items() if why == features.WAIVED]
        return features.of_test(ids, family, shared.network(item.config), waived)
    except CouldNotTest:  # reported in place of the test
        return (CORE,)
