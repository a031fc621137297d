"""The rules by which the fault matrix is judged."""

from dataclasses import replace
from typing import Any

import pytest

from podpath.report.outcome import Verdict
from podpath.system import drops
from selftests.faults import matrix
from selftests.faults.fault import Fault
from selftests.suite import Run

FAULT = Fault(
    name="a fault",
    source="own",
    reds={"TOPO-MTU": "saw 1400"},
    follows=frozenset({"PATH-MTU"}),
    untestable=frozenset({"PATH-ICMP"}),
)
HEALTHY = Fault(name="healthy", source="", reds={})


def ended(status: int, output: str = "", **verdicts: tuple[str, str]) -> Run:
    """A run in which each requirement, with _ for -, has a verdict and a reason."""
    told: list[dict[str, Any]] = [
        {"id": i.replace("_", "-"), "verdict": verdict, "tests": [{"reason": reason}]}
        for i, (verdict, reason) in verdicts.items()
    ]
    return Run(status, output, {"requirements": told})


CAUGHT = (Verdict.DOES_NOT_CONFORM, "MTU: expected 1500, saw 1400")
GREEN = (Verdict.CONFORMS, "")


def test_fault_that_is_caught() -> None:
    row = matrix.row(FAULT, ended(1, TOPO_MTU=CAUGHT, TOPO_MAC=GREEN))

    assert row.wrong == {}
    assert row.proofs == {"TOPO-MTU": "MTU: expected 1500, saw 1400"}
    assert (row.mark("TOPO-MTU"), row.mark("TOPO-MAC"), row.mark("TOPO-FDB")) == ("●", "·", " ")


def test_declared_consequences_are_allowed() -> None:
    follows = (Verdict.DOES_NOT_CONFORM, "missing hop")
    untestable = (Verdict.COULD_NOT_TEST, "network is down")
    row = matrix.row(FAULT, ended(1, TOPO_MTU=CAUGHT, PATH_MTU=follows, PATH_ICMP=untestable))

    assert row.wrong == {}
    assert (row.mark("PATH-MTU"), row.mark("PATH-ICMP")) == ("○", "?")


def test_tests_may_be_kept_from_running_where_they_may_be_red_or_untestable() -> None:
    not_run = (Verdict.NOT_RUN, "no pod could be made, see TOPO-MTU")
    row = matrix.row(FAULT, ended(1, TOPO_MTU=CAUGHT, PATH_MTU=not_run, PATH_ICMP=not_run))

    assert row.wrong == {}
    assert (row.mark("PATH-MTU"), row.mark("PATH-ICMP")) == ("○", "○")
    of_another = (Verdict.NOT_RUN, "no pod could be made, see LIFE-ADD")
    assert set(matrix.row(FAULT, ended(1, TOPO_MTU=CAUGHT, TOPO_MAC=of_another)).wrong) == {
        "TOPO-MAC"
    }
    assert matrix.row(FAULT, ended(1, TOPO_MTU=CAUGHT, TOPO_MAC=not_run)).wrong == {}


def test_tests_may_be_told_under_what_is_told_itself() -> None:
    """The chain must end at a requirement that must turn red."""
    mac = (Verdict.NOT_RUN, f"{Verdict.NOT_RUN}: the path differs already, see TOPO-FDB")
    fdb = (Verdict.NOT_RUN, f"{Verdict.NOT_RUN}: a link drops it, see TOPO-MTU")
    other = (Verdict.NOT_RUN, f"{Verdict.NOT_RUN}: no pod could be made, see LIFE-ADD")
    apart = (fdb[0], f"{fdb[1]}\n{Verdict.NOT_APPLICABLE}: it is not there, see CNI-CHECK")

    def wrong(**verdicts: tuple[str, str]) -> set[str]:
        return set(matrix.row(FAULT, ended(1, "", TOPO_MTU=CAUGHT, **verdicts)).wrong)

    assert wrong(TOPO_MAC=mac, TOPO_FDB=fdb) == set()
    assert wrong(TOPO_MAC=mac, TOPO_FDB=apart) == set()
    assert wrong(TOPO_MAC=mac, TOPO_FDB=other) == {"TOPO-MAC", "TOPO-FDB"}
    assert wrong(TOPO_MAC=mac) == {"TOPO-MAC"}


def test_consequence_must_be_told_under_its_cause() -> None:
    """Not red itself, and not green: its test ran into the fault."""
    fault = replace(FAULT, under={"PATH-MTU": "TOPO-MTU"})
    for reason, wrong in (
        ((Verdict.NOT_RUN, "a link drops it, see TOPO-MTU"), set()),
        ((Verdict.NOT_RUN, "no pod, see LIFE-ADD"), {"PATH-MTU"}),
        ((Verdict.DOES_NOT_CONFORM, "missing hop"), {"PATH-MTU"}),
        (GREEN, {"PATH-MTU"}),
    ):
        row = matrix.row(fault, ended(1, TOPO_MTU=CAUGHT, PATH_MTU=reason))
        assert set(row.wrong) == wrong


@pytest.mark.parametrize("has_record", [True, False])
def test_kernel_without_a_record_of_drops_tells_nothing_under_hooks(
    has_record: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = replace(FAULT, reds={"TOPO-HOOKS": "clsact"}, under={"PATH-ICMP": "TOPO-HOOKS"})
    monkeypatch.setattr(drops, "recorder", lambda: object() if has_record else None)
    hooks, missing = ((Verdict.DOES_NOT_CONFORM, text) for text in ("clsact", "missing hop"))

    row = matrix.row(fault, ended(1, TOPO_HOOKS=hooks, PATH_ICMP=missing))
    assert set(row.wrong) == ({"PATH-ICMP"} if has_record else set())


def test_consequences_that_need_no_declaration() -> None:
    """What looks at the same again may turn red as well, unless it is named as near."""
    follows = (Verdict.DOES_NOT_CONFORM, "wired another way")
    run = ended(1, TOPO_MTU=CAUGHT, LIFE_PARALLEL=follows)

    assert matrix.row(FAULT, run).wrong == {}
    near = replace(FAULT, near=frozenset({"LIFE-PARALLEL"}))
    assert set(matrix.row(near, run).wrong) == {"LIFE-PARALLEL"}


def test_what_is_wrong() -> None:
    """Missed, red for another reason, red without being declared, not run, not told by status."""
    other = (Verdict.DOES_NOT_CONFORM, "saw 9000")
    untold = (Verdict.COULD_NOT_TEST, "network is down")

    assert set(matrix.row(FAULT, ended(0, TOPO_MTU=GREEN)).wrong) == {"TOPO-MTU"}
    assert set(matrix.row(FAULT, ended(1, TOPO_MTU=other)).wrong) == {"TOPO-MTU"}
    assert set(matrix.row(FAULT, ended(6, TOPO_MTU=untold)).wrong) == {"TOPO-MTU"}
    assert set(matrix.row(FAULT, ended(1, TOPO_MTU=CAUGHT, TOPO_MAC=other)).wrong) == {"TOPO-MAC"}
    assert set(matrix.row(FAULT, ended(1, PATH_MTU=other)).wrong) == {"TOPO-MTU"}
    assert set(matrix.row(FAULT, ended(0, TOPO_MTU=CAUGHT)).wrong) == {"status"}
    assert set(matrix.row(FAULT, ended(1, "Traceback", TOPO_MTU=CAUGHT)).wrong) == {"output"}


def test_recommendation_must_not_be_met_where_a_fault_is_about_it() -> None:
    """It is never red; others may miss those that the reference plugins do not meet either."""
    gc = replace(FAULT, reds={"CNI-GC": "left"})
    missed = (Verdict.RECOMMENDED, "left behind")

    row = matrix.row(gc, ended(0, CNI_GC=missed))
    assert (row.wrong, row.mark("CNI-GC")) == ({}, "●")
    assert set(matrix.row(gc, ended(1, CNI_GC=CAUGHT)).wrong) == {"CNI-GC"}
    assert matrix.row(HEALTHY, ended(0, CNI_GC=missed)).wrong == {}
    assert matrix.row(replace(HEALTHY, near=frozenset({"CNI-GC"})), ended(0, CNI_GC=missed)).wrong
    assert matrix.row(HEALTHY, ended(0, CNI_DELEGATE_ERROR=missed)).wrong


def test_false_red_on_a_healthy_plugin() -> None:
    row = matrix.row(HEALTHY, ended(1, TOPO_MTU=CAUGHT, TOPO_MAC=GREEN))

    assert set(row.wrong) == {"TOPO-MTU"}
    assert "1 false reds on 1 healthy plugins" in matrix.summary([row])


def test_healthy_plugin_must_be_testable() -> None:
    assert matrix.row(HEALTHY, ended(6, TOPO_MTU=(Verdict.COULD_NOT_TEST, "why"))).wrong


def test_summary_counts_what_was_caught() -> None:
    caught = matrix.row(FAULT, ended(1, TOPO_MTU=CAUGHT))
    missed = matrix.row(FAULT, ended(0, TOPO_MTU=GREEN))

    assert matrix.summary([caught, missed])[0].startswith("1 of 2 faults caught")
    assert any(line.startswith("not proven: TOPO-NETNS-NAME") for line in matrix.summary([caught]))


@pytest.mark.parametrize(
    ("sentence", "wrong", "counted"),
    [
        pytest.param("dropped: a tc filter", {}, "1 of 1 faults: 1 of 1 sentences", id="true"),
        pytest.param("dropped: no route", {"cause"}, "0 of 1 faults: 0 of 1 sentences", id="wrong"),
        pytest.param("", {}, "0 of 1 faults: 0 of 0 sentences", id="none"),
    ],
)
def test_reason_of_a_loss_is_the_faults_or_none(
    sentence: str, wrong: set[str], counted: str
) -> None:
    """A kernel may give no reason, but never another one."""
    run = ended(1, TOPO_MTU=CAUGHT)
    losses = [{"sentence": sentence}] if sentence else []
    run.report["requirements"][0]["tests"][0]["evidence"] = [{"losses": losses}, {}]
    row = matrix.row(replace(FAULT, cause="a tc filter"), run)

    assert row.wrong.keys() == set(wrong)
    assert any(f"for {counted} are true" in line for line in matrix.summary([row]))


def test_affected_requirements_are_selected() -> None:
    """Faults of wiring are tried on all wiring; others on what they are about, and a few more."""
    life = Fault(name="life", source="own", reds={"LIFE-DELETE": "left"})

    assert "TOPO-FDB" in matrix.wanted(FAULT, complete=False)
    assert "LIFE-CHURN" not in matrix.wanted(FAULT, complete=False)
    assert matrix.wanted(life, complete=False) >= {"LIFE-DELETE", "PATH-ICMP"}
    assert "TOPO-FDB" not in matrix.wanted(life, complete=False)
    assert len(matrix.wanted(life, complete=True)) > 30


def test_row_survives_its_way_to_the_controller() -> None:
    """As plain JSON values."""
    import json
    from dataclasses import asdict

    row = matrix.row(FAULT, ended(1, TOPO_MTU=CAUGHT))

    assert matrix.from_property(json.loads(json.dumps(asdict(row)))) == row
