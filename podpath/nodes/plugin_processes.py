"""Processes of CNI plugins that the container runtime of a node has started."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from podpath.nodes.base import Node
from podpath.system import files, proc

_RUNTIME = "containerd"
_VARIABLE = b"CNI_COMMAND="
_COMMAND_BYTES = 200
_MOST_RUNNING = 20
#: Standard output and error of a process.
_OUTPUTS = ("1", "2")


def running(node: Node) -> str:
    """List the CNI plugins that run on a node at this moment, and the holders of their output.

    A process that a plugin leaves behind may hold its output open; the runtime waits for it, too.
    """
    pipes = {pipe for process in _runtimes(node) for pipe in _pipes(process)}
    lines = []
    for process in _processes(node):
        with suppress(OSError):
            environment = (process / "environ").read_bytes()
            command = (process / "cmdline").read_bytes()
            if called_as := called(environment, command):
                lines += called_as
            elif not _is_of_runtime(process) and pipes.intersection(_pipes(process, _OUTPUTS)):
                lines.append(f"holds the plugin's output open: {_shown(command)}")
    return "\n".join(lines[:_MOST_RUNNING])


def called(environment: bytes, command: bytes) -> list[str]:
    """Return a line with the command of a process, if it is a CNI plugin; otherwise nothing. Pure.

    Args:
        environment: text of /proc/PID/environ.
        command: text of /proc/PID/cmdline.
    """
    return [
        f"still running: {_shown(command)} ({variable[:_COMMAND_BYTES].decode(errors='replace')})"
        for variable in proc.strings(environment)
        if variable.startswith(_VARIABLE)
    ][:1]


def _shown(command: bytes) -> str:
    words = b" ".join(proc.strings(command[:_COMMAND_BYTES]))
    return words.decode(errors="replace").strip()


class OutputLimit:
    """Limit of what plugins may print while the runtime calls them: it keeps all in its memory.

    A plugin that prints more than files.LIMIT is killed, before the runtime has no memory left. Two
    counters of the kernel must agree: the bytes that the runtime has read, and those that a process
    of the plugin has written (proc(5), /proc/PID/io).
    """

    def __init__(self, node: Node) -> None:
        """Limit the output of the plugins on a node."""
        self._node = node
        self._runtimes: list[Path] = []

    def begin(self) -> Callable[[], str]:
        """Begin to count, before the runtime calls a plugin.

        Returns:
            Function to call again and again; its value is what a plugin did, in words, once it is
            killed, and empty before.
        """
        if not self._runtimes or any(_name(process) != _RUNTIME for process in self._runtimes):
            self._runtimes = _runtimes(self._node)  # one that was restarted is another process
        before = {process: _counter(process, "rchar") for process in self._runtimes}

        def look() -> str:
            read = [_counter(process, "rchar") - n for process, n in before.items()]
            return self._end_flood() if max(read, default=0) > files.LIMIT else ""

        return look

    def _end_flood(self) -> str:
        plugins = [process for process in _processes(self._node) if _is_plugin(process)]
        if all(_counter(process, "wchar") <= files.LIMIT for process in plugins):
            return ""
        for process in plugins:
            _kill(process)
        return f"printed more than {files.LIMIT // 2**20} MiB, and was killed"


def _processes(node: Node) -> Iterator[Path]:
    yield from node.root("/proc").glob("[0-9]*")


def _runtimes(node: Node) -> list[Path]:
    return [process for process in _processes(node) if _name(process) == _RUNTIME]


def _is_of_runtime(process: Path) -> bool:
    return _name(process).startswith(_RUNTIME)


def _name(process: Path) -> str:
    """Return the name of a process; empty if it has ended."""
    with suppress(OSError):
        return (process / "comm").read_text().strip()
    return ""


def _is_plugin(process: Path) -> bool:
    with suppress(OSError):
        return any(
            variable.startswith(_VARIABLE)
            for variable in proc.strings((process / "environ").read_bytes())
        )
    return False


def _pipes(process: Path, descriptors: tuple[str, ...] = ()) -> set[str]:
    """Return the pipes that a process has open, by these descriptors or by any."""
    pipes = set()
    with suppress(OSError):
        for descriptor in descriptors or os.listdir(process / "fd"):
            with suppress(OSError):
                there = os.readlink(process / "fd" / descriptor)
                pipes.update([there] if there.startswith("pipe:") else [])
    return pipes


def _counter(process: Path, name: str) -> int:
    """Return a counter of a process; 0 if it has ended, or if the kernel does not count."""
    with suppress(OSError):
        for line in (process / "io").read_text().splitlines():
            if line.startswith(f"{name}: "):
                return int(line.split()[1])
    return 0


def _kill(process: Path) -> None:
    """Kill a process of the node, whose pid here is not known (pidfd_send_signal(2))."""
    with suppress(OSError):
        descriptor = os.open(process, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        finally:
            os.close(descriptor)
