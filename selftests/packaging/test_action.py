"""The GitHub Action: its steps, as a runner would run them, but for the installation."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from podpath.report import document
from podpath.report.document import TestResult
from podpath.report.outcome import Outcome, Verdict

from .conftest import CHECKOUT


@pytest.fixture(scope="module")
def action() -> dict[str, Any]:
    """What action.yml says."""
    return dict(yaml.safe_load((CHECKOUT / "action.yml").read_text()))


def steps(action: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {step["name"]: step for step in action["runs"]["steps"]}


def written(directory: Path, verdict: Verdict) -> Path:
    results = [TestResult("t", ("PATH-ICMP",), Outcome(verdict))]
    document.write(directory, document.build(results, {"profile": "bridge"}, "1.2"))
    return directory


def run(step: dict[str, Any], work: Path, **inputs: str) -> "subprocess.CompletedProcess[str]":
    """Run a step's script with bash, as runners do, with the inputs that it names."""
    checkout = work / "checkout"
    checkout.mkdir()
    (work / "podpath" / "bin").mkdir(parents=True, exist_ok=True)
    for name in ("python", "podpath"):
        link = work / "podpath" / "bin" / name
        if not link.exists():
            options = ' -m podpath.cli "$@"' if name == "podpath" else ' "$@"'
            link.write_text(f"#!/bin/sh\nexec {sys.executable}{options}\n")
            link.chmod(0o755)
    named = {
        variable: inputs.get(re.sub(r"\W*inputs\.|\W*}}", "", str(value)).strip(" ${"), "")
        for variable, value in step["env"].items()
    }
    files = {n: str(work / n) for n in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        env={**os.environ, **files, **named, "RUNNER_TEMP": str(work)},
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )


def outputs(work: Path) -> dict[str, str]:
    """Read the outputs that steps have set, as the runner does."""
    lines = (work / "GITHUB_OUTPUT").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_no_input_is_part_of_a_script(action: dict[str, Any]) -> None:
    """Inputs come as variables: what is in them is never run."""
    assert [s["name"] for s in steps(action).values() if "${{" in s["run"]] == []


def test_scripts_are_bash(action: dict[str, Any]) -> None:
    for step in steps(action).values():
        done = subprocess.run(["bash", "-n", "-c", step["run"]], capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")


def test_report_is_told(action: dict[str, Any], tmp_path: Path) -> None:
    """Annotations, job summary, page, badge and digest; a report of failures is no failure here."""
    directory = written(tmp_path / "out", Verdict.DOES_NOT_CONFORM)
    done = run(steps(action)["Tell"], tmp_path, report=str(directory))

    assert done.returncode == 0, done.stderr
    assert "::error title=PATH-ICMP does not conform::" in done.stdout
    assert (tmp_path / "GITHUB_STEP_SUMMARY").read_text().startswith("## podpath, profile bridge")
    assert outputs(tmp_path)["verdict"] == "does not conform"
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", outputs(tmp_path)["digest"])
    assert {p.name for p in directory.iterdir()} == {"report.json", "index.html", "badge.svg"}


@pytest.mark.parametrize(
    ("verdict", "status"), [(Verdict.CONFORMS, 0), (Verdict.DOES_NOT_CONFORM, 1)]
)
def test_regression_fails_the_job(
    action: dict[str, Any], tmp_path: Path, verdict: Verdict, status: int
) -> None:
    directory = written(tmp_path / "out", verdict)
    baseline = written(tmp_path / "old", Verdict.CONFORMS)
    tell = steps(action)["Tell"]
    done = run(tell, tmp_path, report=str(directory), baseline=str(baseline))

    assert done.returncode == status, done.stderr
    assert "## Compared with the baseline" in (tmp_path / "GITHUB_STEP_SUMMARY").read_text()


def test_run_without_a_report_is_told(action: dict[str, Any], tmp_path: Path) -> None:
    done = run(steps(action)["Tell"], tmp_path, report=str(tmp_path / "none"))

    assert (done.returncode, done.stdout.startswith("::warning")) == (0, True)


def echoing(work: Path, status: int = 0) -> None:
    """Put a program in the place of Python that writes its arguments, and runs scripts."""
    python = work / "podpath" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(
        f'#!/bin/sh\n[ "$1" = - ] && exec {sys.executable} -\n'
        f'for a in "$@"; do echo "[$a]"; done\nexit {status}\n'
    )
    python.chmod(0o755)


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("-n 2 -q", ["-n", "2", "-q"]),
        ('-k "ping or http"', ["-k", "ping or http"]),
        ("-k 'a  b' \n -x", ["-k", "a  b", "-x"]),
        ("$(id) `id` ;id", ["$(id)", "`id`", ";id"]),
        ("--podpath-report ''", ["--podpath-report", ""]),
        (" ", []),
        ("", []),
    ],
)
def test_inputs_become_options(
    action: dict[str, Any], tmp_path: Path, text: str, arguments: list[str]
) -> None:
    """A path with a blank stays one; further arguments are split as a shell does, and not run."""
    echoing(tmp_path)
    given = {"cni-bin": "my bin", "report": "out", "arguments": text}
    done = run(steps(action)["Test"], tmp_path, **given)

    assert done.stdout.split("\n")[:-1] == [
        *("[-m]", "[pytest]", "[--pyargs]", "[podpath.tests]"),
        *("[--podpath-report]", "[out]", "[--podpath-cni-bin]", "[my bin]"),
        *(f"[{argument}]" for argument in arguments),
    ]


def test_arguments_that_no_shell_reads(action: dict[str, Any], tmp_path: Path) -> None:
    """A quote that is not closed is told in a sentence; nothing is run."""
    echoing(tmp_path)
    done = run(steps(action)["Test"], tmp_path, arguments='-k "a or b')

    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == "::error title=podpath::input arguments: No closing quotation\n"


@pytest.mark.parametrize("status", [0, 1, 6])
def test_exit_status_is_an_output(action: dict[str, Any], tmp_path: Path, status: int) -> None:
    """It is the step's own, too."""
    echoing(tmp_path, status)
    done = run(steps(action)["Test"], tmp_path, report="out", arguments="-q")

    assert (done.returncode, outputs(tmp_path)) == (status, {"exit-status": str(status)})


def test_outputs_are_set_by_steps(action: dict[str, Any], tmp_path: Path) -> None:
    """Each output of the action is one that a step of that id sets."""
    echoing(tmp_path / "a")
    (tmp_path / "b").mkdir()
    run(steps(action)["Test"], tmp_path / "a", report="out")
    directory = written(tmp_path / "out", Verdict.CONFORMS)
    run(steps(action)["Tell"], tmp_path / "b", report=str(directory))
    by_step = {"test": outputs(tmp_path / "a"), "tell": outputs(tmp_path / "b")}

    for name, output in action["outputs"].items():
        step = re.fullmatch(rf"\$\{{\{{ steps\.(\w+)\.outputs\.{name} \}}\}}", output["value"])
        assert step is not None
        assert name in by_step[step[1]]
