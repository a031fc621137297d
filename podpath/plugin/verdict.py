"""Decide on the outcome of each phase of a test: setup, call or teardown."""

from __future__ import annotations

import traceback
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from podpath.plugin import explanation, shared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from podpath.errors import CouldNotTest, DoesNotConform, Unmet
    from podpath.report.outcome import Outcome, Verdict


def of(
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


def hindered(item: pytest.Item, ids: Sequence[str], differences: Sequence[Any]) -> Outcome | None:
    """Return "could not test" if the host's settings, not the plugin, explain all differences."""
    from podpath.errors import CouldNotTest
    from podpath.run import hindrances

    call = getattr(item, "callspec", None)
    family = call.params.get("family") if call else None
    try:
        network = shared.network(item.config)
        families = (family,) if family else network.families
        reasons = hindrances.of(ids, differences, families, network, shared.node(item))
    except CouldNotTest as error:  # then the cause is unknown: the plugin or the host
        reasons = [str(error)]
    return _untested(ids, "; ".join(reasons)) if reasons else None


def by_level(item: pytest.Item, ids: Sequence[str], outcome: Outcome) -> Outcome:
    """Return the outcome of a failure as a recommendation, if the requirements are no more."""
    from podpath.report.outcome import Verdict
    from podpath.requirements import Level

    version = shared.version(item)
    levels = {shared.requirement(item.config, i).level_in(version) for i in ids}
    if levels != {Level.SHOULD}:
        return outcome
    return replace(outcome, verdict=Verdict.RECOMMENDED)


def _remarks(item: pytest.Item) -> list[str]:
    return item.stash.setdefault(shared.remarks, [])


def _is_another(item: pytest.Item, call: pytest.CallInfo[None]) -> bool:
    """Return whether a test failed in another way than its known deviations do."""
    if call.excinfo is None:
        return False
    failure = "\n".join(map(str, [*item.stash[shared.differences], call.excinfo.value]))
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
        return nonconforming(item, ids, str(error), notes)
    node = shared.node(item)
    if node is not None and (ended := node.ended()):
        return _untested(ids, ended)
    if isinstance(error, AssertionError | pytest.fail.Exception) and _made_by(item, error):
        return nonconforming(item, ids, explanation.findings(item, error), notes)
    vendors = shared.tests() not in item.path.parents
    blame = f"{item.name} failed in itself" if vendors else "podpath failed, please report this"
    return Outcome(Verdict.COULD_NOT_TEST, f"{blame}:\n{report.longreprtext}")


def _lacking(item: pytest.Item, error: DoesNotConform) -> CouldNotTest | None:
    """Return the thing that the node lacks, if that is why ADD failed."""
    from podpath.errors import CouldNotTest
    from podpath.nodes import lacking

    if (node := shared.node(item)) is None:
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


def nonconforming(item: pytest.Item, ids: Sequence[str], finding: str, notes: str) -> Outcome:
    """Return an outcome with the first difference, else the finding, and all of it as the body."""
    from podpath.report.outcome import Outcome, Verdict

    message = next((str(difference) for difference in item.stash[shared.differences]), finding)
    suspicion, likeness = explanation.suspicion(item), explanation.likeness(item, ids)
    whole = "\n".join(filter(None, [finding, notes]))
    body = explanation.explain(item, message, whole, ids, suspicion)
    body = "\n".join(filter(None, [body, likeness]))
    remedy = ". ".join(filter(None, [suspicion, likeness]))
    return Outcome(Verdict.DOES_NOT_CONFORM, message, remedy, notes, body)


def _made_by(item: pytest.Item, error: BaseException) -> bool:
    """Return whether the test raised the error, or a helper beside it, but no other code."""
    files = [Path(frame.f_code.co_filename) for frame, _ in traceback.walk_tb(error.__traceback__)]
    own = [file for file in files if "_pytest" not in file.parts]
    return bool(own) and item.path.parent in own[-1].parents
