"""Start programs in all namespaces of another process, without a program that enters them first.

nsenter(1) and setpriv(1) take three times as long as most programs that podpath runs on a node.
"""

import os
import subprocess
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from podpath.system import linux
from podpath.system import netns as network_namespaces

# That of mounts is the last: from then on, /proc is the other process' own.
_NAMESPACES = {
    "net": linux.CLONE_NEWNET,
    "uts": linux.CLONE_NEWUTS,
    "ipc": linux.CLONE_NEWIPC,
    "cgroup": linux.CLONE_NEWCGROUP,
    "pid": linux.CLONE_NEWPID,
    "mnt": linux.CLONE_NEWNS,
}


class Entrance:
    """A thread inside the namespaces of a process, which starts programs there.

    setns(2) moves one thread, as capabilities are one thread's; all others stay where they are. Its
    children have their pids in both pid namespaces, and end with the one that was entered. Its
    mounts stay until close().
    """

    def __init__(self, pid: int, dropped: Iterable[int] = ()) -> None:
        """Use the namespaces of a process; the first program enters them.

        Args:
            pid: the process.
            dropped: numbers of the capabilities that programs there do not get.
        """
        self._pid, self._dropped = pid, tuple(dropped)
        self._network: int | None = None
        self._thread = ThreadPoolExecutor(1, "entrance")

    def start(
        self, command: Sequence[str], *, netns: str = "", **options: Any
    ) -> "subprocess.Popen[Any]":
        """Start a program.

        Args:
            command: the program, which is looked up there, and its arguments.
            netns: path there of a network namespace to start it in; empty for that of the process.
            options: arguments of Popen.

        Raises:
            OSError: the namespaces cannot be entered, or the program cannot be started.
        """
        return self._thread.submit(self._start, command, netns, options).result()

    def close(self) -> None:
        """Leave the namespaces; what runs there goes on."""
        self._thread.shutdown()
        if self._network is not None:
            os.close(self._network)
            self._network = None

    def _start(
        self, command: Sequence[str], netns: str, options: dict[str, Any]
    ) -> "subprocess.Popen[Any]":
        if self._network is None:
            self._network = self._enter()
        if not netns:
            return subprocess.Popen(command, **options)
        network_namespaces.join(netns)
        try:
            return subprocess.Popen(command, **options)
        finally:
            linux.setns(self._network, linux.CLONE_NEWNET)

    def _enter(self) -> int:
        """Enter the namespaces; return a descriptor of the one of networks."""
        opened: dict[str, int] = {}
        try:
            for name in _NAMESPACES:
                path = f"/proc/{self._pid}/ns/{name}"
                opened[name] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            # a thread that shares its root directory with others cannot change its mounts
            linux.unshare(linux.CLONE_FS)
            for name, descriptor in opened.items():
                linux.setns(descriptor, _NAMESPACES[name])
            linux.drop_capabilities(self._dropped)
            return os.dup(opened["net"])
        finally:
            for descriptor in opened.values():
                os.close(descriptor)
