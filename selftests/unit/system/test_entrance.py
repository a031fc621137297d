"""Programs that are started in the namespaces of another process."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from podpath.system import waiting
from podpath.system.entrance import Entrance

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="enters namespaces")

_KINDS = ("net", "uts", "ipc", "cgroup", "pid", "mnt")
#: It says that all is made, and waits until its input ends.
_READY = "mount -t tmpfs none /mnt; touch /mnt/there; ip netns add pod; echo ready; read _"
_SYS_MODULE = 16


@pytest.fixture
def inside() -> Iterator[int]:
    """Pid of a process in namespaces of its own, which all end with it."""
    new = ("--net", "--uts", "--ipc", "--cgroup", "--pid", "--mount", "--fork", "--kill-child")
    script = f"mount -t tmpfs none /run; {_READY}"
    with subprocess.Popen(
        ["unshare", *new, "sh", "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        pid = process.pid
        yield int(Path(f"/proc/{pid}/task/{pid}/children").read_text())
        assert process.stdin
        process.stdin.close()


@pytest.fixture
def entrance(inside: int) -> Iterator[Entrance]:
    entrance = Entrance(inside, dropped=[_SYS_MODULE])
    yield entrance
    entrance.close()


def _output(entrance: Entrance, *command: str, netns: str = "") -> str:
    with entrance.start(command, netns=netns, stdout=subprocess.PIPE, text=True) as process:
        return str(process.communicate()[0])


def _namespaces(pid: str) -> list[str]:
    return [os.readlink(f"/proc/{pid}/ns/{kind}") for kind in _KINDS]


def test_program_is_in_all_namespaces_of_the_process(inside: int, entrance: Entrance) -> None:
    """It sees its own mounts, and the caller's thread stays where it was."""
    before = _namespaces("thread-self")
    paths = [f"/proc/self/ns/{kind}" for kind in _KINDS]

    assert _output(entrance, "readlink", *paths).split() == _namespaces(str(inside))
    assert _output(entrance, "ls", "/mnt") == "there\n"
    assert _namespaces("thread-self") == before
    assert not Path("/mnt/there").exists()


def test_program_lacks_the_capabilities_that_are_dropped(entrance: Entrance) -> None:
    """They are not in the bounding set either: no program in there has them."""
    own = dict(
        line.split(":\t")
        for line in Path("/proc/thread-self/status").read_text().split("\n")
        if line
    )
    status = _output(entrance, "cat", "/proc/self/status").splitlines()
    there = dict(line.split(":\t") for line in status)

    for kind in ("CapPrm", "CapEff", "CapBnd"):
        assert int(there[kind], 16) == int(own[kind], 16) & ~(1 << _SYS_MODULE)


def test_program_is_in_a_named_network_namespace(inside: int, entrance: Entrance) -> None:
    """The next one is in that of the process again."""
    path = "/proc/self/ns/net"
    there = _output(entrance, "readlink", path, netns="/run/netns/pod").strip()

    assert there not in (os.readlink(path), _namespaces(str(inside))[0])
    assert _output(entrance, "readlink", path).strip() == _namespaces(str(inside))[0]


def test_program_that_is_not_there(entrance: Entrance) -> None:
    """Nor is a namespace; the next program starts all the same."""
    with pytest.raises(FileNotFoundError):
        entrance.start(["no-such-program"])
    with pytest.raises(FileNotFoundError):
        entrance.start(["true"], netns="/run/netns/no-such-pod")

    assert _output(entrance, "echo", "here") == "here\n"


def test_program_can_be_killed_and_its_status_is_had(entrance: Entrance) -> None:
    with entrance.start(["sleep", "60"]) as process:
        process.kill()
        assert process.wait() == -9


def test_process_has_ended() -> None:
    """Its namespaces cannot be entered, which is no other error than that of a program."""
    with subprocess.Popen(["true"]) as process:
        pass
    entrance = Entrance(process.pid)

    with pytest.raises(OSError, match="No such file"):
        entrance.start(["true"])
    entrance.close()


def test_namespaces_end_with_the_process_and_the_entrance(inside: int) -> None:
    """No thread of ours holds its mounts any longer."""
    entrance = Entrance(inside)
    assert _output(entrance, "true") == ""
    entrance.close()

    # a thread that has been joined may be about to exit
    left = waiting.until(lambda: _tasks_in(f"/proc/{inside}/ns/mnt"), lambda those: not those, 10)
    assert left == []


def _tasks_in(namespace: str) -> list[str]:
    """Threads of this process in a namespace of mounts."""
    there = os.readlink(namespace)
    tasks = Path("/proc/self/task").iterdir()
    return [task.name for task in tasks if os.readlink(task / "ns/mnt") == there]


def test_rights_are_one_threads() -> None:
    """Capabilities that the entrance drops are still there for all others."""
    bounding = Path("/proc/thread-self/status").read_text().partition("CapBnd:\t")[2][:16]
    entrance = Entrance(os.getpid(), dropped=[_SYS_MODULE])
    assert _output(entrance, "true") == ""
    entrance.close()

    assert Path("/proc/thread-self/status").read_text().partition("CapBnd:\t")[2][:16] == bounding
