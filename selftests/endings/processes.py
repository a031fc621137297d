"""The tree of the machine's processes."""

import os
from collections.abc import Iterator
from pathlib import Path

Tree = dict[int, list[int]]


def tree() -> Tree:
    """Return all processes: pid -> pids of its children."""
    found: Tree = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        found.setdefault(parent, []).append(int(process.name))
    return found


def below(pid: int, among: Tree) -> Iterator[int]:
    """Yield the descendants of a process."""
    for child in among.get(pid, []):
        yield child
        yield from below(child, among)


def of_other_workers() -> frozenset[int]:
    """Return the processes of xdist's other workers, which run other tests meanwhile.

    What a run leaves is no descendant of a worker: its parent has ended.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return frozenset()
    among = tree()
    others = [pid for pid in among.get(os.getppid(), []) if pid != os.getpid()]
    return frozenset(others).union(*(below(pid, among) for pid in others))
