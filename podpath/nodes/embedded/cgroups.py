"""The node's own cgroup in each hierarchy of the host: cgroup v1, hybrid or v2.

The node's processes live in one group in each hierarchy, and in a cgroup namespace rooted there.
Whatever the container runtime creates is below that group, and goes with it. The group is inside
another one, which holds the limits and is invisible to programs on the node.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from podpath.system import proc

PREFIX = "podpath-"
_INNER = "node"


@dataclass(frozen=True)
class Hierarchy:
    """One mounted cgroup hierarchy.

    Attributes:
        mount: mount point.
        kind: type of file system, "cgroup" or "cgroup2".
        options: mount options of a v1 hierarchy, without "rw" and "ro".
    """

    mount: str
    kind: str
    options: str


def hierarchies() -> list[Hierarchy]:
    """List the cgroup hierarchies mounted here."""
    return in_mounts(Path("/proc/self/mountinfo").read_text(errors="surrogateescape"))


def in_mounts(mountinfo: str) -> list[Hierarchy]:
    """List the cgroup hierarchies in the text of /proc/PID/mountinfo, each once. Pure."""
    by_device: dict[str, Hierarchy] = {}
    for mount in proc.mounts(mountinfo):
        if mount.kind in ("cgroup", "cgroup2") and mount.device not in by_device:
            options = [o for o in mount.options if o not in ("rw", "ro")]
            own = ",".join(options) if mount.kind == "cgroup" else ""
            by_device[mount.device] = Hierarchy(mount.point, mount.kind, own)
    return list(by_device.values())


@dataclass(frozen=True)
class Groups:
    """The node's groups.

    Attributes:
        directories: directory of the group in each hierarchy.
        locks: descriptors whose locks show that the keeper lives.
    """

    directories: list[str]
    locks: list[int]

    def write(self, names: tuple[str, ...], value: str) -> bool:
        """Set a limit.

        Args:
            names: names of the limit's file in the versions of cgroups; the first that exists is
                used.
            value: text to write.

        Returns:
            True if the limit was set.
        """
        for path in (Path(d, name) for d in self.directories for name in names):
            if path.exists():
                try:
                    path.write_text(value)
                except OSError:
                    return False
                return True
        return False

    def read(self, name: str) -> str:
        """Return the texts of a file of the groups and of all below.

        v1 counts an event in the group in which it happens.
        """
        below = (d for group in self.directories for d, _, _ in os.walk(group))
        return "".join(p.read_text() for d in below if (p := Path(d, name)).exists())

    def unified(self) -> str:
        """Return the directory of the v2 group.

        Raises:
            OSError: no cgroup v2 is mounted.
        """
        for directory in self.directories:
            if Path(directory, "cgroup.events").exists():
                return directory
        raise OSError("no cgroup v2 is mounted")


def create(node_id: str) -> Groups:
    """Create the node's group in every hierarchy, and lock it.

    Raises:
        OSError: a group cannot be created.
    """
    made = Groups([], [])
    with _no_other_keeper():
        try:
            for hierarchy in hierarchies():
                group = os.path.join(hierarchy.mount, f"{PREFIX}{node_id}")
                os.mkdir(group)
                made.directories.append(group)
                made.locks.append(_lock(group))
                os.mkdir(os.path.join(group, _INNER))
                _inherit_cpuset(group)
                _inherit_cpuset(os.path.join(group, _INNER))
        except OSError:
            remove(made, 0)  # no process has joined them
            raise
    return made


@contextmanager
def _no_other_keeper() -> Iterator[None]:
    """Keep other keepers from taking a group that is not locked yet for an abandoned one."""
    mounted = hierarchies()
    if not mounted:
        raise OSError("no cgroups are mounted; mount -t cgroup2 cgroup2 /sys/fs/cgroup does that")
    descriptor = os.open(mounted[0].mount, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _lock(group: str) -> int:
    """Lock a group for the life of this process; raise BlockingIOError if another process has it.

    A pid in the group's name would have no meaning for a podpath in another pid namespace.
    """
    descriptor = os.open(group, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _inherit_cpuset(group: str) -> None:
    """Fill a v1 cpuset: it starts empty, and takes no process before that (cpusets(7))."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        parent, own = Path(group).parent / name, Path(group) / name
        if own.exists() and parent.exists() and not own.read_text().strip():
            own.write_text(parent.read_text())


def join(groups: Groups) -> None:
    """Move the calling process into the groups.

    Raises:
        OSError: a group does not take the process.
    """
    for group in groups.directories:
        Path(group, _INNER, "cgroup.procs").write_text("0")


def let_go(groups: Groups) -> None:
    """Close the locks in a forked process, and leave them to the keeper alone."""
    for descriptor in groups.locks:
        os.close(descriptor)


def remove(groups: Groups, seconds: float) -> None:
    """Remove the groups and all below them, once their last processes have ended.

    Args:
        groups: groups to remove.
        seconds: time to wait for the last processes.

    Raises:
        OSError: a group still holds processes after that time.
    """
    deadline = time.monotonic() + seconds
    for group in groups.directories:
        while not _removed(group):
            if time.monotonic() > deadline:
                raise TimeoutError(f"cgroup {group} still holds processes; remove it by hand")
            time.sleep(0.005)


def _removed(group: str) -> bool:
    try:
        for directory, _, _ in os.walk(group, topdown=False):
            os.rmdir(directory)
    except FileNotFoundError:
        pass
    except OSError:
        return False
    return True


def sweep() -> list[str]:
    """Remove the groups of keepers that were killed: no process holds their locks.

    Returns:
        The removed directories.
    """
    gone = []
    with _no_other_keeper():
        for hierarchy in hierarchies():
            for group in Path(hierarchy.mount).glob(f"{PREFIX}*"):
                try:
                    descriptor = _lock(str(group))
                except OSError:
                    continue  # its keeper lives, or has just removed it
                if _removed(str(group)):
                    gone.append(str(group))
                os.close(descriptor)
    return gone
