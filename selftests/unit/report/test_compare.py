"""Two reports: what a release manager is told of them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from podpath import cli
from podpath.report import compare, document
from podpath.report.compare import FIXED, GONE, LOST, NEW, OTHERWISE, REGRESSED, Change
from podpath.report.document import About, TestResult
from podpath.report.outcome import Outcome, Verdict


def written(*told: tuple[str, str, Verdict], **facts: str) -> dict[str, Any]:
    """A report of tests: (name, requirement, verdict)."""
    results = [TestResult(name, (of,), Outcome(verdict, "why")) for name, of, verdict in told]
    return document.build(results, {"profile": "bridge", **facts}, "1.2")


@pytest.mark.parametrize(
    ("was", "is_", "kind"),
    [
        (Verdict.CONFORMS, Verdict.CONFORMS, ""),
        (Verdict.CONFORMS, Verdict.DOES_NOT_CONFORM, REGRESSED),
        (Verdict.CONFORMS, Verdict.KNOWN_DEVIATION, REGRESSED),
        (Verdict.KNOWN_DEVIATION, Verdict.DOES_NOT_CONFORM, REGRESSED),
        (Verdict.NOT_APPLICABLE, Verdict.DOES_NOT_CONFORM, REGRESSED),
        (Verdict.COULD_NOT_TEST, Verdict.DOES_NOT_CONFORM, REGRESSED),
        (Verdict.CONFORMS, Verdict.COULD_NOT_TEST, LOST),
        (Verdict.DOES_NOT_CONFORM, Verdict.COULD_NOT_TEST, LOST),
        (Verdict.DOES_NOT_CONFORM, Verdict.CONFORMS, FIXED),
        (Verdict.KNOWN_DEVIATION, Verdict.CONFORMS, FIXED),
        (Verdict.NOT_RUN, Verdict.CONFORMS, NEW),
        (Verdict.NOT_RUN, Verdict.DOES_NOT_CONFORM, NEW),
        (Verdict.CONFORMS, Verdict.NOT_RUN, GONE),
        (Verdict.COULD_NOT_TEST, Verdict.CONFORMS, OTHERWISE),
        (Verdict.CONFORMS, Verdict.NOT_APPLICABLE, OTHERWISE),
        (Verdict.CONFORMS, Verdict.RECOMMENDED, OTHERWISE),
        (Verdict.DOES_NOT_CONFORM, Verdict.RECOMMENDED, OTHERWISE),
        (Verdict.RECOMMENDED, Verdict.CONFORMS, FIXED),
        (Verdict.RECOMMENDED, Verdict.DOES_NOT_CONFORM, REGRESSED),
        (Verdict.RECOMMENDED, Verdict.COULD_NOT_TEST, LOST),
        (Verdict.NOT_RUN, Verdict.RECOMMENDED, NEW),
        (Verdict.DOES_NOT_CONFORM, Verdict.KNOWN_DEVIATION, OTHERWISE),
    ],
)
def test_kind_of_a_change(was: str, is_: str, kind: str) -> None:
    assert Change("x", was, is_).kind == kind


@pytest.mark.parametrize("verdict", Verdict)
def test_equal_reports_do_not_differ(verdict: Verdict) -> None:
    """Whatever they say; the seed is of one run."""
    told = ("t::one", "PATH-ICMP", verdict)
    found = compare.of(written(told, seed="1"), written(told, seed="2"))

    assert not found.worse
    assert compare.text(found) == "no verdict differs"
    assert compare.markdown(found) == "No verdict differs."


def test_each_change_is_told_once_by_requirement_and_test() -> None:
    """Also a test that regressed in a requirement that did not conform before."""
    old = written(
        ("here/t.py::a", "PATH-ICMP", Verdict.CONFORMS),
        ("here/t.py::b", "PATH-UDP", Verdict.DOES_NOT_CONFORM),
        ("here/t.py::c", "PATH-UDP", Verdict.CONFORMS),
        ("here/t.py::d", "PATH-SIZE", Verdict.CONFORMS),
        ("here/t.py::e", "PATH-MTU", Verdict.CONFORMS),
        ("here/t.py::f", "PATH-MTU", Verdict.CONFORMS),
    )
    new = written(
        ("there/t.py::a", "PATH-ICMP", Verdict.DOES_NOT_CONFORM),
        ("there/t.py::b", "PATH-UDP", Verdict.CONFORMS),
        ("there/t.py::c", "PATH-UDP", Verdict.DOES_NOT_CONFORM),
        ("there/t.py::e", "PATH-MTU", Verdict.CONFORMS),
        ("there/t.py::g", "PATH-HTTP", Verdict.CONFORMS),
    )
    told = {
        kind: [(e.requirement.name, [t.name for t in e.tests]) for e in entries]
        for kind, entries in compare.of(old, new).entries.items()
        if entries
    }

    assert told == {
        REGRESSED: [("PATH-ICMP", ["t.py::a"]), ("PATH-UDP", ["t.py::c"])],
        LOST: [("PATH-SIZE", [])],
        NEW: [("PATH-HTTP", ["t.py::g"])],
        FIXED: [("PATH-UDP", ["t.py::b"])],
        GONE: [("PATH-SIZE", ["t.py::d"]), ("PATH-MTU", ["t.py::f"])],
    }


@pytest.mark.parametrize(
    ("was", "is_", "worse"),
    [
        (Verdict.CONFORMS, Verdict.DOES_NOT_CONFORM, True),
        (Verdict.CONFORMS, Verdict.COULD_NOT_TEST, True),
        (Verdict.CONFORMS, None, True),
        (None, Verdict.DOES_NOT_CONFORM, True),
        (None, Verdict.CONFORMS, False),
        (Verdict.DOES_NOT_CONFORM, Verdict.CONFORMS, False),
        (Verdict.DOES_NOT_CONFORM, Verdict.DOES_NOT_CONFORM, False),
    ],
)
def test_what_a_release_should_wait_for(
    was: Verdict | None, is_: Verdict | None, worse: bool
) -> None:
    """What is new and fails is such, too; what failed before is known."""
    old, new = (written(*([("t", "PATH-ICMP", v)] if v else [])) for v in (was, is_))

    assert compare.of(old, new).worse is worse


@pytest.mark.parametrize("was", [Verdict.CONFORMS, Verdict.NOT_RUN, Verdict.KNOWN_DEVIATION])
def test_recommendation_that_is_not_met_holds_up_no_release(was: Verdict) -> None:
    """It is shown, with the reason."""
    changes = [written(("t::one", "CNI-GC", verdict)) for verdict in (was, Verdict.RECOMMENDED)]
    comparison = compare.of(*changes)
    lines = compare.text(comparison).splitlines()

    assert not comparison.worse
    assert f"  CNI-GC  {was} -> recommended" in lines
    assert "    why" in lines


def test_what_was_tested_is_compared_too() -> None:
    """Another plugin's verdicts say nothing of this one."""
    plugin = {"name": "bridge", "path": "b", "origin": "?"}
    reports = [
        document.build(
            [],
            {"kernel": kernel, "machine": "x86_64"},
            "1.2",
            About(configuration={"plugins": [{**plugin, "sha256": checksum}]}),
        )
        for kernel, checksum in (("6.1", "aa"), ("6.18", "bb"))
    ]
    found = compare.of(*reports)

    assert found.facts == {"kernel": ("6.1", "6.18"), "plugin bridge, sha256": ("aa", "bb")}
    assert "  kernel\n    - 6.1\n    + 6.18" in compare.text(found)


def test_markdown_leaves_what_a_plugin_says_as_it_is() -> None:
    """No table, link or tag of its own."""
    new = [TestResult("t", ("PATH-ICMP",), Outcome(Verdict.COULD_NOT_TEST, "a | <b> [c](d)\n@e"))]
    text = compare.markdown(compare.of(written(), document.build(new, {}, "1.2")))
    (row,) = (line for line in text.splitlines() if "PATH-ICMP" in line)

    assert row == (r"| `PATH-ICMP` | not run | could not test | 1 | a \| \<b\> \[c\]\(d\) |")
    assert len(re.findall(r"(?<!\\)\|", row)) == 6


def test_command_compares(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """As text, JSON and Markdown; the exit status says whether to wait."""
    for name, verdict in (("old", Verdict.CONFORMS), ("new", Verdict.DOES_NOT_CONFORM)):
        document.write(tmp_path / name, written(("t", "PATH-ICMP", verdict)))
    old, new = str(tmp_path / "old"), str(tmp_path / "new")

    assert cli.main(["report", "compare", old, new]) == 1
    assert "regressed (1)\n  PATH-ICMP  conforms -> does not conform\n" in capsys.readouterr().out
    assert cli.main(["report", "compare", new, old]) == 0
    assert capsys.readouterr().out.startswith("fixed (1)\n")
    assert cli.main(["report", "compare", "--json", old, new]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["worse"], told[REGRESSED][0]["requirement"]) == (True, "PATH-ICMP")
    assert cli.main(["report", "compare", "--markdown", old, new]) == 1
    assert "### Regressed (1)" in capsys.readouterr().out


def test_feature_that_a_report_lacks_was_not_run() -> None:
    told = ("t::one", "PATH-ICMP", Verdict.CONFORMS)
    new = {**written(told), "profiles": [{"features": [{"name": "core", "result": "success"}]}]}
    emptied = {**new, "profiles": [{"features": []}]}

    assert compare.of(new, emptied).features == {"core": ("success", Verdict.NOT_RUN)}
