"""Processes of plugins: which ones run, hold the runtime's pipes, or print without end."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from podpath.nodes import plugin_processes
from podpath.nodes.base import Node
from podpath.system import files

_MANY = files.LIMIT + 1


class _Machine:
    """A directory in the form of /proc."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.killed: list[str] = []
        self.node = cast("Node", SimpleNamespace(root=lambda path: root / path.lstrip("/")))

    def process(
        self,
        pid: int,
        command: str,
        *,
        environment: str = "",
        pipes: tuple[str, ...] = (),
        read: int = 0,
        written: int = 0,
    ) -> None:
        """Write what the kernel would show of a process; again with other counters, if it is there.

        Args:
            pid: its pid.
            command: its words.
            environment: one variable.
            pipes: what its descriptors, from 0 on, lead to.
            read: bytes that it has read.
            written: bytes that it has written.
        """
        directory = self.root / "proc" / str(pid)
        (directory / "fd").mkdir(parents=True, exist_ok=True)
        (directory / "comm").write_text(f"{command.split(maxsplit=1)[0]}\n")
        (directory / "cmdline").write_text(command.replace(" ", "\0") + "\0")
        (directory / "environ").write_text(f"PATH=/bin\0{environment}\0")
        (directory / "io").write_text(f"rchar: {read}\nwchar: {written}\nsyscr: 1\n")
        for number, pipe in enumerate(pipes):
            (directory / "fd" / str(number)).symlink_to(pipe)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> _Machine:
    made = _Machine(tmp_path)
    made.process(1, "init")
    made.process(7, "containerd --config x", pipes=("/dev/null", "pipe:[1]", "pipe:[2]"))
    made.process(8, "containerd-shim -id x", pipes=("/dev/null", "pipe:[1]", "pipe:[1]"))
    monkeypatch.setattr(plugin_processes, "_kill", lambda p: made.killed.append(p.name))
    return made


def test_plugin_that_runs_is_listed(machine: _Machine) -> None:
    machine.process(9, "bridge", environment="CNI_COMMAND=ADD", pipes=("x", "pipe:[2]"))

    assert plugin_processes.running(machine.node) == "still running: bridge (CNI_COMMAND=ADD)"


def test_process_that_holds_the_output_is_listed(machine: _Machine) -> None:
    """It may have another environment; the runtime waits for the end of its output."""
    machine.process(9, "sleep 600", pipes=("/dev/null", "pipe:[2]", "/dev/null"))
    machine.process(10, "sleep 700", pipes=("pipe:[2]", "pipe:[3]", "/dev/null"))

    assert plugin_processes.running(machine.node) == ("holds the plugin's output open: sleep 600")


def test_plugin_that_prints_without_end_is_killed(machine: _Machine) -> None:
    """With its children, which have its environment."""
    look = plugin_processes.OutputLimit(machine.node).begin()
    machine.process(9, "sh bridge", environment="CNI_COMMAND=ADD")
    machine.process(10, "yes", environment="CNI_COMMAND=ADD", written=_MANY)
    assert look() == ""
    machine.process(7, "containerd --config x", read=_MANY)

    assert look() == "printed more than 4 MiB, and was killed"
    assert sorted(machine.killed) == ["10", "9"]


@pytest.mark.parametrize(
    ("read", "written"),
    [
        pytest.param(_MANY, 5, id="the-runtime-reads-other-things"),
        pytest.param(5, _MANY, id="the-plugin-writes-a-file"),
    ],
)
def test_plugin_that_prints_little_is_left_alone(
    machine: _Machine, read: int, written: int
) -> None:
    machine.process(9, "bridge", environment="CNI_COMMAND=ADD", written=written)
    look = plugin_processes.OutputLimit(machine.node).begin()
    machine.process(7, "containerd --config x", read=read)

    assert look() == ""
    assert machine.killed == []


def test_runtime_that_was_restarted_is_found_again(machine: _Machine) -> None:
    limit = plugin_processes.OutputLimit(machine.node)
    limit.begin()
    machine.process(7, "sh")
    machine.process(20, "containerd --config x", read=100)
    look = limit.begin()
    machine.process(9, "bridge", environment="CNI_COMMAND=DEL", written=_MANY)
    machine.process(20, "containerd --config x", read=100 + _MANY)

    assert look() == "printed more than 4 MiB, and was killed"
