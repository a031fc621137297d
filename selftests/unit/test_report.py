"""The report: its verdicts, its exit status, its published format."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from podpath import evidence, report, verdict
from podpath.errors import CouldNotTest
from podpath.model import Observation, TapProof
from podpath.observe import Observed
from podpath.probes import Echo
from podpath.report import (
    CONFORMS,
    COULD_NOT_TEST,
    DOES_NOT_CONFORM,
    KNOWN_DEVIATION,
    NOT_APPLICABLE,
    NOT_RUN,
    TestResult,
)
from podpath.requirements import REQUIREMENTS

from . import samples


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    """Checks documents against the published schema."""
    schema = json.loads(Path(report.__file__).with_name("report.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def observed(lost: int = 0) -> Observed:
    """A ping of the client to the server of which the last sightings are lost."""
    seen = samples.exchange()
    elsewhere = samples.sighting(seen[0].packet, ("bystander", "eth0", seen[0].direction), 5)
    seen = seen[: len(seen) - lost] + ([elsewhere] if lost else [])
    observation = Observation(tuple(seen), (TapProof("node", 20, 0, 4, 4, ("cni0",)),))
    judged = verdict.judge(
        [(Echo(samples.IDENTIFIER, 2), samples.paths())], observation, samples.noise()
    )
    return Observed((), observation, judged, samples.topology(), list(judged.differences))


def result(verdict: str, *requirements: str, **fields: Any) -> TestResult:
    return TestResult(
        "tests/test_path.py::test_x", requirements or ("PATH-ICMP",), verdict, **fields
    )


def verdicts(document: dict[str, Any]) -> dict[str, str]:
    return {r["id"]: r["verdict"] for r in document["requirements"]}


ALL = [DOES_NOT_CONFORM, COULD_NOT_TEST, KNOWN_DEVIATION, CONFORMS, NOT_APPLICABLE]


@pytest.mark.parametrize("number", range(len(ALL)))
def test_worst_verdict_counts(number: int) -> None:
    """Of all verdicts from one on down, that one counts, in whatever order they come."""
    assert report.worst(reversed(ALL[number:])) == ALL[number]


def test_no_verdict_is_not_run() -> None:
    """Nothing that was run is not a pass."""
    assert report.worst([]) == NOT_RUN


@pytest.mark.parametrize(
    ("given", "status"),
    [
        pytest.param([], None, id="none"),
        pytest.param([CONFORMS, NOT_APPLICABLE], None, id="conforms"),
        pytest.param([CONFORMS, KNOWN_DEVIATION], None, id="known-deviation"),
        pytest.param([CONFORMS, COULD_NOT_TEST], 6, id="could-not-test"),
        pytest.param([COULD_NOT_TEST, DOES_NOT_CONFORM, CONFORMS], 1, id="does-not-conform"),
    ],
)
def test_exit_status(given: list[str], status: int | None) -> None:
    """1 tells of the plugin, 6 of podpath, and None leaves pytest's own."""
    assert report.exit_status(given) == status


def test_every_requirement_is_in_the_report() -> None:
    """Also one that was not run, with its sentence."""
    document = report.build([], {}, "1.2")

    assert verdicts(document) == dict.fromkeys(REQUIREMENTS, NOT_RUN)
    assert document["verdict"] == NOT_RUN
    assert [r["sentence"] for r in document["requirements"]] == [
        r.sentence for r in REQUIREMENTS.values()
    ]


def test_requirement_has_the_worst_verdict_of_its_tests() -> None:
    """One test that fails is enough, and the others are still told."""
    results = [
        result(CONFORMS),
        result(DOES_NOT_CONFORM, reason="missing hop"),
        result(COULD_NOT_TEST, "PATH-UDP", "PATH-SIZE"),
    ]
    document = report.build(results, {}, "1.2")
    told = verdicts(document)

    assert told["PATH-ICMP"] == document["verdict"] == DOES_NOT_CONFORM
    assert told["PATH-UDP"] == told["PATH-SIZE"] == COULD_NOT_TEST
    assert told["PATH-HTTP"] == NOT_RUN
    (icmp,) = [r for r in document["requirements"] if r["id"] == "PATH-ICMP"]
    assert sorted(t["verdict"] for t in icmp["tests"]) == [CONFORMS, DOES_NOT_CONFORM]


def test_environment_is_that_of_the_run_and_of_its_node() -> None:
    """What the node says of itself comes to what was known before."""
    results = [result(CONFORMS), result(CONFORMS, environment={"containerd": "2.0"})]
    document = report.build(results, {"node": "embedded", "containerd": "?"}, "1.2")

    assert document["environment"] == {"node": "embedded", "containerd": "2.0"}
    assert document["podpath"] == "1.2"


@pytest.mark.parametrize("verdict", ALL)
def test_report_is_as_published(validator: jsonschema.Draft202012Validator, verdict: str) -> None:
    """A report of any verdict meets the schema, with and without evidence."""
    proof = [evidence.of(observed()), evidence.of(observed(lost=3))]
    results = [result(verdict, reason="why", seconds=0.5, evidence=proof), result(verdict)]

    validator.validate(report.build(results, {"node": "embedded"}, "1.2"))


def test_schema_is_strict(validator: jsonschema.Draft202012Validator) -> None:
    """What the schema does not know does not meet it: a new field must be published."""
    document = report.build([result(CONFORMS, evidence=[evidence.of(observed())])], {}, "1.2")
    (test,) = next(r["tests"] for r in document["requirements"] if r["tests"])
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
    document = report.build([], {}, "1.2")
    path = report.write(tmp_path / "new" / "directory", document)

    assert path.name == "report.json"
    assert json.loads(path.read_text()) == document


def test_report_that_cannot_be_written(tmp_path: Path) -> None:
    """A file where the directory should be is told with the way out."""
    (tmp_path / "file").write_text("")

    with pytest.raises(CouldNotTest, match=r"cannot be written.*--podpath-report"):
        report.write(tmp_path / "file", {})
