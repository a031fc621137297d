"""The keeper of one embedded node: it outlives pytest just long enough to leave nothing behind.

    pytest ──(pipe on stdin)──> keeper ──(fork into a new pid namespace)──> init, pid 1 of the node

The kernel removes the node's processes, mounts and links when init ends. It does not remove
cgroups: the keeper makes and removes them. The keeper ends the node when its stdin closes, which
happens however pytest ends, SIGKILL included. If the keeper is killed, the kernel kills init with
it, and the keeper's *heir* removes the cgroups: a process that only waits for that. If both are
killed, the next keeper sweeps the cgroups.

It runs as `python -I -S`, so it imports only the standard library and its neighbours.
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

from podpath.nodes.embedded import cgroups, confine, init, places
from podpath.system import linux

#: Bytes of the runtime's last words.
_MOST_SAID = 500


def _say(**message: object) -> None:
    os.write(1, json.dumps(message).encode() + b"\n")


def _start_init(spec: "init.NodeSpec", groups: cgroups.Groups, last_words: int) -> tuple[int, int]:
    """Fork pid 1 of the node; return its pid and a pipe with the result of its set-up."""
    report, status = os.pipe()
    linux.unshare(linux.CLONE_NEWPID)
    pid = os.fork()
    if pid == 0:
        os.close(report)
        init.run(spec, groups, status, last_words)
    os.close(status)
    return pid, report


def _ended_by_itself(pidfd: int) -> bool:
    """Wait for the end of the parent (its end of stdin closes), or of init.

    Returns:
        True if init ended.
    """
    poll = select.poll()
    poll.register(0, select.POLLIN | select.POLLHUP)
    poll.register(pidfd, select.POLLIN)
    return any(descriptor == pidfd for descriptor, _ in poll.poll())


@contextmanager
def _heir(node: str, groups: cgroups.Groups, seconds: float) -> Iterator[None]:
    """Keep a process that removes the groups if this one is killed. It inherits their locks."""
    keeper = os.pidfd_open(os.getpid())
    heir = os.fork()
    if heir == 0:
        try:
            os.setsid()  # a signal to the keeper's process group must not kill both
            for ending in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(ending, signal.SIG_IGN)
            os.close(0)
            select.select([keeper], [], [])
            places.forget(node)
            cgroups.remove(groups, seconds)
        finally:
            os._exit(0)
    os.close(keeper)
    try:
        yield
    finally:
        os.kill(heir, signal.SIGKILL)
        os.waitpid(heir, 0)


def _why(status: int, groups: cgroups.Groups, pods: int, last_words: str) -> str:
    """Return how the runtime ended, with its last words, and which of the node's limits it met."""
    code = os.waitstatus_to_exitcode(status)
    if code < 0 or code > init.SIGNALLED:
        number = -code if code < 0 else code - init.SIGNALLED
        how = f"was killed by {signal.Signals(number).name}"
    else:
        how = f"exited with status {code}"
    who = "process 1" if code < 0 else "containerd"
    met = []
    if _count(groups.read("memory.oom_control") + groups.read("memory.events"), "oom_kill"):
        met.append(f"its memory was used up ({confine.memory(pods) >> 20} MiB)")
    if _count(groups.read("pids.events"), "max"):
        met.append(f"it had as many processes as it may have ({confine.processes(pods)})")
    how += f" ({last_words})" if last_words else ""
    return "; ".join([f"the node has ended: its {who} {how}", *met])


def _count(text: str, name: str) -> int:
    return sum(map(int, re.findall(rf"^{name} (\d+)$", text, re.MULTILINE)))


def keep(spec: "init.NodeSpec") -> None:
    """Run one node from its start to its complete removal.

    Raises:
        OSError: the groups cannot be created or removed.
    """
    for ending in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(ending, lambda *_: os.close(0))
    cgroups.sweep()
    places.sweep()
    groups = cgroups.create(spec.id)
    with _heir(spec.id, groups, spec.cgroup_removal):
        try:
            _run(spec, groups)
        finally:
            places.forget(spec.id)
            cgroups.remove(groups, spec.cgroup_removal)


def _run(spec: "init.NodeSpec", groups: cgroups.Groups) -> None:
    missing = confine.limit(groups, spec.pods)
    last_words = os.memfd_create("last-words")
    pid, report = _start_init(spec, groups, last_words)
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
            said = os.pread(last_words, _MOST_SAID, 0).decode(errors="replace").strip()
            _say(ended=_why(status, groups, spec.pods, said))
    finally:
        if status is None:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def main() -> None:
    """Run the keeper's process."""
    try:
        keep(init.NodeSpec(**json.loads(sys.argv[1])))
    except OSError as error:
        _say(error=str(error))
        raise SystemExit(1) from None
