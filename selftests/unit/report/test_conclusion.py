"""The verdict of a run in one line."""

import re
from typing import Any

import pytest

from podpath.nodes.embedded.kind import Embedded
from podpath.report import conclusion
from podpath.report.document import About, TestResult, build
from podpath.report.outcome import Outcome, Verdict
from podpath.requirements import REQUIREMENTS

_APPLY = [i for i, r in REQUIREMENTS.items() if Embedded.can_test(r)]
_ABSENT = len(REQUIREMENTS) - len(_APPLY)


def document(**some: Verdict) -> Any:
    """A report in which all requirements conform but some."""
    return built(dict.fromkeys(_APPLY, Verdict.CONFORMS), some)


def part(*, broken_off: bool = False, **some: Verdict) -> Any:
    """A report of some requirements, which the user selected, or after which the run ended."""
    return built({}, some, broken_off=broken_off, selected=not broken_off)


def built(
    verdicts: dict[str, Verdict],
    some: dict[str, Verdict],
    *,
    broken_off: bool = False,
    selected: bool = False,
) -> Any:
    verdicts |= {name.replace("_", "-"): verdict for name, verdict in some.items()}
    results = [TestResult(f"t::{i}", (i,), Outcome(v, "it")) for i, v in verdicts.items()]
    about = About(broken_off=broken_off, selected=selected, abilities=Embedded.abilities)
    return build(results, {"profile": "bridge", "node": "embedded"}, "1.2", about)


@pytest.mark.parametrize(
    ("some", "line", "status"),
    [
        (
            {},
            f"CONFORMS   {len(_APPLY)} of {len(_APPLY)} requirements; {_ABSENT} not applicable",
            0,
        ),
        (
            {
                "LIFE_REUSE": Verdict.KNOWN_DEVIATION,
                "CNI_GC": Verdict.RECOMMENDED,
                "CNI_STATUS": Verdict.RECOMMENDED,
            },
            f"CONFORMS   {len(_APPLY) - 3} of {len(_APPLY) - 3} requirements; 1 known deviation,"
            f" 2 recommendations not met, {_ABSENT} not applicable",
            0,
        ),
        (
            {"TOPO_MTU": Verdict.DOES_NOT_CONFORM, "PATH_SIZE": Verdict.DOES_NOT_CONFORM},
            f"DOES NOT CONFORM   TOPO-MTU, PATH-SIZE   2 of {len(_APPLY)}; could not test: 0",
            1,
        ),
        (
            {"TOPO_MTU": Verdict.DOES_NOT_CONFORM, "PATH_MTU": Verdict.COULD_NOT_TEST},
            f"DOES NOT CONFORM   TOPO-MTU   1 of {len(_APPLY)}; could not test: 1",
            1,
        ),
        (
            {"PATH_MTU": Verdict.COULD_NOT_TEST},
            f"COULD NOT TEST   PATH-MTU   1 of {len(_APPLY)}; the others conform",
            6,
        ),
    ],
)
def test_verdict_of_a_whole_run(some: dict[str, Verdict], line: str, status: int) -> None:
    concluded = conclusion.of(document(**some))

    assert (concluded.line, concluded.status) == (line, status)


def test_verdict_of_a_selection_is_of_what_was_run() -> None:
    """A good one. A bad one is as bad as that of a whole run."""
    of_all = len(REQUIREMENTS)
    good = conclusion.of(part(PATH_ICMP=Verdict.CONFORMS))
    bad = conclusion.of(part(PATH_ICMP=Verdict.DOES_NOT_CONFORM))

    assert good.line == (
        f"OF WHAT WAS RUN, CONFORMS   1 of 1 requirement; {_ABSENT} not applicable,"
        f" {of_all - _ABSENT - 1} not run"
    )
    assert bad.line == (
        f"DOES NOT CONFORM   PATH-ICMP   1 of 1; could not test: 0; {of_all - _ABSENT - 1} not run"
    )
    assert (good.status, bad.status) == (0, 1)


def test_numbers_of_a_verdict_add_up_to_all_requirements() -> None:
    """Those that were judged, and those beside them, however the run was selected."""
    known = Verdict.KNOWN_DEVIATION
    whole = conclusion.of(document(TOPO_MTU=known, CNI_GC=Verdict.RECOMMENDED))
    selected = conclusion.of(part(PATH_ICMP=Verdict.CONFORMS, TOPO_MTU=known))

    for text in (whole.text, selected.text):
        judged, aside = text.split(";")
        numbers = [int(number) for number in re.findall(r"\d+", aside)]
        assert int(judged.split()[2]) + sum(numbers) == len(REQUIREMENTS), text


def test_requirements_that_another_finding_keeps_from_running_are_not_judged() -> None:
    """They have tests, and count with those that were not run."""
    follows = {i.replace("-", "_"): Verdict.NOT_RUN for i in _APPLY if i != "LIFE-ADD"}
    concluded = conclusion.of(document(LIFE_ADD=Verdict.DOES_NOT_CONFORM, **follows))

    assert concluded.text == f"LIFE-ADD   1 of 1; could not test: 0; {len(follows)} not run"


def test_run_that_was_broken_off_is_no_verdict() -> None:
    """Unless something does not conform by then."""
    none = conclusion.of(part(broken_off=True))
    good = conclusion.of(part(broken_off=True, PATH_ICMP=Verdict.CONFORMS))
    known = conclusion.of(part(broken_off=True, PATH_ICMP=Verdict.KNOWN_DEVIATION))
    bad = conclusion.of(part(broken_off=True, PATH_ICMP=Verdict.DOES_NOT_CONFORM))

    assert none.line == (
        f"COULD NOT TEST   broken off: 0 of {len(REQUIREMENTS)} requirements were begun"
    )
    assert (good.words, good.status) == ("COULD NOT TEST", 6)
    assert good.text == f"broken off: 1 of {len(REQUIREMENTS)} requirements were begun"
    assert (known.status, known.line) == (good.status, good.line)
    assert bad.line.endswith("not run; broken off")


def test_many_requirements_are_counted() -> None:
    """The first five are named."""
    names = [i.replace("-", "_") for i in _APPLY]
    concluded = conclusion.of(document(**dict.fromkeys(names, Verdict.DOES_NOT_CONFORM)))

    assert f"{', '.join(_APPLY[:5])} and {len(_APPLY) - 5} more   " in concluded.text


def test_run_of_no_test_has_no_verdict() -> None:
    assert conclusion.of(build([], {}, "1.2")).words == "NOT RUN"


def test_verdict_is_said_in_chinese() -> None:
    """Ids stay."""
    whole = conclusion.of(document(TOPO_MTU=Verdict.DOES_NOT_CONFORM), "zh")

    assert whole.line == f"不符合   TOPO-MTU   1/{len(_APPLY)}；无法测试：0"
