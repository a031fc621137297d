"""Outcomes of tests: made once, where the exception that ended a test is known."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from podpath.errors import CouldNotTest, DoesNotConform, Unmet
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
    item = SimpleNamespace(
        stash=pytest.Stash(), config=config, path=shared.tests() / request.path.name
    )
    item.stash[outcome._found] = []
    return cast("pytest.Item", item)


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
    result = phase(item, None, "passed")

    assert (result.verdict, result.text) == (Verdict.CONFORMS, "")


def test_what_could_not_be_tested_has_its_remedy_and_what_failed_afterwards(
    item: pytest.Item,
) -> None:
    error = CouldNotTest("no room", "Make some")
    error.add_note("Then, when the pod was deleted: it stays")
    result = phase(item, raised(error))

    assert (result.verdict, result.message, result.remedy) == (
        Verdict.COULD_NOT_TEST,
        "no room",
        "Make some",
    )
    assert result.reason == "no room. Make some\nThen, when the pod was deleted: it stays"
    assert result.text == f"TOPO-MTU, TOPO-MAC: could not test: {result.reason}"


def test_plugin_that_fails_does_not_conform(item: pytest.Item) -> None:
    result = phase(item, raised(DoesNotConform("ADD failed", "its output")))

    assert (result.verdict, result.headline) == (Verdict.DOES_NOT_CONFORM, "ADD failed")
    assert result.text.startswith("TOPO-MTU: ")
    assert "\n  ADD failed\n  its output\n" in result.text


def test_first_difference_says_why(item: pytest.Item, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them, and the picture of the path, stand in the body."""
    monkeypatch.setattr(outcome, "_made_by", lambda *_: True)
    differences = [Difference("MTU", f"pod {pod}", "1500", "1400") for pod in ("a", "b")]
    item.stash[outcome._found] = differences
    result = phase(item, raised(AssertionError("assert [...] == []")))

    assert (result.verdict, result.headline) == (Verdict.DOES_NOT_CONFORM, str(differences[0]))
    assert all(str(d) in result.text for d in differences)


def test_exception_of_podpath_itself_says_nothing_about_the_plugin(item: pytest.Item) -> None:
    result = phase(item, raised(ValueError("x")))

    assert result.verdict == Verdict.COULD_NOT_TEST
    assert result.text == result.reason == "podpath failed, please report this:\ntrace"


def test_exception_of_a_node_that_ended_is_its_end(
    item: pytest.Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcome, "_node", lambda _: _Ended())
    result = phase(item, raised(OSError("gone")))

    assert (result.verdict, result.message) == (Verdict.COULD_NOT_TEST, "containerd ended with 1")
    assert result.text == "TOPO-MTU, TOPO-MAC: could not test: containerd ended with 1"


@pytest.mark.parametrize("reason", ["it is late", "reason: it is late"], ids=["mark", "call"])
def test_deviation_that_is_known(item: pytest.Item, reason: str) -> None:
    result = phase(item, raised(AssertionError()), "skipped", wasxfail=reason)

    assert (result.verdict, result.message) == (Verdict.KNOWN_DEVIATION, "it is late")
    assert result.text == "known deviation: it is late"


def test_deviation_that_does_not_occur_any_more(item: pytest.Item) -> None:
    result = phase(item, None)

    assert (result.verdict, result.text) == (Verdict.COULD_NOT_TEST, result.message)
    assert "undeclare it" in result.message


def test_skipped_test_is_not_applicable(item: pytest.Item) -> None:
    """pytest shows the verdict in each place where it shows why a test was skipped."""
    result = phase(item, raised(pytest.skip.Exception("no gateway")), "skipped")
    report = pytest.TestReport(
        "t", ("t", 1, "t"), {}, "skipped", ("t.py", 1, "Skipped: no gateway"), "call"
    )
    outcome._show(item, report, result)

    assert (result.verdict, result.message) == (Verdict.NOT_APPLICABLE, "no gateway")
    assert report.longrepr == ("t.py", 1, "Skipped: not applicable: no gateway")


def test_test_that_another_requirement_keeps_from_running(item: pytest.Item) -> None:
    """It is not red; the violated requirement is."""
    error = Unmet(DoesNotConform("ADD failed", "its output"), "LIFE-ADD", "no pod could be made")
    found = phase(item, raised(error))

    assert (found.verdict, found.follows) == (Verdict.NOT_RUN, "LIFE-ADD")
    assert found.text == "not run: no pod could be made, see LIFE-ADD"


def test_test_of_the_violated_requirement_does_not_conform(item: pytest.Item) -> None:
    error = Unmet(DoesNotConform("ADD failed", "its output"), IDS[0], "no pod could be made")
    found = phase(item, raised(error))

    assert (found.verdict, found.headline, found.follows) == (
        Verdict.DOES_NOT_CONFORM,
        "ADD failed",
        "",
    )
