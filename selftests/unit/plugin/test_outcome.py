"""Outcomes of tests: made once, where the exception that ended a test is known."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from podpath.cni.code import LIBCNI, SKEL, Code, Origin
from podpath.errors import CouldNotTest, DoesNotConform, Unmet
from podpath.model import Difference
from podpath.plugin import explanation, outcome, results, shared, verdict
from podpath.report.document import TestResult
from podpath.report.outcome import Outcome, Verdict

from .. import samples

IDS = ["TOPO-MTU", "TOPO-MAC"]


class _Ended:
    """A node that has ended, and says why."""

    pid = None

    def ended(self) -> str:
        return "containerd ended with 1"


@pytest.fixture
def item(request: pytest.FixtureRequest) -> pytest.Item:
    """A test without a node, in a run of which nothing else is asked for."""
    kind = SimpleNamespace(name="host")
    plan = SimpleNamespace(network=samples.network(), origins={"bridge": Origin()}, kind=kind)
    config = SimpleNamespace(stash=pytest.Stash())
    config.stash[shared._plan] = plan
    item = SimpleNamespace(
        stash=pytest.Stash(), config=config, path=shared.tests() / request.path.name
    )
    item.stash[shared.differences] = []
    return cast("pytest.Item", item)


def phase(
    item: pytest.Item,
    error: BaseException | None,
    status: str = "failed",
    ids: list[str] = IDS,
    **fields: Any,
) -> Outcome:
    """The outcome of a phase of a test that ended with this exception."""
    info = None if error is None else pytest.ExceptionInfo.from_exception(error)
    call = cast("pytest.CallInfo[None]", SimpleNamespace(excinfo=info))
    report = pytest.TestReport(
        "t", ("t", 1, "t"), {}, cast("Any", status), "trace", "call", **fields
    )
    return verdict.of(item, call, report, ids)


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
    assert result.text.startswith("TOPO-MTU, TOPO-MAC: ADD failed\nRequired: ")
    assert "\n  ADD failed\n  its output\n" in result.text


def test_first_difference_says_why(item: pytest.Item, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them, and the picture of the path, stand in the body."""
    monkeypatch.setattr(verdict, "_made_by", lambda *_: True)
    differences = [Difference("MTU", f"pod {pod}", "1500", "1400") for pod in ("a", "b")]
    item.stash[shared.differences] = differences
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
    monkeypatch.setattr(shared, "node", lambda _: _Ended())
    result = phase(item, raised(OSError("gone")))

    assert (result.verdict, result.message) == (Verdict.COULD_NOT_TEST, "containerd ended with 1")
    assert result.text == "TOPO-MTU, TOPO-MAC: could not test: containerd ended with 1"


@pytest.mark.parametrize("reason", ["it is late", "reason: it is late"], ids=["mark", "call"])
def test_deviation_that_is_known(item: pytest.Item, reason: str) -> None:
    result = phase(item, raised(AssertionError()), "skipped", wasxfail=reason)

    assert (result.verdict, result.message) == (Verdict.KNOWN_DEVIATION, "it is late")
    assert result.text == "known deviation: it is late"


@pytest.mark.parametrize(
    ("sayings", "expected"),
    [
        (["no such route"], Verdict.KNOWN_DEVIATION),
        (["panic", "no such route"], Verdict.KNOWN_DEVIATION),
        (["panic", ""], Verdict.KNOWN_DEVIATION),
        (["panic"], Verdict.DOES_NOT_CONFORM),
    ],
)
def test_failure_of_another_kind_is_no_known_deviation(
    item: pytest.Item, monkeypatch: pytest.MonkeyPatch, sayings: list[str], expected: Verdict
) -> None:
    monkeypatch.setattr(verdict, "_made_by", lambda *_: True)
    item.stash[shared.sayings] = sayings
    item.stash[shared.differences] = [Difference("failure", "bridge CHECK", "0", "no such route")]
    found = phase(item, raised(AssertionError()), "skipped", wasxfail="CHECK is blind")

    assert found.verdict == expected


def test_shipped_deviation_that_does_not_occur_conforms(item: pytest.Item) -> None:
    """The user has not declared it, and has nothing to undeclare."""
    found = phase(item, None, "passed", wasxfail="it is late")

    assert (found.verdict, found.text) == (Verdict.CONFORMS, "")


@pytest.mark.parametrize(
    ("codes", "remedy"),
    [
        ((), "--podpath-deviations-like bridge=skel"),
        ((Code(LIBCNI, SKEL),), ""),
    ],
)
def test_failure_that_is_known_of_other_code_has_a_remedy(
    item: pytest.Item, codes: tuple[Code, ...], remedy: str
) -> None:
    vars(shared.plan(item.config))["origins"] = {"bridge": Origin(codes=codes)}
    found = phase(item, raised(DoesNotConform("it failed")), ids=["CNI-VERSION-ECHO"])

    assert found.verdict == Verdict.DOES_NOT_CONFORM
    assert remedy in found.remedy
    assert found.remedy in found.text


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


def test_chained_plugin_that_podpath_does_not_know_is_named(item: pytest.Item) -> None:
    """In the reason, which is in the report, and in the text; not in tests that do not call it."""
    network = samples.network()
    acme = {"type": "acme"}
    sections = (*network.conflist.sections, acme)
    conflist = replace(network.conflist, sections=sections)
    item.config.stash[shared.completed_network] = replace(network, conflist=conflist)
    assert explanation.suspicion(item) == (
        'The chained plugin "acme" may have caused it; podpath does not know its effect'
    )

    bridge = SimpleNamespace(steps=[SimpleNamespace(plugin="bridge")])
    vars(item)["callspec"] = SimpleNamespace(id="bridge", params={"subject": bridge})
    assert explanation.suspicion(item) == ""


def at_level(item: pytest.Item, ids: list[str], version: str = "") -> Outcome:
    """The outcome of a failure that its requirements weigh."""
    vars(item)["callspec"] = SimpleNamespace(params={"version": version})
    failed = Outcome(Verdict.DOES_NOT_CONFORM, "left behind at leases", body="all of it")
    return verdict.by_level(item, ids, failed)


@pytest.mark.parametrize(
    ("ids", "version", "expected"),
    [
        (["CNI-GC"], "1.1.0", Verdict.RECOMMENDED),
        (["CNI-DEL-IDEMPOTENT"], "0.4.0", Verdict.RECOMMENDED),
        (["CNI-DEL-IDEMPOTENT"], "1.0.0", Verdict.DOES_NOT_CONFORM),
        (["TOPO-RESULT"], "", Verdict.DOES_NOT_CONFORM),
        (["TOPO-FDB"], "", Verdict.DOES_NOT_CONFORM),
        (["TOPO-RESULT", "CNI-GC"], "", Verdict.DOES_NOT_CONFORM),
    ],
)
def test_failure_weighs_as_much_as_its_requirements(
    item: pytest.Item, ids: list[str], version: str, expected: Verdict
) -> None:
    assert at_level(item, ids, version).verdict == expected


def test_recommendation_that_is_not_met_is_a_skip_of_its_own(item: pytest.Item) -> None:
    """pytest counts no failure; terminal and JUnit say what it is, and the report has it all."""
    outcome_ = at_level(item, ["CNI-GC"])
    vars(item).update(reportinfo=lambda: ("t.py", 6, "t"), user_properties=[])
    report = pytest.TestReport("t", ("t", 1, "t"), {}, "failed", "trace", "call")
    outcome._show(item, report, outcome_)
    vars(report)["podpath"] = TestResult("t", ("CNI-GC",), outcome_).values()

    assert (report.outcome, outcome_.text) == ("skipped", "all of it")
    assert report.longrepr == (
        "t.py",
        7,
        "Skipped: recommended, not met: left behind at leases",
    )
    assert item.user_properties == [("verdict", "recommended")]
    assert results.shown_as(report) == ("recommended", "r", "RECOMMENDED")
