"""Run the conformance suite as its users do: as a process of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
QUICK = "tests/test_topology.py::test_ports_of_the_bridge_are_the_pods_veths"
PING = "tests/test_path.py::test_ping_crosses_exactly_the_expected_interfaces"


#: Plugins that a run does not need, which take half of the time of a short one: hypothesis' imports
#: all of hypothesis, and two of pytest's own collect garbage ten times at the end.
_NEEDLESS = ("hypothesispytest", "unraisableexception", "threadexception", "pytest-kind-ng")


#: Otherwise pytest shortens the lines of its summary to the width of the terminal.
_UNSHORTENED = {"CI": "true"}


#: Whatever has not ended or come by then never will: among other tests, a run takes ten times as
#: long as alone. No test passes or fails by how fast a machine is.
HANG_SECONDS = 900.0
_STACKS_SECONDS = 10.0


def without_needless(arguments: Iterable[str]) -> dict[str, str]:
    """Return the environment with which pytest and xdist's workers load no needless plugin.

    The report has the command of a run, but not its environment.

    Args:
        arguments: arguments of pytest. A run on kind needs the options of pytest-kind.
    """
    on_kind = any("kind" in argument for argument in arguments)
    names = _NEEDLESS[:-1] if on_kind else _NEEDLESS
    return {"PYTEST_ADDOPTS": " ".join(f"-p no:{name}" for name in names)}


@dataclass(frozen=True)
class Run:
    """End of a run of the suite.

    Attributes:
        status: exit status of pytest.
        output: everything that the run printed, on stdout and stderr.
        report: the run's report.json; empty if the run wrote none.
        hung: the calls of plugins that were awaited in vain, in words; only of a run within this
            process.
    """

    status: int
    output: str
    report: dict[str, Any] = field(default_factory=dict)
    hung: tuple[str, ...] = ()

    def verdicts(self) -> dict[str, str]:
        """Return the verdicts on the requirements with tests in the run: id -> verdict."""
        return {r["id"]: r["verdict"] for r in self.report.get("requirements", []) if r["tests"]}

    def reasons(self, requirement: str) -> str:
        """Return the reasons that the report gives for a requirement's verdicts."""
        tests = next(r for r in self.report["requirements"] if r["id"] == requirement)["tests"]
        return "\n".join(t["reason"] for t in tests)


def start(
    *arguments: str, environment: dict[str, str] | None = None, user: int | None = None
) -> "subprocess.Popen[str]":
    """Start pytest in the checkout, in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=ROOT,
        env={**os.environ, **_UNSHORTENED, **without_needless(arguments), **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        user=user,
    )


def run(
    *arguments: str,
    report: Path | None = None,
    environment: dict[str, str] | None = None,
    user: int | None = None,
) -> Run:
    """Run pytest in the checkout to its end."""
    more = [f"--podpath-report={report}"] if report else []
    process = start(*arguments, *more, environment=environment, user=user)
    output = ended(process)
    written = report / "report.json" if report else None
    document = json.loads(written.read_text()) if written and written.exists() else {}
    return Run(process.returncode, output, document)


def ended(process: "subprocess.Popen[str]") -> str:
    """Wait for the end of a run that was started, and return its output.

    Raises:
        AssertionError: The run hangs; with its output, and what each of its threads is at.
    """
    try:
        return process.communicate(timeout=HANG_SECONDS)[0]
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)  # pytest answers with its stacks
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STACKS_SECONDS)
        raise AssertionError(f"the run hangs:\n{_killed(process)}") from None
    except BaseException:
        _killed(process)
        raise


def _killed(process: "subprocess.Popen[str]") -> str:
    """Kill what is left of a run, and return what it printed since."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    return process.communicate()[0]
