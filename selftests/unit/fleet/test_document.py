"""The report of a fleet: groups, disagreements, comparison, and its page."""

import re
from dataclasses import replace
from typing import Any

import pytest

from podpath.fleet import compare, document, page, text
from podpath.fleet.document import NodeResult

HOSTILE = "<script>alert(1)</script>"


def result(
    name: str, verdict: str = "conforms", kernel: str = "6.1", **verdicts: str
) -> NodeResult:
    """A node's result; verdicts of requirements with "_" for "-"."""
    by_id = {i.replace("_", "-"): v for i, v in ({"PATH_ICMP": "conforms"} | verdicts).items()}
    reasons = {i: f"{i} at {HOSTILE}" for i, v in by_id.items() if v == "does not conform"}
    return NodeResult(name, verdict, "", 9.5, {"kernel": kernel}, by_id, reasons, "sha256:0")


def fleet(*results: NodeResult, complete: bool = True) -> dict[str, Any]:
    about = {"podpath": "1.0", "requests": {"list_node": 1}}
    return document.build(results, "2026-03-01T12:00:00+00:00", about, complete=complete)


BAD = result("c", "does not conform", "6.2", PATH_ICMP="does not conform")
LATE = NodeResult("d", "could not test", f"its pod is Pending {HOSTILE}")


@pytest.mark.parametrize(
    ("results", "complete", "verdict"),
    [
        ((result("a"),), True, "conforms"),
        ((result("a"), LATE), True, "could not test"),
        ((result("a"), LATE, BAD), True, "does not conform"),
        ((result("a"),), False, "could not test"),
        ((BAD,), False, "does not conform"),
        ((), True, "could not test"),
    ],
)
def test_verdict_is_the_worst(
    results: tuple[NodeResult, ...], complete: bool, verdict: str
) -> None:
    """A run that was broken off, or had no nodes, does not conform by having nothing against it."""
    assert fleet(*results, complete=complete)["verdict"] == verdict


def test_nodes_are_grouped_by_what_differs() -> None:
    """Those that need attention come first; facts that all share are not named."""
    groups = document.groups(fleet(result("a"), result("b"), BAD, LATE, result("e", kernel="6.2")))

    assert [(g.nodes, dict(g.facts)) for g in groups] == [
        (("c",), {"kernel": "6.2"}),
        (("d",), {}),
        (("a", "b"), {"kernel": "6.1"}),
        (("e",), {"kernel": "6.2"}),
    ]
    assert document.groups(fleet(result("a"), result("b")))[0].facts == {}


def test_selected_tests_are_no_whole_suite() -> None:
    """As with --quick."""
    quick = replace(result("a"), selected=True)

    assert text.verdict(fleet(quick)).startswith("podpath fleet: OF WHAT WAS RUN, CONFORMS   1 ")


def test_disagreements_name_nodes() -> None:
    assert document.disagreements(fleet(result("a"), BAD, LATE)) == {
        "PATH-ICMP": {"conforms": ["a"], "does not conform": ["c"]}
    }


def test_edited_report_is_recognised() -> None:
    report = fleet(BAD)
    report["nodes"][0]["verdict"] = "conforms"

    assert document.problems(report) == ["it was edited: its digest does not fit"]
    assert document.problems({}) == ["it is no FleetReport of the format podpath/fleet-v1"]
    assert document.problems(fleet(BAD)) == []


@pytest.mark.parametrize(
    ("old", "new", "worse", "line"),
    [
        ([result("a")], [result("a")], False, "nothing changed"),
        ([result("c")], [BAD], True, "c: conforms -> does not conform"),
        ([BAD], [result("c")], False, "c: does not conform -> conforms"),
        ([result("a")], [], False, "a: conforms -> absent"),
        ([], [BAD], True, "c: absent -> does not conform"),
        ([], [result("a")], False, "a: absent -> conforms"),
        ([result("d")], [LATE], True, "d: conforms -> could not test"),
        ([result("a")], [result("a", kernel="6.3")], False, "kernel: 6.1 -> 6.3"),
    ],
)
def test_comparison(old: list[NodeResult], new: list[NodeResult], worse: bool, line: str) -> None:
    changes = compare.of(fleet(*old), fleet(*new))

    assert (changes.worse, line in text.comparison(changes)) == (worse, True)


def test_page_shows_a_thousand_nodes_and_escapes_all() -> None:
    """One mark a node; what a plugin or a node says is text."""
    report = fleet(*(result(f"n{i:04}") for i in range(998)), BAD, LATE)
    rendered = page.render(report)

    assert len(re.findall(r'<li class="[a-z-]+" title="', rendered)) == 1000
    assert HOSTILE not in rendered
    assert rendered.count("&lt;script&gt;") >= 2
    assert "n0000, n0001, n0002 and 995 more" in rendered
    assert "src=" not in rendered
