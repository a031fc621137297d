"""The report: its verdicts, its exit status, its published format."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podpath.cni import features
from podpath.cni.features import WAIVED
from podpath.errors import CouldNotTest
from podpath.model import Observation, TapProof
from podpath.nodes.cluster.kinds import OnKind
from podpath.nodes.embedded.kind import Embedded
from podpath.paths import judgement
from podpath.paths.observe import Observed
from podpath.paths.probes import Echo
from podpath.report import evidence, verify
from podpath.report.document import About, TestResult, build, overall, sealed, write
from podpath.report.outcome import Outcome, Verdict
from podpath.requirements import CORE, GROUPS, REQUIREMENTS, VENDOR, Requirement, group

from .. import samples


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    """Checks documents against the published schema."""
    schema = json.loads(Path(verify.__file__).with_name("report.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def observed(lost: int = 0) -> Observed:
    """A ping of the client to the server of which the last sightings are lost."""
    seen = samples.exchange()
    elsewhere = samples.sighting(seen[0].packet, ("bystander", "eth0", seen[0].direction), 5)
    seen = seen[: len(seen) - lost] + ([elsewhere] if lost else [])
    observation = Observation(tuple(seen), (TapProof("node", 20, 0, 4, 4, ("cni0",)),))
    judged = judgement.judge(
        [(Echo(samples.IDENTIFIER, 2), samples.paths())], observation, samples.noise()
    )
    return Observed((), observation, judged, samples.topology(), list(judged.differences))


def result(
    verdict: Verdict, *requirements: str, reason: str = "", body: str = "", **fields: Any
) -> TestResult:
    outcome = Outcome(verdict, reason, body=body)
    return TestResult(
        "tests/test_path.py::test_x", requirements or ("PATH-ICMP",), outcome, **fields
    )


def verdicts(document: dict[str, Any]) -> dict[str, str]:
    return {r["id"]: r["verdict"] for r in document["requirements"]}


ALL = [
    Verdict.DOES_NOT_CONFORM,
    Verdict.COULD_NOT_TEST,
    Verdict.KNOWN_DEVIATION,
    Verdict.RECOMMENDED,
    Verdict.CONFORMS,
    Verdict.NOT_APPLICABLE,
]


def test_every_requirement_is_in_the_report() -> None:
    """Also one that was not run, with its sentence."""
    document = build([], {}, "1.2")

    assert verdicts(document) == dict.fromkeys(REQUIREMENTS, Verdict.NOT_RUN)
    assert document["verdict"] == Verdict.NOT_RUN
    assert [r["sentence"] for r in document["requirements"]] == [
        r.sentence for r in REQUIREMENTS.values()
    ]


def test_requirement_has_the_worst_verdict_of_its_tests() -> None:
    """One test that fails is enough, and the others are still told."""
    results = [
        result(Verdict.CONFORMS),
        result(Verdict.DOES_NOT_CONFORM, reason="missing hop"),
        result(Verdict.COULD_NOT_TEST, "PATH-UDP", "PATH-SIZE"),
    ]
    document = build(results, {}, "1.2")
    told = verdicts(document)

    assert told["PATH-ICMP"] == document["verdict"] == Verdict.DOES_NOT_CONFORM
    assert told["PATH-UDP"] == told["PATH-SIZE"] == Verdict.COULD_NOT_TEST
    assert told["PATH-HTTP"] == Verdict.NOT_RUN
    (icmp,) = [r for r in document["requirements"] if r["id"] == "PATH-ICMP"]
    assert sorted(t["verdict"] for t in icmp["tests"]) == [
        Verdict.CONFORMS,
        Verdict.DOES_NOT_CONFORM,
    ]


def test_recommendation_that_is_not_met_keeps_no_run_from_conforming() -> None:
    """It is told apart, with its level and source, in all that counts."""
    ids = [i for i, r in REQUIREMENTS.items() if Embedded.can_test(r) and i != "CNI-GC"]
    told = [result(Verdict.CONFORMS, *ids), result(Verdict.RECOMMENDED, "CNI-GC", reason="left")]
    document = build(told, SEAL, "1.2", EMBEDDED)
    (entry,) = [r for r in document["requirements"] if r["id"] == "CNI-GC"]
    (profile,) = document["profiles"]

    assert (document["verdict"], profile["result"]) == (Verdict.CONFORMS, "success")
    assert profile["counts"][Verdict.RECOMMENDED] == 1
    assert (entry["verdict"], entry["reason"]) == (Verdict.RECOMMENDED, "left")
    assert (entry["level"], entry["source"]) == ("SHOULD", REQUIREMENTS["CNI-GC"].source)
    assert verify.problems(document) == []


def test_requirement_is_not_edited_to_a_recommendation() -> None:
    """Only one whose level allows it has such a verdict."""
    told = [result(Verdict.RECOMMENDED), result(Verdict.RECOMMENDED, "CNI-DEL-IDEMPOTENT")]

    assert verify.problems(build(told, SEAL, "1.2", EMBEDDED)) == [
        "PATH-ICMP is said to be recommended, and is required"
    ]


def test_environment_is_that_of_the_run_and_of_its_node() -> None:
    """What the node says of itself comes to what was known before."""
    results = [
        result(Verdict.CONFORMS),
        result(Verdict.CONFORMS, environment={"containerd": "2.0"}),
    ]
    document = build(results, {"node": "embedded", "containerd": "?"}, "1.2")

    assert document["environment"] == {"node": "embedded", "containerd": "2.0"}
    assert document["suite"] == {"name": "podpath", "version": "1.2", "commit": ""}


@pytest.mark.parametrize("verdict", ALL)
def test_report_is_as_published(
    validator: jsonschema.Draft202012Validator, verdict: Verdict
) -> None:
    """A report of any verdict meets the schema, with and without evidence."""
    proof = [evidence.of(observed()), evidence.of(observed(lost=3))]
    results = [result(verdict, reason="why", seconds=0.5, evidence=proof), result(verdict)]

    validator.validate(build(results, {"node": "embedded"}, "1.2"))


def test_schema_is_strict(validator: jsonschema.Draft202012Validator) -> None:
    """What the schema does not know does not meet it: a new field must be published."""
    document = build([result(Verdict.CONFORMS, evidence=[evidence.of(observed())])], {}, "1.2")
    (test,) = next(r["tests"] for r in document["requirements"] if r["tests"])
    assert validator.is_valid(document)
    test["evidence"][0]["shown"][0]["colour"] = "red"

    assert not validator.is_valid(document)


def test_evidence_holds_each_hop_with_its_time() -> None:
    """The hops in order, when each was crossed, and with which TTL."""
    told = evidence.of(observed())

    assert (told["packets"], told["sightings"], told["noise"]) == (4, 20, 0)
    assert told["differences"] == []
    first = told["shown"][0]
    assert first["packet"] == "echo request 1 (id 7), 56 bytes"
    assert first["path"] == "client -> server"
    assert first["hops"][3] == {
        "namespace": "node",
        "interface": "veth3",
        "direction": "out",
        "times": [1_003_000],
        "ttl": [64],
    }
    assert told["sniffers"][0]["canariesSeen"] == 4


def test_evidence_of_a_lost_packet() -> None:
    """A hop that was not crossed has no times; a sighting elsewhere is told."""
    told = evidence.of(observed(lost=1))

    assert told["shown"][3]["hops"][-1]["times"] == []
    assert [e["namespace"] for e in told["shown"][0]["elsewhere"]] == ["bystander"]
    assert [d["kind"] for d in told["differences"]] == ["unexpected sighting", "missing hop"]


def test_written_report_is_the_document(tmp_path: Path) -> None:
    """It is written to a directory that is made for it."""
    document = build([], {}, "1.2")
    path = write(tmp_path / "new" / "directory", document)

    assert path.name == "report.json"
    assert json.loads(path.read_text()) == document


@given(st.text(), st.floats(0, 1e6), st.sampled_from(ALL))
def test_file_gives_back_the_document(text: str, seconds: float, verdict: Verdict) -> None:
    """Whatever a plugin says: the file has the same values, and so the same digest."""
    requirement = "CNI-GC" if verdict == Verdict.RECOMMENDED else "PATH-ICMP"
    told = [result(verdict, requirement, reason=text, seconds=seconds)]
    document = build(told, {text: text, "profile": "bridge"}, "1.2")

    read = json.loads(json.dumps(document, ensure_ascii=False).encode())
    assert read == document
    assert verify.problems(read) == []


SEAL = {"profile": "bridge", "node": "embedded"}
EMBEDDED = About(abilities=Embedded.abilities)


def edited(*keys: Any, value: Any) -> dict[str, Any]:
    """A report of which somebody changed one value."""
    found: Any = build([result(Verdict.DOES_NOT_CONFORM, reason="why")], SEAL, "1.2", EMBEDDED)
    inner = found
    for key in keys[:-1]:
        inner = inner[key]
    assert inner[keys[-1]] != value
    inner[keys[-1]] = value
    return dict(found)


_ICMP = list(REQUIREMENTS).index("PATH-ICMP")
EDITS = {
    "verdict": (("verdict",), Verdict.CONFORMS),
    "requirement": (("requirements", _ICMP, "verdict"), Verdict.CONFORMS),
    "test": (("requirements", _ICMP, "tests", 0, "verdict"), Verdict.CONFORMS),
    "result": (("profiles", 0, "result"), "success"),
    "count": (("profiles", 0, "features", 0, "groups", 1, "counts", Verdict.DOES_NOT_CONFORM), 0),
}


@pytest.mark.parametrize("edit", [*EDITS, "reason", "environment"])
def test_edited_report_is_recognised(edit: str) -> None:
    """Whatever was changed, its digest is not that of its content any more."""
    others = {
        "reason": (("requirements", _ICMP, "reason"), "nothing"),
        "environment": (("environment", "node"), "kind"),
    }
    keys, value = (EDITS | others)[edit]

    assert "it was edited" in verify.problems(edited(*keys, value=value))[0]


@pytest.mark.parametrize("edit", EDITS)
def test_verdict_that_does_not_follow_is_recognised(edit: str) -> None:
    """Also with a digest that was made anew: a verdict is the worst of those below it."""
    keys, value = EDITS[edit]

    assert verify.problems(sealed(edited(*keys, value=value)))


def test_requirement_without_tests_does_not_conform_by_itself() -> None:
    other = list(REQUIREMENTS).index("PATH-UDP")
    document = sealed(edited("requirements", other, "verdict", value=Verdict.CONFORMS))

    assert "has no tests" in verify.problems(document)[0]


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        pytest.param([Verdict.CONFORMS, Verdict.NOT_APPLICABLE], "success", id="conforms"),
        pytest.param([Verdict.CONFORMS, Verdict.RECOMMENDED], "success", id="recommended"),
        pytest.param([Verdict.RECOMMENDED, Verdict.NOT_RUN], "partial", id="not-all-run-either"),
        pytest.param([Verdict.CONFORMS, Verdict.KNOWN_DEVIATION], "partial", id="deviates"),
        pytest.param([Verdict.CONFORMS, Verdict.NOT_RUN], "partial", id="not-all-run"),
        pytest.param([Verdict.CONFORMS, Verdict.COULD_NOT_TEST], "partial", id="not-all-tested"),
        pytest.param([Verdict.COULD_NOT_TEST, Verdict.DOES_NOT_CONFORM], "failure", id="fails"),
        pytest.param([Verdict.NOT_APPLICABLE], Verdict.NOT_APPLICABLE, id="does-not-apply"),
        pytest.param([Verdict.NOT_RUN], Verdict.NOT_RUN, id="not-run"),
    ],
)
def test_result_of_several_requirements(verdicts: list[str], expected: str) -> None:
    """A success says that each requirement that applies conforms, and nothing less."""
    assert overall(verdicts) == expected


def test_run_that_was_broken_off_is_no_success() -> None:
    """Nor does it conform as a whole."""
    told = [result(Verdict.CONFORMS, *(i for i, r in REQUIREMENTS.items() if Embedded.can_test(r)))]
    whole = build(told, SEAL, "1.2", EMBEDDED)
    broken = build(told, SEAL, "1.2", dataclasses.replace(EMBEDDED, broken_off=True))

    assert (whole["verdict"], whole["profiles"][0]["result"]) == (Verdict.CONFORMS, "success")
    assert (broken["verdict"], broken["profiles"][0]["result"]) == (
        Verdict.COULD_NOT_TEST,
        "partial",
    )
    assert verify.problems(broken) == []


def test_run_of_selected_tests_conforms_for_these_alone() -> None:
    """A finding weighs as much as in any run."""
    about = dataclasses.replace(EMBEDDED, selected=True)
    chosen = build([result(Verdict.CONFORMS)], SEAL, "1.2", about)
    red = build([result(Verdict.DOES_NOT_CONFORM)], SEAL, "1.2", about)
    broken = build(
        [result(Verdict.CONFORMS)], SEAL, "1.2", dataclasses.replace(about, broken_off=True)
    )

    assert (chosen["verdict"], chosen["complete"]) == ("conforms, of what was run", False)
    assert chosen["selection"] == {"run": 1, "of": len(REQUIREMENTS)}
    assert chosen["profiles"][0]["result"] == "partial"
    assert red["verdict"] == Verdict.DOES_NOT_CONFORM
    assert (broken["verdict"], "selection" in broken) == (Verdict.COULD_NOT_TEST, False)
    assert [verify.problems(document) for document in (chosen, red, broken)] == [[], [], []]


_OWN = Requirement(
    "ACME-DSCP", "DSCP is kept", "A packet keeps its DSCP.", "", (), why="", how="", feature=VENDOR
)


@pytest.mark.parametrize(
    ("own_selected", "of_group"),
    [pytest.param(False, "success", id="all"), pytest.param(True, "partial", id="some")],
)
def test_vendors_group_is_whole_if_all_of_its_tests_were_run(
    own_selected: bool, of_group: str
) -> None:
    """Also in a run without the suite's tests, whose verdict is of what was run."""
    about = dataclasses.replace(
        EMBEDDED, selected=True, own_selected=own_selected, requirements=(_OWN,)
    )
    built = build([result(Verdict.CONFORMS, "ACME-DSCP")], SEAL, "1.2", about)

    assert (built["verdict"], built["complete"]) == ("conforms, of what was run", False)
    assert [(g["name"], g["result"]) for g in built["groups"]] == [("ACME", of_group)]
    assert built["profiles"][0]["result"] == "not run"
    assert verify.problems(built) == []
    edited = {**built["selection"], "ownComplete": own_selected}
    assert verify.problems(sealed({**built, "selection": edited})) != []


def test_vendors_group_of_a_run_that_was_broken_off_is_partial() -> None:
    about = dataclasses.replace(EMBEDDED, broken_off=True, requirements=(_OWN,))
    built = build([result(Verdict.CONFORMS, "ACME-DSCP")], SEAL, "1.2", about)

    assert [g["result"] for g in built["groups"]] == ["partial"]
    assert verify.problems(built) == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"verdict": "conforms"}, "the verdict is 'conforms', and the tests' is 'conforms, of"),
        ({"complete": True}, "it is of selected tests, and is said to be complete"),
        ({"selection": {"run": 80, "of": 81}}, "its selection is {'run': 80, 'of': 81}"),
    ],
)
def test_selection_is_not_edited_to_a_whole_run(changes: dict[str, Any], problem: str) -> None:
    """Nor its verdict to that of one."""
    about = dataclasses.replace(EMBEDDED, selected=True)
    chosen = build([result(Verdict.CONFORMS)], SEAL, "1.2", about)

    assert any(text.startswith(problem) for text in verify.problems(sealed({**chosen, **changes})))


def test_counts_are_of_the_requirements_of_each_group() -> None:
    (profile,) = build([result(Verdict.CONFORMS)], SEAL, "1.2", EMBEDDED)["profiles"]
    groups = {g["name"]: g for g in profile["features"][0]["groups"]}

    assert list(groups) == list(GROUPS)
    assert groups["PATH"]["counts"][Verdict.CONFORMS] == 1
    assert groups["K8S"]["result"] == Verdict.NOT_APPLICABLE
    for prefix, told in groups.items():
        core = [i for i in features.requirements(CORE) if group(i) == prefix]
        assert sum(told["counts"].values()) == len(core)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param(result(Verdict.CONFORMS), "", id="conforms"),
        pytest.param(
            result(
                Verdict.DOES_NOT_CONFORM,
                reason="ADD failed\nwith this output",
                body="PATH-ICMP: Each echo.\n\n  ADD failed\n  with this output\n\nUsually: x",
            ),
            "ADD failed",
            id="failed",
        ),
        pytest.param(
            result(Verdict.KNOWN_DEVIATION, reason="it is late", body="known deviation: late"),
            "it is late",
            id="deviation",
        ),
        pytest.param(
            TestResult(
                "t",
                ("PATH-ICMP",),
                Outcome(Verdict.COULD_NOT_TEST, "no room", "Make some", "The pod stays"),
            ),
            "no room. Make some",
            id="untested",
        ),
    ],
)
def test_requirement_says_why_in_a_sentence(told: TestResult, expected: str) -> None:
    document = build([told], SEAL, "1.2", EMBEDDED)

    assert document["requirements"][_ICMP]["reason"] == expected
    assert document["requirements"][_ICMP + 1]["reason"] == "no test of it was run"


def test_evidence_has_each_path_with_the_packets_at_its_hops() -> None:
    """Also of packets that are not written out, and in which order they must cross the hops."""
    there, back = evidence.of(observed(lost=1))["paths"]

    assert (there["path"], there["packets"]) == ("client -> server", 2)
    assert [h["seen"] for h in there["hops"]] == [2, 2, 2, 2, 2]
    assert [h["after"] for h in there["hops"]] == [[], [0], [1], [1], [3]]
    assert [h["seen"] for h in back["hops"]] == [2, 2, 2, 2, 1]


def test_evidence_has_paths_that_no_packet_took() -> None:
    """A drawing shows where the first packet should have gone."""
    probe = Echo(samples.IDENTIFIER, 2)
    judged = judgement.judge([(probe, samples.paths())], Observation(()), samples.noise())
    told = evidence.of(Observed((), Observation(()), judged, samples.topology(), []))

    assert [p["packets"] for p in told["paths"]] == [0, 0]
    assert {h["seen"] for p in told["paths"] for h in p["hops"]} == {0}


def test_evidence_shows_packets_that_differ_before_others() -> None:
    """However many went well before."""
    seen, told = observed(lost=1), []
    for count in (1, 15):
        crossings = (*seen.judgement.crossings[1:3] * count, seen.judgement.crossings[3])
        judged = dataclasses.replace(seen.judgement, crossings=crossings)
        told.append(evidence.of(dataclasses.replace(seen, judgement=judged))["shown"])

    assert [len(shown) for shown in told] == [3, 20]
    assert all(shown[-1]["hops"][-1]["times"] == [] for shown in told)


def test_evidence_has_what_a_drawing_needs() -> None:
    """Where each pod's eth0 ends on the node, what that is enslaved to, and what was seen there."""
    told = evidence.of(observed())
    (client,) = (p for p in told["topology"]["pods"] if p["name"] == "client")
    (inside,) = (n for n in client["links"] if n["name"] == "eth0")
    (outside,) = (n for n in told["topology"]["node"] if n["name"] == inside["peer"])

    assert outside["master"] == "cni0"
    assert {"namespace": "node", "interface": "cni0", "direction": "in", "protocol": "icmp"} in [
        {k: v for k, v in f.items() if k != "count"} for f in told["frames"]
    ]
    assert sum(f["count"] for f in told["frames"]) == told["sightings"]


def test_report_that_cannot_be_written(tmp_path: Path) -> None:
    """A file where the directory should be is told with the way out."""
    (tmp_path / "file").write_text("")

    with pytest.raises(CouldNotTest, match=r"cannot be written.*--podpath-report"):
        write(tmp_path / "file", {})


def _features(*told: TestResult, **reasons: str) -> dict[str, dict[str, Any]]:
    document = build(told, SEAL, "1.2", dataclasses.replace(EMBEDDED, features=reasons))
    assert verify.problems(document) == []
    return {f["name"]: f for f in document["profiles"][0]["features"]}


def test_feature_has_the_result_of_the_tests_that_count_for_it() -> None:
    """A requirement is of the core in one IP version, and of the feature in the other."""
    found = _features(
        result(Verdict.CONFORMS),
        result(Verdict.DOES_NOT_CONFORM, features=("ipv6",), reason="why"),
        ipv6="",
    )

    assert list(found) == [CORE, "ipv6"]
    assert found[CORE]["result"] == "partial"  # the rest of it was not run
    assert found[CORE]["counts"][Verdict.DOES_NOT_CONFORM] == 0
    assert found["ipv6"]["result"] == "failure"
    assert [g["name"] for g in found["ipv6"]["groups"]] == ["PATH"]


@pytest.mark.parametrize("why", [WAIVED, "the conflist does not ask for it"])
def test_feature_that_is_not_tested_says_why(why: str) -> None:
    (found,) = [f for n, f in _features(result(Verdict.CONFORMS), hairpin=why).items() if n != CORE]

    assert (found["result"], found["reason"]) == (Verdict.NOT_RUN, why)


def test_feature_of_which_nothing_was_run_says_so() -> None:
    found = _features(result(Verdict.CONFORMS), ipv6="")["ipv6"]

    assert (found["result"], found["reason"]) == (Verdict.NOT_RUN, "no test of it was run")


def test_requirement_of_a_waived_feature_is_never_a_pass() -> None:
    """It was not run, and so the whole is no success."""
    on_kind = {**SEAL, "node": "kind"}
    told = [result(Verdict.CONFORMS, *features.requirements(CORE))]
    document = build(
        told, on_kind, "1.2", About(features={"hairpin": WAIVED}, abilities=OnKind.abilities)
    )
    (one,) = [r for r in document["requirements"] if r["id"] == "K8S-HAIRPIN"]

    assert (one["verdict"], one["reason"]) == (Verdict.NOT_RUN, WAIVED)
    assert document["profiles"][0]["result"] == "partial"
