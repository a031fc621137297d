"""Give each test its outcome and its evidence."""

from __future__ import annotations

import traceback
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from podpath.plugin import shared

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from podpath.errors import CouldNotTest, DoesNotConform, Unmet
    from podpath.report.document import TestResult
    from podpath.report.outcome import Outcome, Verdict

#: Differences of the last comparison that failed, for the failure that it leads to.
_compared = pytest.StashKey[list[Any]]()
#: Differences that a test reports.
_found = pytest.StashKey["list[Any]"]()


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
        return (yield)


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
    differences = compared or item.stash.get(_found, [])
    item.stash[_found] = differences
    outcome = _outcome(item, call, report, ids)
    if outcome.verdict == Verdict.DOES_NOT_CONFORM:
        outcome = _hindered(item, ids, compared) or outcome
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
    outcome = _nonconforming(item, ids, str(error), notes)
    features = _features(item, ids)
    return TestResult(
        item.nodeid, tuple(ids), outcome, environment=_versions(item), features=features
    )


def _versions(item: pytest.Item) -> dict[str, str]:
    node = _node(item)
    return dict(node.versions) if node else {}


def _show(item: pytest.Item, report: pytest.TestReport, outcome: Outcome) -> None:
    """Pass the outcome to pytest, which shows it in the terminal and in JUnit's file."""
    if outcome.follows:
        path, line, _ = item.reportinfo()
        report.outcome = "skipped"
        report.longrepr = (str(path), (line or 0) + 1, f"Skipped: {outcome.text}")
        item.user_properties.append(("verdict", outcome.verdict.value))
    elif report.failed:
        report.longrepr = outcome.text
        item.user_properties.append(("verdict", outcome.verdict.value))
    elif hasattr(report, "wasxfail"):
        report.wasxfail = outcome.text
    elif report.skipped and isinstance(report.longrepr, tuple):
        path, line, _ = report.longrepr
        report.longrepr = (path, line, f"Skipped: {outcome.text}")


def _hindered(item: pytest.Item, ids: Sequence[str], differences: Sequence[Any]) -> Outcome | None:
    """Return "could not test" if the host's settings, not the plugin, explain all differences."""
    from podpath.errors import CouldNotTest
    from podpath.run import hindrances

    call = getattr(item, "callspec", None)
    family = call.params.get("family") if call else None
    try:
        network = shared.network(item.config)
        families = (family,) if family else network.families
        reasons = hindrances.of(ids, differences, families, network, _node(item))
    except CouldNotTest as error:  # then the cause is unknown: the plugin or the host
        reasons = [str(error)]
    return _untested(ids, "; ".join(reasons)) if reasons else None


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


def _node(item: pytest.Item) -> Any:
    """Return the node of a test, if it is running."""
    of_contract = getattr(item, "funcargs", {}).get("contract_node")
    return of_contract or item.config.stash.get(shared.running_node, None)


def _outcome(
    item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport, ids: list[str]
) -> Outcome:
    """Return the outcome of one phase of a test: setup, call or teardown."""
    from podpath.report.outcome import Outcome, Verdict

    if hasattr(report, "wasxfail") and report.passed:
        del report.wasxfail  # a shipped deviation that this plugin does not have
        return Outcome(Verdict.CONFORMS)
    if hasattr(report, "wasxfail") and _is_another(item, call):
        del report.wasxfail
        report.outcome = "failed"
    if hasattr(report, "wasxfail"):
        # pytest.xfail() in a test puts "reason: " before the test's own text
        return _headed(Verdict.KNOWN_DEVIATION, report.wasxfail.removeprefix("reason: "))
    if report.failed and call.excinfo is None:
        message = "declared a known deviation, but it conforms: undeclare it"
        return Outcome(Verdict.COULD_NOT_TEST, message)
    if report.skipped:
        return _headed(Verdict.NOT_APPLICABLE, str(call.excinfo.value) if call.excinfo else "")
    if call.excinfo is None:
        return Outcome(Verdict.CONFORMS, "; ".join(_remarks(item)))
    return _failure(item, call.excinfo.value, report, ids)


def _remarks(item: pytest.Item) -> list[str]:
    return item.stash.setdefault(shared.remarks, [])


def _is_another(item: pytest.Item, call: pytest.CallInfo[None]) -> bool:
    """Return whether a test failed in another way than its known deviations do."""
    if call.excinfo is None:
        return False
    failure = "\n".join(map(str, [*item.stash[_found], call.excinfo.value]))
    sayings = item.stash.get(shared.sayings, [])
    return bool(sayings) and not any(text in failure for text in sayings)


def _headed(verdict: Verdict, message: str) -> Outcome:
    """Return an outcome that shows the verdict before the message."""
    from podpath.report.outcome import Outcome

    return Outcome(verdict, message, body=f"{verdict}: {message}")


def _failure(
    item: pytest.Item, error: BaseException, report: pytest.TestReport, ids: list[str]
) -> Outcome:
    """Return the outcome of an exception, of the plugin, its surroundings, the test or podpath."""
    from podpath.errors import CouldNotTest, DoesNotConform, Unmet
    from podpath.report.outcome import Outcome, Verdict

    # later failures, for example of the deletion of pods
    notes = "\n".join([*_remarks(item), *getattr(error, "__notes__", ())])
    if isinstance(error, DoesNotConform):
        error = _lacking(item, error) or error
    if isinstance(error, CouldNotTest):
        return _untested(ids, error.message, error.remedy, notes)
    if isinstance(error, Unmet) and error.requirement not in ids:
        return _not_run(error)
    if isinstance(error, DoesNotConform):
        return _nonconforming(item, ids, str(error), notes)
    node = _node(item)
    if node is not None and (ended := node.ended()):
        return _untested(ids, ended)
    if isinstance(error, AssertionError | pytest.fail.Exception) and _made_by(item, error):
        return _nonconforming(item, ids, _findings(item, error), notes)
    vendors = shared.tests() not in item.path.parents
    blame = f"{item.name} failed in itself" if vendors else "podpath failed, please report this"
    return Outcome(Verdict.COULD_NOT_TEST, f"{blame}:\n{report.longreprtext}")


def _lacking(item: pytest.Item, error: DoesNotConform) -> CouldNotTest | None:
    """Return the thing that the node lacks, if that is why ADD failed."""
    from podpath.errors import CouldNotTest
    from podpath.nodes import lacking

    if (node := _node(item)) is None:
        return None
    try:
        lacking.require_nothing(node, shared.plan(item.config).network, error)
    except CouldNotTest as lack:
        return lack
    return None


def _not_run(error: Unmet) -> Outcome:
    """Return the outcome of a test that the violation of another requirement keeps from running."""
    from podpath.report.outcome import Outcome, Verdict

    message = f"{error.consequence}, see {error.requirement}"
    body = f"{Verdict.NOT_RUN}: {message}"
    return Outcome(Verdict.NOT_RUN, message, body=body, follows=error.requirement)


def _untested(ids: Sequence[str], message: str, remedy: str = "", notes: str = "") -> Outcome:
    from podpath.report.outcome import Outcome, Verdict

    outcome = Outcome(Verdict.COULD_NOT_TEST, message, remedy, notes)
    return replace(outcome, body=f"{', '.join(ids)}: {outcome.verdict}: {outcome.reason}")


def _nonconforming(item: pytest.Item, ids: Sequence[str], finding: str, notes: str) -> Outcome:
    """Return an outcome with the first difference, else the finding, and all of it as the body."""
    from podpath.report.outcome import Outcome, Verdict

    message = next((str(difference) for difference in item.stash[_found]), finding)
    suspicion, likeness = _suspicion(item), _likeness(item, ids)
    body = _explain(item, "\n".join(filter(None, [finding, notes])), ids, suspicion)
    body = "\n".join(filter(None, [body, likeness]))
    remedy = ". ".join(filter(None, [suspicion, likeness]))
    return Outcome(Verdict.DOES_NOT_CONFORM, message, remedy, notes, body)


def _likeness(item: pytest.Item, ids: Sequence[str]) -> str:
    """Return how to declare that the plugin is like a reference plugin that fails, too."""
    from podpath.cni import code, deviations
    from podpath.errors import CouldNotTest

    case, tested = shared.case(item)
    try:
        plan = shared.plan(item.config)
        origins = plan.origins
        found = (deviations.alike(i, case, tested or origins, origins) for i in ids)
        known = next(filter(None, found), None)
    except CouldNotTest:  # then the plugins are unknown
        return ""
    if known is None:
        return ""
    plugin, deviation = known
    subject = f"The reference plugin {deviation.plugin} fails"
    if deviation.plugin == code.SKEL:
        subject = "Plugins that use libcni's skel fail"
    return (
        f"{subject} this test, too ({deviation.source}). If {plugin} is that code, wrapped or"
        f" rebuilt, add --podpath-deviations-like {plugin}={deviation.plugin}."
    )


def _suspicion(item: pytest.Item) -> str:
    """Return a sentence on the chained plugins of a test that podpath does not know."""
    from podpath.cni import reference
    from podpath.errors import CouldNotTest

    try:
        conflist = shared.network(item.config).conflist
    except CouldNotTest:
        return ""  # reported before the first test, or by its fixtures
    _, called = shared.case(item)
    chained = conflist.plugins[conflist.main + 1 :]
    return reference.suspicion(p for p in chained if not called or p in called)


def _made_by(item: pytest.Item, error: BaseException) -> bool:
    """Return whether the test raised the error, or a helper beside it, but no other code."""
    files = [Path(frame.f_code.co_filename) for frame, _ in traceback.walk_tb(error.__traceback__)]
    own = [file for file in files if "_pytest" not in file.parts]
    return bool(own) and item.path.parent in own[-1].parents


def _findings(item: pytest.Item, error: BaseException) -> str:
    """Return the test's differences as text, with the pictures of the packets concerned."""
    from podpath.report.text import of_differences, of_judgement

    differences = item.stash[_found]
    text = of_differences(differences) if differences else str(error)
    last = item.stash.get(shared.observations, [])[-1:]
    pictures = [of_judgement(o.judgement) for o in last]
    capture = _capture(item) if last else ""
    return "\n\n".join(part for part in (*pictures, text, capture) if part)


def _capture(item: pytest.Item) -> str:
    """Write the sightings of the last observation as pcapng; return a sentence with the path."""
    from podpath.errors import CouldNotTest
    from podpath.report import pcap

    directory = shared.plan(item.config).report or Path.cwd() / "podpath-report"
    name = "".join(c if c.isalnum() or c in "-_" else "-" for c in item.name)
    path = directory / "captures" / f"{name}.pcapng"
    try:
        pcap.write(path, item.stash[shared.observations][-1].observation.sightings)
    except CouldNotTest as error:
        return str(error)
    return f"Capture, with every interface: {path}"


def _explain(item: pytest.Item, finding: str, ids: Sequence[str], suspicion: str) -> str:
    from podpath.report.text import failure

    node = _node(item)
    bridge = shared.network(item.config).bridge
    requirements = [shared.requirement(item.config, identifier) for identifier in ids]
    return failure(requirements, finding, node.pid if node else None, bridge, suspicion)
