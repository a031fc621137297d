"""Run the suite on the embedded node and on kind, with the same options, and compare the reports.

python -m selftests.equivalence [OPTIONS OF PYTEST]      exit status 0 if they do not differ

Options that are kind's alone mean nothing on the embedded node.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from podpath.nodes import kinds
from podpath.report.outcome import Verdict
from podpath.requirements import REQUIREMENTS

_NODES = ("embedded", "kind")
_NONE = (Verdict.NOT_RUN, Verdict.COULD_NOT_TEST)


def verdicts(report: Mapping[str, Any]) -> dict[str, str]:
    """Test or requirement -> verdict. Tests are known by their file and name."""
    found = {}
    for one in report["requirements"]:
        found[one["id"]] = one["verdict"]
        for test in one["tests"]:
            found[test["test"].rpartition("/")[2]] = test["verdict"]
    return found


def shared() -> list[str]:
    """The requirements that can be looked at on both nodes."""
    return [r.id for r in REQUIREMENTS.values() if set(_NODES) <= set(kinds.testing(r))]


def compared(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """The requirements that both runs have a verdict on."""
    both = (verdicts(one), verdicts(other))
    return [i for i in shared() if not any(v.get(i, Verdict.NOT_RUN) in _NONE for v in both)]


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Where two reports differ: of the requirements that both nodes have, and of their tests."""
    both = (verdicts(one), verdicts(other))
    alone = {r.id for r in REQUIREMENTS.values()} - set(shared())
    tests = {
        test["test"].rpartition("/")[2]
        for report in (one, other)
        for requirement in report["requirements"]
        if requirement["id"] in alone
        for test in requirement["tests"]
    }
    names = dict.fromkeys([*both[0], *both[1]])
    return [
        f"{name}: {both[0].get(name, 'not run')} on {_NODES[0]},"
        f" {both[1].get(name, 'not run')} on {_NODES[1]}"
        for name in names
        if name not in alone | tests and both[0].get(name) != both[1].get(name)
    ]


def _run(node: str, directory: Path, options: Sequence[str]) -> dict[str, Any]:
    print(f"--- {node}", flush=True)
    began = time.monotonic()
    arguments = ["-q", "--podpath-node", node, "--podpath-report", str(directory), *options]
    done = subprocess.run([sys.executable, "-m", "pytest", *arguments], check=False)
    print(f"--- {node}: status {done.returncode}, {time.monotonic() - began:.0f} s", flush=True)
    report = directory / "report.json"
    if not report.exists():
        raise SystemExit(f"there is no report of the run on {node}")
    return dict(json.loads(report.read_text()))


def main(options: Sequence[str]) -> int:
    """Entry point of `python -m selftests.equivalence`."""
    reports = []
    with tempfile.TemporaryDirectory() as directory:
        for node in _NODES:
            reports.append(_run(node, Path(directory, node), options))
    found, seen = differences(*reports), compared(*reports)
    print(
        *found, f"{len(found)} differences in {len(seen)} of {len(shared())} requirements", sep="\n"
    )
    return 0 if seen and not found else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
