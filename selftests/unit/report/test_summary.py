"""What a CI and a badge show of a report."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from podpath import cli
from podpath.errors import COULD_NOT_TEST_STATUS
from podpath.nodes.embedded.kind import Embedded
from podpath.report import compare, summary, verify
from podpath.report.document import VERSION, About, TestResult, build, write
from podpath.report.outcome import Outcome, Verdict
from podpath.requirements import REQUIREMENTS

Capture = pytest.CaptureFixture[str]


def document(**verdicts: Verdict) -> dict[str, Any]:
    """A report: requirement, "_" for "-" -> verdict; each says a hostile reason."""
    reason = "could not test: 50%, | `x`\n::error::x"
    results = [
        TestResult("t", (i.replace("_", "-"),), Outcome(v, reason)) for i, v in verdicts.items()
    ]
    about = About(command="pytest --podpath-seed 7", abilities=Embedded.abilities)
    return build(results, {"profile": "bridge", "node": "embedded"}, "1.2", about)


def test_summary_has_results_and_what_to_look_at() -> None:
    """Not what conforms."""
    told = document(
        PATH_ICMP=Verdict.CONFORMS,
        PATH_UDP=Verdict.DOES_NOT_CONFORM,
        LIFE_REUSE=Verdict.KNOWN_DEVIATION,
        CNI_GC=Verdict.RECOMMENDED,
    )
    lines = summary.markdown(told).splitlines()

    assert lines[0] == "## podpath, profile bridge: ❌ failure"
    assert "| PATH | ❌ failure | 1 conforms, 1 does not conform, 10 not run |" in lines
    assert "| K8S | ⚪ not applicable | 4 not applicable |" in lines
    assert [line.split("`")[1] for line in lines if line.startswith("| `")] == [
        "PATH-UDP",
        "LIFE-REUSE",
        "CNI-GC",
    ]
    assert "### Recommended, not met (1)" in lines
    assert "Repeat it: `pytest --podpath-seed 7`" in lines
    assert lines[-1] == f"Digest of the report: `{told['digest']}`"


def test_requirements_that_were_not_run_are_listed_under_their_cause() -> None:
    """Each cause once, with the requirements; those without a test have no cause."""
    finding = Outcome(Verdict.DOES_NOT_CONFORM, "ADD failed")
    not_run = Outcome(Verdict.NOT_RUN, "no pod could be made, see LIFE-ADD", follows="LIFE-ADD")
    results = [
        TestResult("t::own", ("LIFE-ADD",), finding),
        TestResult("t::a", ("TOPO-MTU",), not_run),
        TestResult("t::b", ("PATH-ICMP",), not_run),
    ]
    built = build(results, {"profile": "bridge", "node": "embedded"}, "1.2")
    line = "not run: no pod could be made, see LIFE-ADD: TOPO-MTU, PATH-ICMP"

    assert built["verdict"] == Verdict.DOES_NOT_CONFORM
    assert summary.consequences(built) == [line]
    assert f"- {compare.plain(line)}" in summary.markdown(built).splitlines()
    assert [test.get("follows") for one in built["requirements"] for test in one["tests"]] == [
        "LIFE-ADD",
        "LIFE-ADD",
        None,
    ]
    assert verify.problems(built) == []


def test_markdown_has_no_markup_of_others() -> None:
    """Names of groups and features come from the file, and may be anything."""
    told = document(PATH_ICMP=Verdict.CONFORMS)
    named = {"name": "[x](https://evil.example) <img> www.evil.example", "result": "success"}
    hostile = {**named, "counts": {}, "reason": "", "groups": [{**named, "counts": {}}]}
    profiles = [{**hostile, "features": [hostile]}]
    text = summary.markdown({**told, "profiles": profiles, "groups": [{**named, "counts": {}}]})
    compared = compare.markdown(compare.of(told, {**told, "profiles": profiles}))

    for markdown in (text, compared):
        assert "evil" in markdown
        for markup in ("[x]", "<img>", "https://", "www."):
            assert markup not in markdown


def test_annotations_tell_what_fails_first_and_are_commands_of_ours_alone() -> None:
    """One line each, whatever a plugin says."""
    lines = list(
        summary.annotations(
            document(
                CNI_GC=Verdict.RECOMMENDED,
                PATH_ICMP=Verdict.COULD_NOT_TEST,
                PATH_UDP=Verdict.DOES_NOT_CONFORM,
            )
        )
    )

    assert [line.partition("::")[2].partition("::")[0] for line in lines] == [
        "error title=PATH-UDP does not conform",
        "warning title=PATH-ICMP could not test",
        "notice title=CNI-GC recommended",
    ]
    assert all("\n" not in line and "50%25, | `x`" in line for line in lines)
    assert lines[1].startswith(
        f"::warning title=PATH-ICMP could not test::{REQUIREMENTS['PATH-ICMP'].sentence}%0A"
    )


def test_annotations_are_few() -> None:
    """GitHub shows ten of a step."""
    names = [i.replace("-", "_") for i, r in REQUIREMENTS.items() if Embedded.can_test(r)]
    lines = list(summary.annotations(document(**dict.fromkeys(names, Verdict.DOES_NOT_CONFORM))))

    assert len(lines) == 11
    assert lines[-1] == (
        f"::notice title=podpath::and {len(names) - 10} more requirements, see the report"
    )


def test_part_that_was_run_is_said_everywhere() -> None:
    """In the job summary, on the badge, and with the verdict."""
    about = About(selected=True, abilities=Embedded.abilities)
    told = [TestResult("t", ("PATH-ICMP",), Outcome(Verdict.CONFORMS))]
    built = build(told, {"profile": "bridge", "node": "embedded"}, "1.2", about)
    part = f"f what was run: tests of 1 of {len(REQUIREMENTS)} requirements"

    assert summary.of_run(built) == f"conforms, o{part}"
    assert summary.markdown(built).splitlines()[0] == f"**O{part}.**"
    text = f"podpath bridge: partial, of what was run: 1 of 1, {_APPLY - 1} not run"
    assert text in summary.badge(built)


_APPLY = len([r for r in REQUIREMENTS.values() if Embedded.can_test(r)])
_REST = f"{_APPLY - 1} not run"


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        ({"PATH_ICMP": Verdict.CONFORMS}, f"podpath bridge: partial, 1 of 1, {_REST}"),
        ({"PATH_ICMP": Verdict.DOES_NOT_CONFORM}, f"podpath bridge: failure, 0 of 1, {_REST}"),
        (
            {"PATH_ICMP": Verdict.CONFORMS, "LIFE_REUSE": Verdict.KNOWN_DEVIATION},
            f"podpath bridge: partial, 1 of 1, 1 known deviation, {_APPLY - 2} not run",
        ),
    ],
)
def test_badge_says_how_much_conforms(verdicts: dict[str, Verdict], said: str) -> None:
    """Of what was judged, as the last line of a run does; the rest of what applies follows."""
    svg = ElementTree.fromstring(summary.badge(document(**verdicts)))

    assert svg.get("aria-label") == said
    assert " ".join(t.text or "" for t in svg.iter("{http://www.w3.org/2000/svg}text")) == (
        said.replace(": ", " ")
    )


def test_badge_of_a_run_without_a_profile() -> None:
    assert "podpath: not run" in summary.badge(build([], {}, "1.2"))


def test_command_shows_to_ci(capsys: Capture, tmp_path: Path) -> None:
    write(tmp_path, document(PATH_UDP=Verdict.DOES_NOT_CONFORM))

    assert cli.main(["report", "show", "--markdown", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("## podpath")
    assert cli.main(["report", "show", "--annotations", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("::error title=PATH-UDP")
    assert cli.main(["report", "badge", str(tmp_path), "-o", str(tmp_path / "b.svg")]) == 0
    assert (tmp_path / "b.svg").read_text().startswith("<svg")


@pytest.mark.parametrize(
    "action",
    [("show",), ("show", "--markdown"), ("verify",), ("badge", "-o", "x"), ("render", "-ox")],
)
def test_report_of_another_version_is_refused(
    capsys: Capture, tmp_path: Path, action: tuple[str, ...]
) -> None:
    """Each action names both versions."""
    old = {"apiVersion": "podpath/v1", "kind": "ConformanceReport", "requirements": []}
    (tmp_path / "report.json").write_text(json.dumps(old))

    assert cli.main(["report", *action, str(tmp_path)]) == COULD_NOT_TEST_STATUS
    told = capsys.readouterr().err
    assert "'podpath/v1'" in told
    assert f"reads '{VERSION}' only" in told
