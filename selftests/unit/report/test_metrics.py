"""Metrics of a report, as Prometheus reads them."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from podpath import cli
from podpath.report import metrics
from podpath.report.document import About, TestResult, build, write
from podpath.report.outcome import Outcome, Verdict

ALERTS = Path(__file__).parents[3] / "deploy" / "alerts.yaml"

Series = dict[tuple[str, ...], float]


def document(**environment: str) -> dict[str, Any]:
    """A report of two tests, the second of which serves two requirements."""
    results = [
        TestResult("a", ("PATH-ICMP",), Outcome(Verdict.CONFORMS), seconds=0.5),
        TestResult(
            "b", ("PATH-UDP", "PATH-HTTP"), Outcome(Verdict.DOES_NOT_CONFORM, "lost"), seconds=2
        ),
    ]
    about = About(date="2026-03-01T12:00:00+00:00")
    environment = {"profile": "bridge", "node": "embedded", **environment}
    report = build(results, environment, "1.2", about)
    sniffer = {"namespace": "node", "received": 40, "dropped": 3, "promiscuous": []}
    sniffer |= {"canariesSent": 8, "canariesSeen": 7}
    nothing = {"packets": 0, "sightings": 0, "noise": 0, "topology": {"node": [], "pods": []}}
    empty: dict[str, list[object]] = {
        name: [] for name in ("paths", "shown", "frames", "differences")
    }
    for requirement in report["requirements"]:
        for test in requirement["tests"]:
            test["evidence"] = [{**nothing, **empty, "sniffers": [sniffer]}]
    return report


def series(text: str) -> dict[str, Series]:
    """Read metrics as Prometheus does: name -> values of the labels but node -> value."""
    return {
        family.name: {
            tuple(v for k, v in sample.labels.items() if k != "node"): sample.value
            for sample in family.samples
        }
        for family in text_string_to_metric_families(text)
    }


def test_verdicts_and_seconds_by_requirement() -> None:
    read = series(metrics.text(document()))

    assert read["podpath_verdict"] == {("bridge", "does not conform"): 1}
    assert read["podpath_run_timestamp_seconds"] == {(): 1772366400}
    verdicts = dict(read["podpath_requirement_verdict"])
    assert verdicts["PATH-ICMP", "conforms"] == 1
    assert verdicts["PATH-UDP", "does not conform"] == 1
    assert read["podpath_requirement_seconds"] == {
        ("PATH-ICMP",): 0.5,
        ("PATH-UDP",): 2,
        ("PATH-HTTP",): 2,
    }


def test_a_test_of_two_requirements_is_one_capture() -> None:
    """Frames and canaries are counted once a test."""
    read = series(metrics.text(document()))

    assert read["podpath_capture_frames"] == {(): 80}
    assert read["podpath_capture_frames_dropped"] == {(): 6}
    assert read["podpath_capture_canaries_sent"] == {(): 16}
    assert read["podpath_capture_canaries_seen"] == {(): 14}


@pytest.mark.parametrize(
    ("environment", "given", "node"),
    [
        ({}, "", "embedded"),
        ({"node": "host", "host": "worker-1"}, "", "worker-1"),
        ({"host": "worker-1"}, 'a "b"\\\n', 'a "b"\\\n'),
    ],
)
def test_node_is_a_label(environment: dict[str, str], given: str, node: str) -> None:
    families = text_string_to_metric_families(metrics.text(document(**environment), given))

    assert {s.labels["node"] for family in families for s in family.samples} == {node}


def test_command_writes_to_stdout_or_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = document()
    write(tmp_path, report)

    assert cli.main(["report", "metrics", str(tmp_path)]) == 0
    assert cli.main(["report", "metrics", str(tmp_path), "-o", str(tmp_path / "p.prom")]) == 0
    assert capsys.readouterr().out == (tmp_path / "p.prom").read_text()
    assert series((tmp_path / "p.prom").read_text())["podpath_verdict"]


def test_alerts_name_metrics_that_exist() -> None:
    rules = yaml.safe_load(ALERTS.read_text())["groups"][0]["rules"]
    names = set(series(metrics.text(document())))

    for rule in rules:
        assert any(name in rule["expr"] for name in names), rule["alert"]
        assert json.dumps(rule).count("$labels.node") == 1


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")
def test_prometheus_takes_the_metrics_and_the_alerts() -> None:
    """By its own tool."""
    calls = (["check", "metrics"], ["check", "rules", str(ALERTS)])
    for call in calls:
        done = subprocess.run(
            ["promtool", *call],
            input=metrics.text(document()),
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
