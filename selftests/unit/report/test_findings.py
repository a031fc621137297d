"""What a run found, as the lines that it ends with."""

from typing import Any

from podpath.report import findings, words
from podpath.report.by_hand import Subject, Way
from podpath.report.document import About, TestResult, build
from podpath.report.outcome import Outcome, Verdict
from podpath.report.text import failure
from podpath.requirements import REQUIREMENTS, in_language

_RED = Verdict.DOES_NOT_CONFORM


def document(*results: TestResult, selected: bool = False) -> dict[str, Any]:
    return build(results, {"profile": "bridge"}, "1.2", About(selected=selected))


def red(test: str, *requirements: str) -> TestResult:
    head = f"{', '.join(requirements)}: saw 1400\nRequired: 1500"
    body = f"{head}\n\n  > node\n\nUsually: a typing mistake"
    return TestResult(test, requirements, Outcome(_RED, "saw 1400", body=body))


def texts(lines: Any) -> list[str]:
    return [text for text, _ in lines]


def test_failure_begins_with_what_was_seen() -> None:
    """With its styles, and the test that repeats it; of alike failures, the first one."""
    built = document(red("t::a", "TOPO-MTU"), red("t::b", "TOPO-MTU"))

    assert list(findings.failures(built, str.upper)) == [
        ("TOPO-MTU: saw 1400", "red"),
        ("Required: 1500", ""),
        ("", ""),
        ("  > node", "red"),
        ("", ""),
        ("Usually: a typing mistake", "yellow"),
        ("  in T::A, and 1 more", ""),
        ("", ""),
    ]


def test_later_failures_have_a_line_each() -> None:
    """The first three are shown as a whole; a test of two requirements, once."""
    ids = ("TOPO-MTU", "TOPO-MAC", "PATH-UDP", "PATH-ICMP")
    built = document(*(red(f"t::{i}", i) for i in ids), red("t::TOPO-MTU", "TOPO-MAC"))
    lines = texts(findings.failures(built, str))

    assert sum(line.startswith("Required") for line in lines) == 3
    assert all(sum(line.startswith(f"{i}: saw 1400") for line in lines) == 1 for i in ids)


def test_brief_failures_have_a_line_each() -> None:
    built = document(red("t::a", "TOPO-MTU"))

    assert texts(findings.failures(built, str, brief=True)) == ["TOPO-MTU: saw 1400", "  in t::a"]


def test_what_could_not_be_tested_is_told_once() -> None:
    tests = [{"test": f"t::{n}", "reason": "no room"} for n in range(3)]

    assert texts(findings.untested(tests, str)) == ["no room", "  in t::0, and 2 more"]


def test_few_requirements_of_a_selection_are_listed() -> None:
    """A whole run, and a long selection, are in the last line only."""
    good = [TestResult("t", (i,), Outcome(Verdict.CONFORMS)) for i in ("TOPO-MTU", "TOPO-MAC")]
    bad = red("t::a", "PATH-UDP")

    assert texts(findings.listed(document(*good))) == []
    listed = texts(findings.listed(document(*good, bad, selected=True)))
    assert [line.split()[:2] for line in listed] == [
        ["TOPO-MTU", "conforms"],
        ["TOPO-MAC", "conforms"],
    ]


def test_reasons_have_a_label_once() -> None:
    reasons = {Verdict.NOT_APPLICABLE: ["a", "b", "b"], Verdict.KNOWN_DEVIATION: ["c"]}

    assert texts(findings.folded(reasons)) == [
        "known deviation          1 test  c",
        "not applicable          2 tests  b",
        "                         1 test  a",
    ]


def test_usual_cause_of_a_lost_packet_is_another_one() -> None:
    """A bridge that floods loses nothing: the cause depends on what was seen, in any language."""
    one = REQUIREMENTS["PATH-BYSTANDER"]
    other = in_language(one, "zh")
    way = Way(words.say("look here"), stays=True)

    for lost, ours, theirs in (
        (False, one.usually, other.usually),
        (True, one.usually_lost, other.usually_lost),
    ):
        body = failure([one], "saw", "saw", way, Subject(), lost=lost)
        assert [f"Usually: {ours}"] == [t for t in body.splitlines() if t.startswith("Usually")]
        assert f"常见原因：{theirs}" in texts(findings.failure(body, "zh"))


def test_failure_is_told_in_chinese() -> None:
    """The requirement and its usual cause, but not what was seen: that is the kernel's."""
    one = REQUIREMENTS["TOPO-MTU"]
    other = in_language(one, "zh")
    way = Way(words.say("look here"), stays=True)
    body = failure([one], "saw 1400", "saw 1400", way, Subject())
    lines = texts(findings.failure(body, "zh"))

    assert lines[0] == "TOPO-MTU: saw 1400"
    assert f"要求：{other.sentence}" in lines
    assert f"常见原因：{other.usually}" in lines
    assert words.say("look here", "zh") in lines
    assert words.say("on purpose", "zh", id=one.id) in lines
    entry = document(red("t::a", "TOPO-MTU"))["requirements"]
    assert any(line.endswith(f"  {other.title}") for line in texts(findings.table(entry, "zh")))
