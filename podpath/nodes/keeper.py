"""The keeper of one embedded node: outlives pytest just long enough to leave nothing behind.

    pytest ──(pipe on stdin)──> keeper ──(fork into a new pid namespace)──> init, pid 1 of the node

The kernel itself takes the node's processes, mounts and links away when init ends. What it
does not take away are cgroups: the keeper makes them, and removes them. It ends the node when
its stdin closes, which happens however pytest ends, SIGKILL included; should the keeper be
killed, the kernel kills init with it, and the next keeper sweeps the cgroups it left.

It runs as `python -I -S`, so it imports the standard library and its neighbours only.
Protocol: a NodeSpec as JSON in argv[1]; one JSON object a line on stdout,
{"init": pid} or {"error": sentence}.
"""

import json
import os
import select
import signal
import sys

from podpath import linux
from podpath.nodes import cgroups, init


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


def _wait_for_end(pidfd: int) -> None:
    """Return when our parent is gone, asks for the end (stdin closed), or init has ended."""
    poll = select.poll()
    poll.register(0, select.POLLIN | select.POLLHUP)
    poll.register(pidfd, select.POLLIN)
    poll.poll()


def keep(spec: "init.NodeSpec") -> None:
    """Run one node from its start to its complete removal."""
    for ending in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(ending, lambda *_: os.close(0))
    cgroups.sweep()
    groups = cgroups.create(spec.id)
    try:
        pid, report = _start_init(spec, groups)
        try:
            with os.fdopen(report) as stream:
                failure = stream.read()
            if failure:
                _say(error=failure)
            else:
                _say(init=pid)
                _wait_for_end(os.pidfd_open(pid))
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    finally:
        cgroups.remove(groups)


def main() -> None:
    """Entry point of the keeper's process."""
    try:
        keep(init.NodeSpec(**json.loads(sys.argv[1])))
    except OSError as error:
        _say(error=str(error))
        raise SystemExit(1) from None
