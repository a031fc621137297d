"""What a run prints by default: short, findings first, and the verdict last."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from podpath.nodes.embedded import standing
from podpath.system import waiting
from selftests import suite
from selftests.faults.fault import Fault

_MTU = Fault(name="MTU", source="own", reds={}, after='ip link set "$HOST" mtu 1400')
#: Of the wiring, with three failures of TOPO-MTU and three passes.
_SOME = ("tests/test_topology.py", "-k", "mtu_is or pod_has_lo")


@pytest.fixture
def plugins(tmp_path: Path) -> str:
    """Option with a plugin that gives host ends another MTU."""
    _MTU.install(tmp_path)
    return f"--podpath-cni-bin={tmp_path / 'plugins'}"


def test_header_has_six_lines_and_v_has_all() -> None:
    brief, long = (suite.run(suite.QUICK, *more).output for more in ((), ("-v",)))
    header = re.compile("(?m)^podpath [a-zA-Z -]+: ")

    assert len(header.findall(brief)) == 6
    assert "rootdir: " not in brief
    assert len(header.findall(long)) > 12
    assert "rootdir: " in long
    assert re.search("(?m)^TOPO-BRIDGE-MEMBERS +conforms ", long)


@pytest.mark.parametrize("ci", ["", "true"])
def test_findings_come_first_and_the_verdict_last(plugins: str, ci: str) -> None:
    """A finding is shown once, with what was seen; pytest's own lines are there for other tools.

    Where the environment has CI, pytest's own lines have all of a message.
    """
    run = suite.run(*_SOME, plugins, environment={"CI": ci})
    lines = run.output.splitlines()

    assert run.status == 1
    order = [
        "podpath: TOPO-MTU does not conform",
        "TOPO-MTU: MTU at host end of pod bystander: expected 1500, saw 1400",
        "Required: ",
        "Usually: ",
        "TOPO-POD-LINKS  conforms",
        "FAILED tests/test_topology.py::test_mtu_is_the_same_along_the_path[client]",
        "podpath: DOES NOT CONFORM   TOPO-MTU   1 of 2; could not test: 0; ",
    ]
    places = [next(n for n, line in enumerate(lines) if line.startswith(one)) for one in order]
    assert places == sorted(places)
    assert places[-1] == len(lines) - 1
    assert run.output.count("Required: ") == 1
    assert " 3 failed, 3 passed, " in lines[-2]
    assert "= FAILURES =" not in run.output


@pytest.mark.parametrize("option", ["--tb=no", "--tb=line", "-q", "-qq", "--no-summary"])
def test_verdict_is_printed_whatever_else_is_not(plugins: str, option: str) -> None:
    run = suite.run(*_SOME, plugins, option)

    assert run.status == 1
    last = run.output.splitlines()[-1]
    assert last.startswith("podpath: DOES NOT CONFORM   TOPO-MTU "), run.output
    assert ("Required: " in run.output) == (option in ("-q", "-qq"))


def test_report_is_written_without_a_terminal(plugins: str, tmp_path: Path) -> None:
    """-p no:terminal prints nothing, and the exit status is the verdict's."""
    run = suite.run(*_SOME, plugins, "-o", "addopts=", "-p", "no:terminal", report=tmp_path / "out")

    assert (run.status, run.report["verdict"]) == (1, "does not conform")
    assert run.output == ""


def test_run_that_ends_early_says_so(plugins: str) -> None:
    run = suite.run(*_SOME, plugins, "-x")

    assert run.status == 1
    assert run.output.splitlines()[-1].startswith("podpath: DOES NOT CONFORM   TOPO-MTU ")
    assert "; broken off " in run.output.splitlines()[-1]


def test_interrupted_run_has_no_verdict() -> None:
    """A log has the name of a group when its first test begins, though Python buffers a pipe."""
    process = suite.start("tests/test_lifecycle.py", environment={"PYTHONUNBUFFERED": ""})
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("podpath: testing"):
            break
    os.killpg(process.pid, signal.SIGINT)
    output = suite.ended(process)

    assert process.returncode == pytest.ExitCode.INTERRUPTED, output
    assert re.match("podpath: COULD NOT TEST   broken off: [0-9]+ of ", output.splitlines()[-1])


def test_cancelled_job_has_its_last_line_and_a_report(tmp_path: Path) -> None:
    """SIGTERM to pytest alone is what a CI system sends before SIGKILL. A second one is no more."""
    report = f"--podpath-report={tmp_path}"
    files = ("tests/test_topology.py::test_mtu_is_the_same_along_the_path", "tests/test_path.py")
    process = suite.start(*files, report, f"--junitxml={tmp_path}/junit.xml")
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("podpath: testing PATH"):  # the tests before have ended
            break
    for _ in range(2):
        process.send_signal(signal.SIGTERM)
    output = suite.ended(process)

    assert process.returncode == pytest.ExitCode.INTERRUPTED, output
    assert "Terminated: SIGTERM broke the run off" in output
    assert re.match("podpath: COULD NOT TEST   broken off: [0-9]+ of ", output.splitlines()[-1])
    document = json.loads((tmp_path / "report.json").read_text())
    assert (document["verdict"] != "conforms", document["complete"]) == (True, False)
    assert (tmp_path / "junit.xml").exists()


def test_error_of_the_collection_has_no_verdict(tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text("import nothing_like_it")
    run = suite.run("tests/test_topology.py", str(tmp_path / "test_own.py"))

    assert run.status == pytest.ExitCode.INTERRUPTED
    assert "No module named 'nothing_like_it'" in run.output
    assert run.output.splitlines()[-1].startswith("podpath: COULD NOT TEST   broken off: 0 of ")


def test_node_of_a_failure_is_kept(plugins: str) -> None:
    """The command that the failure names gets there, and the node leaves nothing."""
    run = suite.run(*_SOME, plugins, "--podpath-keep", "-n", "1")
    told = re.search("node ([0-9a-f]+) is kept until [0-9:]+: .* [(]kill ([0-9]+) ", run.output)

    assert told, run.output
    name, holder = told[1], int(told[2])
    try:
        assert f"  podpath shell --join {name} -c 'ip link show'" in run.output
        shell = [sys.executable, "-m", "podpath.cli", "shell", "--join", name, "-c", "ip link show"]
        done = subprocess.run(shell, capture_output=True, text=True, check=True)
        assert done.stdout.count(" mtu 1400 ") == 4
    finally:
        os.kill(holder, signal.SIGTERM)
    gone = waiting.until(lambda: name not in standing.listed(), bool, suite.HANG_SECONDS)
    assert gone, time.ctime()


def test_node_without_a_failure_is_not_kept() -> None:
    run = suite.run(suite.QUICK, "--podpath-keep")

    assert run.status == 0
    assert "is kept" not in run.output
