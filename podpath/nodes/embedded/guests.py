"""Programs of strangers on a node: in cgroups of their own, within bounds, and ended as a whole.

The groups are inside the node's, whose limits hold for them, too. On cgroup v2 a group inside one
that has processes gets no controllers (cgroup-v2, "No Internal Process Constraint"): there the
node's own limits are the only ones of memory and processes.
"""

import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from podpath.errors import CouldNotTest
from podpath.nodes.base import Node
from podpath.nodes.embedded import cgroups
from podpath.system import limits, randomness, waiting

#: Controllers that bound a guest, and the files of their limits in cgroup v1 and v2.
_BOUNDING = {
    "pids": ("pids.max",),
    "memory": ("memory.limit_in_bytes", "memory.max"),
    "cpu": ("cpu.shares", "cpu.weight"),
}
#: Part of the processor under contention; a program without a group of its own has 1024 or 100.
_CPU_SHARE = "100"

# It joins the groups from outside of the node, as the node's cgroup namespace ends at its own.
_JOIN = """\
while [ "$1" != -- ]; do echo 0 >"$1/cgroup.procs" || exit 125; shift; done
shift; exec "$@"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a guest may use.

    Attributes:
        seconds: time until it is ended.
        processes: number of its processes and threads at a time.
        memory: bytes of memory, files in memory included.
        output: bytes of its output that are kept, the last ones.
    """

    seconds: float
    processes: int = 256
    memory: int = 256 << 20
    output: int = 64 << 10


@dataclass(frozen=True, slots=True)
class GuestResult:
    """End of a guest.

    Attributes:
        status: its exit status; None if it was ended after its time.
        output: the end of what it printed, on stdout and stderr.
        seconds: time that it ran.
        met: bounds that it met: "memory", "processes".
    """

    status: int | None
    output: str
    seconds: float
    met: tuple[str, ...] = ()


def run_guest(
    node: Node,
    command: Sequence[str],
    bounds: Bounds,
    environment: Mapping[str, str],
) -> GuestResult:
    """Run a program on an embedded node within bounds; end all that it leaves running.

    A guest is root on the node. It can leave its groups for the node's own, and end the node.

    Args:
        node: an embedded node, which is to be used for nothing else afterwards.
        command: program and arguments.
        bounds: what it may use.
        environment: its environment variables.

    Raises:
        CouldNotTest: the groups cannot be made, or its processes do not end.
    """
    with _groups(node.pid, bounds) as groups:
        argv = ["sh", "-c", _JOIN, "sh", *groups.all, "--", *node.entering(command)]
        began = time.monotonic()
        read, write = os.pipe()
        try:
            with subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=write,
                stderr=write,
                env=dict(environment),
                start_new_session=True,
            ) as process:
                os.close(write)
                output = _Output(read, bounds.output)
                in_time = output.until_end_of(process.pid, began + bounds.seconds)
                seconds = time.monotonic() - began
                met = groups.met()
                groups.end_all()
                process.kill()  # nsenter, which waits for a process of the node
                status = process.wait()
            output.read_rest()
        finally:
            os.close(read)
    return GuestResult(status if in_time else None, output.text(), seconds, met)


class _Output:
    """The end of what a program prints; the rest is read, too, so that it never waits for us."""

    def __init__(self, descriptor: int, size: int) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor, self._size = descriptor, size
        self._kept = b""

    def until_end_of(self, pid: int, deadline: float) -> bool:
        """Read until a process ends; return False if it has not ended by the deadline."""
        ended = os.pidfd_open(pid)
        reading = [ended, self._descriptor]
        try:
            while (left := deadline - time.monotonic()) > 0:
                ready, _, _ = select.select(reading, [], [], left)
                if self._descriptor in ready and not self._read():
                    reading = [ended]
                if ended in ready:
                    return True
            return False
        finally:
            os.close(ended)

    def read_rest(self) -> None:
        """Read what is there already. Processes that hold the pipe are not waited for."""
        for _ in range(64):
            if not self._read():
                return

    def _read(self) -> bool:
        try:
            new = os.read(self._descriptor, 1 << 16)
        except BlockingIOError:
            return False
        self._kept = (self._kept + new)[-self._size :]
        return bool(new)

    def text(self) -> str:
        return self._kept.decode(errors="replace")


@dataclass(frozen=True)
class _Groups:
    """Groups of one guest.

    Attributes:
        own: groups of its own.
        node: groups of the node that it joins where it has none of its own.
    """

    own: list[Path]
    node: list[Path]

    @property
    def all(self) -> list[str]:
        return [str(group) for group in (*self.own, *self.node)]

    def met(self) -> tuple[str, ...]:
        """Return the bounds that were met."""
        killed = self._count("oom_kill", "memory.oom_control", "memory.events")
        refused = self._count("max", "pids.events")
        return tuple(n for n, times in (("memory", killed), ("processes", refused)) if times)

    def _count(self, event: str, *files: str) -> int:
        texts = (path.read_text() for g in self.own for f in files if (path := g / f).exists())
        return sum(int(n) for text in texts for n in re.findall(rf"^{event} (\d+)$", text, re.M))

    def end_all(self) -> None:
        """End all processes of the guest, also those that fork meanwhile.

        Raises:
            CouldNotTest: a process does not end.
        """
        for group in self.own:
            with suppress(OSError):
                (group / "pids.max").write_text("0")
        seconds = limits.current().cgroup_removal
        if not waiting.until(self._ended, bool, seconds):
            raise CouldNotTest(f"processes of a submission did not end in {seconds:.0f} s")

    def _ended(self) -> bool:
        pids: set[int] = set()
        for group in self.own:
            with suppress(OSError):  # the node has ended, and its groups with it
                pids.update(map(int, (group / "cgroup.procs").read_text().split()))
        for pid in pids - {0}:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not pids


@contextmanager
def _groups(init: int, bounds: Bounds) -> Iterator[_Groups]:
    """Make groups for a guest inside those of a node's init, for the length of the block.

    Raises:
        CouldNotTest: a group cannot be made.
    """
    groups = _Groups([], [])
    try:
        try:
            _make(groups, init, bounds)
        except OSError as error:
            raise CouldNotTest(f"a guest cannot get cgroups of its own: {error}") from None
        yield groups
    finally:
        for group in groups.own:
            with suppress(OSError):  # the node has ended, and its keeper removes its groups
                group.rmdir()


def _make(groups: _Groups, init: int, bounds: Bounds) -> None:
    name = f"guest-{randomness.unique(4).hex()}"
    values = {"pids": str(bounds.processes), "memory": str(bounds.memory), "cpu": _CPU_SHARE}
    for hierarchy, group in _of_process(init):
        controllers = set(hierarchy.options.split(",")) & set(_BOUNDING)
        if not controllers and hierarchy.kind == "cgroup":
            groups.node.append(group)
            continue
        (group / name).mkdir()
        groups.own.append(group / name)
        for controller in controllers or _BOUNDING:
            _limit(group / name, controller, values[controller])


def _limit(group: Path, controller: str, value: str) -> None:
    for name in _BOUNDING[controller]:
        if (group / name).exists():
            (group / name).write_text(value)


def _of_process(pid: int) -> Iterator[tuple[cgroups.Hierarchy, Path]]:
    """Yield each hierarchy of the host, with the directory of the node's group of a process.

    The kernel's paths begin at the host's root, but in a container only its own group is mounted:
    the node's groups are directly in what is mounted (cgroups.create).
    """
    lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    paths = {controllers: path for _, controllers, path in (line.split(":", 2) for line in lines)}
    for hierarchy in cgroups.hierarchies():
        _, prefix, rest = paths.get(hierarchy.options, "").rpartition(f"/{cgroups.PREFIX}")
        if prefix:
            yield hierarchy, Path(f"{hierarchy.mount}{prefix}{rest}")
