"""Kill -9 a part of a run at a random moment, many times, and look at what is left.

    python -m selftests.endings.killing --times 100 --seed 1

As root, on a machine where nothing else of podpath's runs, or with --private anywhere: in mounts,
a network, processes and cgroups of its own. Exit status 1 if anything was left, or a run did not
end. What is killed goes round: pytest alone; pytest and all its workers; the keeper;
containerd; one worker.
"""

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from podpath.system import waiting
from selftests import suite
from selftests.endings import host, private
from selftests.endings.processes import below, tree

_APPEAR_SECONDS = 10.0
_END_SECONDS = 90.0
_TESTS = "tests/test_topology.py"


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _itself(pid: int) -> list[int]:
    return [pid]


def _group(pid: int) -> list[int]:
    """Pytest and what is in its group: the workers, not the keepers."""
    family = below(pid, tree())
    return [pid, *(p for p in family if "podpath.nodes" not in _command(p) and _in_group(p, pid))]


def _in_group(pid: int, group: int) -> bool:
    try:
        return os.getpgid(pid) == group
    except OSError:
        return False


def _keeper(pid: int) -> list[int]:
    """The first of those that this run has: its children are the node's init, and its heir."""
    return [p for p in below(pid, tree()) if "podpath.nodes" in _command(p)][:1]


def _containerd(pid: int) -> list[int]:
    names = (p for p in below(pid, tree()) if "containerd --config" in _command(p))
    return list(names)[:1]


def _worker(pid: int) -> list[int]:
    """The first one, by what execnet starts it with; pytest has other children for a moment."""
    return [p for p in tree().get(pid, []) if "stdin.readline" in _command(p)][:1]


_TARGETS: tuple[tuple[str, tuple[str, ...], Callable[[int], list[int]]], ...] = (
    ("pytest", (), _itself),
    ("pytest and workers", ("-n", "2"), _group),
    ("keeper", (), _keeper),
    ("containerd", (), _containerd),
    ("worker", ("-n", "2"), _worker),
)


def kill_once(number: int, moment: float) -> tuple[str, str]:
    """One run, broken off; which part was killed, and what came of it."""
    name, options, find = _TARGETS[number % len(_TARGETS)]
    process = suite.start(_TESTS, *options)
    try:
        process.wait(moment)
        status = "had ended before"
    except subprocess.TimeoutExpired:
        targets = waiting.until(
            lambda: [] if process.poll() is not None else find(process.pid),
            lambda found: bool(found) or process.poll() is not None,
            _APPEAR_SECONDS,
        )
        for target in targets:
            with contextlib.suppress(ProcessLookupError):
                os.kill(target, signal.SIGKILL)
        status = "killed" if targets else "was not there any more"
    try:
        process.communicate(timeout=_END_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return name, "DID NOT END"
    return name, f"{status}, status {process.returncode}"


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--within", type=float, default=8.0, help="seconds that a run takes here")
    parser.add_argument("--private", action="store_true", help="on a machine that others use")
    given = parser.parse_args()
    if given.private:
        same = (f"--times={given.times}", f"--seed={given.seed}", f"--within={given.within}")
        return private.run("selftests.endings.killing", same)
    chance = random.Random(given.seed)
    ignored = Path("/tmp/pytest-of-root")
    ignored.mkdir(mode=0o700, exist_ok=True)
    counts: Counter[tuple[str, str]] = Counter()
    bad = 0
    for number in range(given.times):
        before = host.read(ignored)
        name, outcome = kill_once(number, chance.uniform(0.0, given.within))
        left = host.new_since(before, ignored)
        counts[name, outcome] += 1
        if left or "NOT" in outcome:
            bad += 1
            sys.stdout.write(f"{number}: {name}, {outcome}, left: {left}\n")
            sys.stdout.flush()
    for (name, outcome), times in sorted(counts.items()):
        sys.stdout.write(f"{times:4} {name}: {outcome}\n")
    sys.stdout.write(f"seed {given.seed}: {given.times} runs, {bad} left something or hung\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
