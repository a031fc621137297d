"""Outcomes of tests: made once, where the exception that ended a test is known."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from podpath.errors import CouldNotTest, DoesNotConform
from podpath.model import Difference
from podpath.plugin import outcome, shared
from podpath.report.outcome import Outcome, Verdict

IDS = ["TOPO-MTU", "TOPO-MAC"]


class _Ended:
    """A node that has ended, and says why."""

    pid = None

    def ended(self) -> str:
        return "containerd ended with 1"


@pytest.fixture
def item(request: pytest.FixtureRequest) -> pytest.Item:
    """A test without a node, in a run of which nothing else is asked for."""
    plan = SimpleNamespace(network=SimpleNamespace(bridge="cni0"))
    config = SimpleNamespace(stash=pytest.Stash())
    config.stash[shared._plan] = plan
    one = SimpleNamespace(
        stash=pytest.Stash(), config=config, path=shared.tests() / request.path.name
    )
    one.stash[outcome._found] = []
    return cast("pytest.Item", one)


def phase(
    item: pytest.Item, error: BaseException | None, status: str = "failed", **fields: Any
) -> Outcome:
    """The outcome of a phase of a test that ended with this exception."""
    info = None if error is None else pytest.ExceptionInfo.from_exception(error)
    call = cast("pytest.CallInfo[None]", SimpleNamespace(excinfo=info))
    report = pytest.TestReport(
        "t", ("t", 1, "t"), {}, cast("Any", status), "trace", "call", **fields
    )
    return outcome._outcome(item, call, report, IDS)


def raised(error: BaseException) -> BaseException:
    """The exception with a traceback, as pytest catches it."""
    try:
        raise error
    except BaseException as caught:
        return caught


def test_phase_without_an_exception_conforms(item: pytest.Item) -> None:
    found = phase(item, None, "passed")

    assert (found.verdict, found.text) == (Verdict.CONFORMS, "")


def test_what_could_not_be_tested_has_its_remedy_and_what_failed_afterwards(
    item: pytest.Item,
) -> None:
    error = CouldNotTest("no room", "Make some")
    error.add_note("Then, when the pod was deleted: it stays")
    found = phase(item, raised(error))

    assert (found.verdict, found.message, found.remedy) == (
        Verdict.COULD_NOT_TEST,
        "no room",
        "Make some",
    )
    assert found.reason == "no room. Make some\nThen, when the pod was deleted: it stays"
    assert found.text == f"TOPO-MTU, TOPO-MAC: could not test: {found.reason}"


def test_plugin_that_fails_does_not_conform(item: pytest.Item) -> None:
    found = phase(item, raised(DoesNotConform("ADD failed", "its output")))

    assert (found.verdict, found.headline) == (Verdict.DOES_NOT_CONFORM, "ADD failed")
    assert found.text.startswith("TOPO-MTU: ")
    assert "\n  ADD failed\n  its output\n" in found.text


def test_first_difference_says_why(item: pytest.Item, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them, and the picture of the path, stand in the body."""
    monkeypatch.setattr(outcome, "_made_by", lambda *_: True)
    differences = [Difference("MTU", f"pod {pod}", "1500", "1400") for pod in ("a", "b")]
    item.stash[outcome._found] = differences
    found = phase(item, raised(AssertionError("assert [...] == []")))

    assert (found.verdict, found.headline) == (Verdict.DOES_NOT_CONFORM, str(differences[0]))
    assert all(str(one) in found.text for one in differences)


def test_exception_of_podpath_itself_says_nothing_about_the_plugin(item: pytest.Item) -> None:
    found = phase(item, raised(ValueError("x")))

    assert found.verdict == Verdict.COULD_NOT_TEST
    assert found.text == found.reason == "podpath failed, please report this:\ntrace"


def test_exception_of_a_node_that_ended_is_its_end(
    item: pytest.Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcome, "_node", lambda _: _Ended())
    found = phase(item, raised(OSError("gone")))

    assert (found.verdict, found.message) == (Verdict.COULD_NOT_TEST, "containerd ended with 1")
    assert found.text == "TOPO-MTU, TOPO-MAC: could not test: containerd ended with 1"


@pytest.mark.parametrize("reason", ["it is late", "reason: it is late"], ids=["mark", "call"])
def test_deviation_that_is_known(item: pytest.Item, reason: str) -> None:
    found = phase(item, raised(AssertionError()), "skipped", wasxfail=reason)

    assert (found.verdict, found.message) == (Verdict.KNOWN_DEVIATION, "it is late")
    assert found.text == "known deviation: it is late"


def test_deviation_that_does_not_occur_any_more(item: pytest.Item) -> None:
    found = phase(item, None)

    assert (found.verdict, found.text) == (Verdict.COULD_NOT_TEST, found.message)
    assert "undeclare it" in found.message


def test_skipped_test_is_not_applicable(item: pytest.Item) -> None:
    """pytest shows the verdict in each place where it shows why a test was skipped."""
    found = phase(item, raised(pytest.skip.Exception("no gateway")), "skipped")
    report = pytest.TestReport(
        "t", ("t", 1, "t"), {}, "skipped", ("t.py", 1, "Skipped: no gateway"), "call"
    )
    outcome._show(item, report, found)

    assert (found.verdict, found.message) == (Verdict.NOT_APPLICABLE, "no gateway")
    assert report.longrepr == ("t.py", 1, "Skipped: not applicable: no gateway")
