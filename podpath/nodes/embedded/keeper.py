"""The keeper of one embedded node: outlives pytest just long enough to leave nothing behind.

    pytest ──(pipe on stdin)──> keeper ──(fork into a new pid namespace)──> init, pid 1 of the node

The kernel itself takes the node's processes, mounts and links away when init ends. What it
does not take away are cgroups: the keeper makes them, and removes them. It ends the node when
its stdin closes, which happens however pytest ends, SIGKILL included; should the keeper be
killed, the kernel kills init with it, and the keeper's *heir*, a process that does nothing but
wait for that, removes the cgroups. Should both be killed, the next keeper sweeps them.

It runs as `python -I -S`, so it imports the standard library and its neighbours only.
Protocol: a NodeSpec as JSON in argv[1]; one JSON object a line on stdout,
{"init": pid, "missing": [sentence]} or {"error": sentence}; and {"ended": sentence} if the node
ends by itself.
"""

import json
import os
import re
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from podpath.nodes.embedded import cgroups, confine, init
from podpath.system import linux


def _say(**message: object) -> None:
    os.write(1, json.dumps(message).encode() + b"\n")


def _start_init(spec: "init.NodeSpec", groups: cgroups.Groups) -> tuple[int, int]:
    """Fork pid 1 of the node; return its pid and a pipe that says how its set-up went."""
    report, status = os.pipe()
    linux.unshare(linux.CLONE_NEWPID)
    pid = os.fork()
    if pid == 0:
        os.close(report)
        init.run(spec, groups, status)
    os.close(status)
    return pid, report


def _ended_by_itself(pidfd: int) -> bool:
    """Wait until our parent is gone, asks for the end (stdin closed), or init has ended."""
    poll = select.poll()
    poll.register(0, select.POLLIN | select.POLLHUP)
    poll.register(pidfd, select.POLLIN)
    return any(descriptor == pidfd for descriptor, _ in poll.poll())


@contextmanager
def _heir(groups: cgroups.Groups, seconds: float) -> Iterator[None]:
    """A process that removes the groups if this one is killed. It inherits their locks."""
    keeper = os.pidfd_open(os.getpid())
    heir = os.fork()
    if heir == 0:
        try:
            os.setsid()  # whoever kills the keeper's group shall not kill both
            for ending in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(ending, signal.SIG_IGN)
            os.close(0)
            select.select([keeper], [], [])
            cgroups.remove(groups, seconds)
        finally:
            os._exit(0)
    os.close(keeper)
    try:
        yield
    finally:
        os.kill(heir, signal.SIGKILL)
        os.waitpid(heir, 0)


def _why(status: int, groups: cgroups.Groups) -> str:
    """How the runtime ended, and which of the node's limits were met."""
    code = os.waitstatus_to_exitcode(status)
    if code < 0 or code > init.SIGNALLED:
        number = -code if code < 0 else code - init.SIGNALLED
        how = f"was killed by {signal.Signals(number).name}"
    else:
        how = f"exited with status {code}"
    who = "process 1" if code < 0 else "containerd"
    met = []
    if _count(groups.read("memory.oom_control") + groups.read("memory.events"), "oom_kill"):
        met.append(f"its memory was used up ({confine.MEMORY_BYTES >> 20} MiB)")
    if _count(groups.read("pids.events"), "max"):
        met.append(f"it had as many processes as it may have ({confine.PROCESSES})")
    return "; ".join([f"the node has ended: its {who} {how}", *met])


def _count(text: str, name: str) -> int:
    return sum(map(int, re.findall(rf"^{name} (\d+)$", text, re.MULTILINE)))


def keep(spec: "init.NodeSpec") -> None:
    """Run one node from its start to its complete removal."""
    for ending in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(ending, lambda *_: os.close(0))
    cgroups.sweep()
    groups = cgroups.create(spec.id)
    with _heir(groups, spec.cgroup_removal):
        try:
            _run(spec, groups)
        finally:
            cgroups.remove(groups, spec.cgroup_removal)


def _run(spec: "init.NodeSpec", groups: cgroups.Groups) -> None:
    missing = confine.limit(groups)
    pid, report = _start_init(spec, groups)
    status = None
    try:
        with os.fdopen(report) as stream:
            failure = stream.read()
        if failure:
            _say(error=failure)
            return
        _say(init=pid, missing=missing)
        if _ended_by_itself(os.pidfd_open(pid)):
            _, status = os.waitpid(pid, 0)
            _say(ended=_why(status, groups))
    finally:
        if status is None:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def main() -> None:
    """Entry point of the keeper's process."""
    try:
        keep(init.NodeSpec(**json.loads(sys.argv[1])))
    except OSError as error:
        _say(error=str(error))
        raise SystemExit(1) from None
