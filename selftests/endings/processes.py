"""The tree of the machine's processes."""

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
