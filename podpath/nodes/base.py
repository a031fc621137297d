"""What every kind of node offers. All of them reduce to the pid of one process in the node."""

import os
import stat
import subprocess
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Protocol

from podpath.errors import CouldNotTest
from podpath.model import CommandResult, PodNetwork
from podpath.nodes.embedded import confine
from podpath.system import files, linux, netns, proc, programs
from podpath.system.proc import Endpoint

#: Of the files in /etc/cni/net.d that a runtime takes for configurations (go-cni, loadFromConfDir).
CONFLIST_SUFFIXES = (".conflist", ".conf", ".json")

_NAMED = "/run/netns"


@dataclass(frozen=True, slots=True)
class PortMapping:
    """A port of the node that leads to one of a pod's; protocol: "tcp" or "udp"."""

    protocol: str
    node: int
    pod: int


@dataclass(frozen=True, slots=True)
class PodSpec:
    """A pod to be made: its name, and container name -> command.

    asked: the HTTP path that the kubelet shall ask the first container for, every few seconds, if
    any; restarted: whether a container that ends is started again. A node without a kubelet does
    neither. ports: of the node, that lead to the pod.
    """

    name: str
    containers: Mapping[str, Sequence[str]]
    asked: str = ""
    restarted: bool = False
    ports: tuple[PortMapping, ...] = ()


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod that runs.

    sandbox: the runtime's id; containers: name -> the runtime's id; pids: name -> pid in the
    node's pid namespace.
    """

    name: str
    sandbox: str
    network: PodNetwork
    containers: Mapping[str, str] = field(default_factory=dict)
    pids: Mapping[str, int] = field(default_factory=dict)


class Node(Protocol):
    """A running node."""

    @property
    def kind(self) -> str:
        """As --podpath-node names it."""
        ...

    @property
    def uplink(self) -> str:
        """The interface of the node's default route."""
        ...

    @property
    def beyond(self) -> str:
        """The path of the network namespace that the uplink leads to; empty if it has none here."""
        ...

    @property
    def links(self) -> frozenset[str]:
        """The node's own interfaces: those that are neither of pods nor the bridge."""
        ...

    @property
    def shared(self) -> bool:
        """Whether others live on it, too: programs that talk, and pods that are not podpath's."""
        ...

    @property
    def view(self) -> str:
        """nsenter(1)'s option for how programs are run there: --all, or --net with the host's."""
        ...

    @property
    def pid(self) -> int:
        """A process in the node, as the host counts."""
        ...

    @property
    def versions(self) -> Mapping[str, str]:
        """What the node is made of: name -> version."""
        ...

    def others(self, ours: Collection[str]) -> Sequence[PodNetwork]:
        """The pods on the node that have a network of their own, but for these sandboxes'."""
        ...

    def create_pod(self, spec: PodSpec) -> Pod:
        """Create a pod and start its containers.

        Raises DoesNotConform if the plugin fails, CouldNotTest for anything else.
        """
        ...

    def delete_pod(self, pod: Pod) -> None:
        """Delete a pod and its network. Raises as create_pod does."""
        ...

    def ended(self) -> str:
        """How the node ended by itself, or nothing if it runs."""
        ...

    def execute(
        self, pod: Pod, container: str, command: Sequence[str], seconds: float
    ) -> CommandResult:
        """Run a command in a container to its end."""
        ...


def root(node: Node, path: str) -> Path:
    """A path of the node's file system, as the host reaches it."""
    return Path(f"/proc/{node.pid}/root{path}")


def network_namespace(node: Node) -> str:
    """The path of the node's own network namespace."""
    return f"/proc/{node.pid}/ns/net"


def named_namespaces(node: Node) -> dict[str, str]:
    """The node's named network namespaces, as `ip netns list` there: name -> path."""
    directory = root(node, _NAMED)
    try:
        # A link would lead to the host's files, and opening a pipe would wait: a plugin may err.
        return {
            entry.name: str(entry)
            for entry in sorted(directory.iterdir())
            if stat.S_ISREG(entry.lstat().st_mode)
        }
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise CouldNotTest(f"the node's namespaces cannot be listed: {error}") from None


@contextmanager
def opened(node: Node, path: str) -> Iterator[Path]:
    """A path to a file of the node's, good for the length of the block.

    Whatever a plugin has put there: it leads nowhere else, and is a file. Raises OSError.
    """
    descriptor = linux.open_in_root(f"/proc/{node.pid}/root", path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{path} is no file")
        yield Path(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)


def read(node: Node, path: str) -> str:
    """The text of a small file of the node's. Raises as opened and files.read_text do."""
    with opened(node, path) as safe:
        return files.read_text(safe)


def state(node: Node, pods: Iterable[Pod]) -> dict[str, object]:
    """What must stay the same while pods are watched: a name for people -> its identity.

    The identities say nothing by themselves; None is what is not there. The directory's time tells
    of a namespace that came and went. A container is its process, with the time of its start.
    """
    directory = root(node, _NAMED)
    found: dict[str, object] = {"the set of named namespaces": _identity(directory)}
    names = {pod.network.netns: f"pod {pod.name}'s namespace" for pod in pods}
    paths = {names.get(n, f"namespace {n}"): p for n, p in named_namespaces(node).items()}
    for name, path in {"the node's namespace": network_namespace(node), **paths}.items():
        found[name] = _identity(Path(path))
    for pod in pods:
        for container, pid in pod.pids.items():
            found[f"container {container} of pod {pod.name}"] = _started(node, pid)
    return found


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    # a namespace's own times say nothing
    return status.st_ino, status.st_mtime_ns if path.is_dir() else 0


def _started(node: Node, pid: int) -> str | None:
    """When a process started (proc(5), /proc/pid/stat, field 22), if it still runs."""
    try:
        fields = root(node, f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


def sockets(node: Node) -> frozenset[Endpoint]:
    """The local ends of the sockets that programs in the node's own namespace have."""
    tables = []
    for name in ("tcp", "tcp6", "udp", "udp6"):
        try:
            tables.append(root(node, f"/proc/1/net/{name}").read_text())
        except OSError:  # a kernel without IPv6
            continue
    return proc.joined(tables)


def container_namespaces(node: Node, pod: Pod) -> dict[str, int]:
    """Container -> inode of the network namespace that its process is in."""
    return {
        name: netns.inode(str(root(node, f"/proc/{pid}/ns/net"))) for name, pid in pod.pids.items()
    }


def entering(node: Node, command: Sequence[str]) -> list[str]:
    """The command that runs a program in the node's namespaces.

    In a node's own pid namespace it may do no more than the others there, who can look into it.
    """
    enter = ["nsenter", "--target", str(node.pid), node.view, "--", *command]
    return [*_bounded(), *enter] if node.view == "--all" else enter


@cache
def _bounded() -> tuple[str, ...]:
    """The command that takes from another what the node's own programs lack (setpriv(1))."""
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    lacking = ",".join(f"-cap_{number}" for number in confine.DROPPED if number <= last)
    return ("setpriv", "--bounding-set", lacking, "--inh-caps=-all", "--ambient-caps=-all")


def run(
    node: Node, command: Sequence[str], seconds: float = 30.0, *, netns: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a program in the node's namespaces, or in a named network namespace of the node's.

    Where a node need not have the program, it is the host's, in the network namespace alone.
    Raises CouldNotTest if it hangs.
    """
    inside = []
    if netns:
        place = f"{_NAMED}/{netns}"
        there = place if node.view == "--all" else str(root(node, place))
        inside = ["nsenter", f"--net={there}", "--"]
    try:
        return subprocess.run(
            entering(node, [*inside, *command]),
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=seconds,
            stdin=subprocess.DEVNULL,
            # Nothing of the user's: whatever runs on the node can read it.
            env={"PATH": programs.search_path(), "LANG": "C.UTF-8"},
        )
    except subprocess.TimeoutExpired:
        raise CouldNotTest(
            f"{' '.join(command)} on the node did not end in {seconds:.0f} s"
        ) from None
