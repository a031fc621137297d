"""The base class of nodes. podpath reaches each node through the pid of one process in it.

A kind of node implements the abstract methods; the rest follows from that process.
"""

import os
import stat
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from podpath.errors import CouldNotTest, DoesNotConform, Unmet
from podpath.model import UNNAMED, CommandResult, PodNetwork, Settings
from podpath.nodes.belongings import Neighbours, Owners
from podpath.nodes.pod import Pod, PodSpec
from podpath.system import files, limits, linux, netns, proc, programs, sysctl
from podpath.system.proc import Endpoint

#: Directory of the named network namespaces.
NAMED = "/run/netns"


class Namespaces(dict[str, str]):
    """Name and path of each named network namespace of a node.

    Raises:
        Unmet: A pod's namespace is asked for that has no name on the node.
    """

    def __missing__(self, name: str) -> str:
        """Attribute a missing name to TOPO-NETNS-NAME."""
        raise Unmet(DoesNotConform(f"the node has no network namespace named {name}"), *UNNAMED)


class Node(ABC):
    """A running node.

    Attributes:
        kind: name of the kind, as --podpath-node takes it.
        pid: pid of a process in the node, in the host's pid namespace.
        uplink: interface of the node's default route.
        links: the node's own interfaces: neither the bridge nor those of pods.
        versions: part of the node -> version of it.
        shared: True if programs and pods that podpath did not start run on it, too.
        own_programs: True if programs run in all of the node's namespaces, and so are the node's.
            Otherwise they are the host's, and run in the node's network namespace.
    """

    kind: str
    pid: int
    uplink: str
    links: frozenset[str]
    versions: Mapping[str, str]
    shared: bool
    own_programs: bool

    @abstractmethod
    def create_pod(self, spec: PodSpec) -> Pod:
        """Create a pod and start its containers.

        Raises:
            DoesNotConform: the plugin failed.
            CouldNotTest: anything else failed.
        """

    @abstractmethod
    def delete_pod(self, pod: Pod) -> None:
        """Delete a pod and its network.

        Raises:
            DoesNotConform: the plugin failed.
            CouldNotTest: anything else failed.
        """

    def discard_pod(self, pod: Pod) -> None:  # noqa: B027 (most kinds of node cannot)
        """Take a pod off the node without a call of the plugin, which would hang."""

    @abstractmethod
    def execute(
        self, pod: Pod, container: str, command: Sequence[str], seconds: float
    ) -> CommandResult:
        """Run a command in a container to its end."""

    @abstractmethod
    def ended(self) -> str:
        """Return how the node ended by itself; empty while it runs."""

    @property
    def is_busy(self) -> bool:
        """True if programs or links may send packets that are neither podpath's nor a pod's."""
        return self.shared

    @property
    def beyond(self) -> str:
        """Path of the network namespace that the uplink leads to; empty if this host has none."""
        return ""

    def foreign_pods(self, ours: Collection[str]) -> Sequence[PodNetwork]:  # noqa: ARG002
        """Return the pods with a network of their own, except those of these sandboxes.

        A node that is not shared has none.

        Args:
            ours: ids of the sandboxes that podpath created.
        """
        return ()

    def neighbours(self) -> Neighbours:
        """Return the pods that podpath did not create. A node that is not shared has none."""
        return Neighbours()

    def owners(self) -> Owners:
        """Return all pods that neighbours() and create_pod() have met, ours and foreign ones."""
        return Owners()

    def written(self) -> Iterable[str]:
        """Return the paths of files that were written on the node, beside those in its own mounts.

        A node that others use has none.

        Raises:
            OSError: a directory cannot be read.
        """
        return ()

    def root(self, path: str) -> Path:
        """Return a path of the node's file system, as the host reaches it."""
        return Path(f"/proc/{self.pid}/root{path}")

    def network_namespace(self) -> str:
        """Return the path of the node's own network namespace."""
        return f"/proc/{self.pid}/ns/net"

    def named_namespaces(self) -> Namespaces:
        """Return the name and path of each network namespace that `ip netns list` shows there.

        Raises:
            CouldNotTest: the directory cannot be listed.
        """
        try:
            # What a plugin left may be a link, which would lead to the host's files, a pipe, which
            # would block, or the file that a namespace was mounted on.
            with os.scandir(self.root(NAMED)) as entries:
                present = sorted((e.name, e.path) for e in entries if netns.is_namespace(e))
            return Namespaces(present)
        except FileNotFoundError:
            return Namespaces()
        except OSError as error:
            raise CouldNotTest(f"the node's namespaces cannot be listed: {error}") from None

    @contextmanager
    def opened(self, path: str) -> Iterator[Path]:
        """Open a file of the node; its path is valid for the length of the block.

        The path cannot lead out of the node, and is a regular file, whatever a plugin put there.

        Raises:
            OSError: the file does not exist, or is not a regular file.
        """
        with self._opened(path, os.O_RDONLY | os.O_NONBLOCK) as there:
            if not there.is_file():
                raise OSError(f"{path} is no file")
            yield there

    @contextmanager
    def directory(self, path: str) -> Iterator[Path]:
        """Open a directory of the node; its path is valid for the length of the block.

        An absolute link on the way, such as /var/run, leads to the node's files, not to the host's.

        Raises:
            OSError: the directory does not exist, or is not one.
        """
        with self._opened(path, os.O_PATH | os.O_DIRECTORY) as there:
            yield there

    @contextmanager
    def _opened(self, path: str, flags: int) -> Iterator[Path]:
        descriptor = linux.open_in_root(str(self.root("/")), path, flags)
        try:
            yield Path(f"/proc/self/fd/{descriptor}")
        finally:
            os.close(descriptor)

    def read(self, path: str) -> str:
        """Return the text of a small file of the node.

        Raises:
            OSError: the file cannot be opened, as for opened, or read, as for files.read_text.
        """
        with self.opened(path) as safe:
            return files.read_text(safe)

    def state(self, pods: Iterable[Pod]) -> dict[str, object]:
        """Return what must not change while pods are watched: a readable name -> its identity.

        The identities have no meaning by themselves; None stands for a thing that does not exist.
        The
        time of the directory shows a namespace that came and went. The identity of a container is
        the
        start of its process.
        """
        identities: dict[str, object] = {"the set of named namespaces": _identity(self.root(NAMED))}
        names = {pod.network.netns: f"pod {pod.name}'s namespace" for pod in pods}
        paths = {names.get(n, f"namespace {n}"): p for n, p in self.named_namespaces().items()}
        for name, path in {"the node's namespace": self.network_namespace(), **paths}.items():
            identities[name] = _identity(Path(path))
        for pod in pods:
            for container, pid in pod.pids.items():
                process = self.root(f"/proc/{pid}")
                identities[f"container {container} of pod {pod.name}"] = _started(process)
        return identities

    def link_defaults(self) -> Settings:
        """Return the initial settings of a link of the node, before podpath has a pod there."""
        return sysctl.of_namespace(self.network_namespace(), "default")

    def sockets(self) -> frozenset[Endpoint]:
        """Return the local ends of the sockets in the node's own network namespace."""
        tables = []
        for name in ("tcp", "tcp6", "udp", "udp6"):
            try:
                tables.append(self.root(f"/proc/1/net/{name}").read_text())
            except OSError:  # a kernel without IPv6
                continue
        return proc.endpoints(tables)

    def namespace_of(self, pod: Pod, container: str) -> str:
        """Return the path of the network namespace that a container's process is in."""
        return str(self.root(f"/proc/{pod.pids[container]}/ns/net"))

    def container_namespaces(self, pod: Pod) -> dict[str, int]:
        """Return the inode of the network namespace that each container's process is in."""
        return {name: netns.inode(self.namespace_of(pod, name)) for name in pod.pids}

    def entering(self, command: Sequence[str]) -> list[str]:
        """Return the command that runs a program in the node's namespaces."""
        which = "--all" if self.own_programs else "--net"
        return ["nsenter", "--target", str(self.pid), which, "--", *command]

    def start(
        self, command: Sequence[str], *, netns: str = "", **options: Any
    ) -> "subprocess.Popen[Any]":
        """Start a program on the node, in the node's network namespace or in a named one.

        Args:
            command: program and its arguments.
            netns: name of a network namespace; empty for the node's own.
            options: arguments of Popen.

        Raises:
            OSError: the program cannot be started. If it can, what enters the node reports the
                failure by its own exit status.
        """
        inside = []
        if netns:
            place = f"{NAMED}/{netns}"
            there = place if self.own_programs else str(self.root(place))
            inside = ["nsenter", f"--net={there}", "--"]
        return subprocess.Popen(self.entering([*inside, *command]), **options)

    def run(
        self, command: Sequence[str], seconds: float | None = None, *, netns: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a program on the node, in the node's network namespace or in a named one.

        Args:
            command: program and its arguments.
            seconds: time limit; by default the limit of commands.
            netns: name of a network namespace; empty for the node's own.

        Raises:
            CouldNotTest: the program does not end in time.
        """
        seconds = seconds or limits.current().command
        try:
            process = self.start(
                command,
                netns=netns,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                stdin=subprocess.DEVNULL,
                env=programs.environment(),
            )
        except OSError as error:
            return subprocess.CompletedProcess(command, *not_started(command, error))
        with process:
            try:
                output, errors = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                raise CouldNotTest(
                    f"{' '.join(command)} on the node did not end in {seconds:.0f} s",
                    limits.current().remedy,
                ) from None
            finally:
                process.kill()
        return subprocess.CompletedProcess(command, process.returncode, output, errors)


def not_started(command: Sequence[str], error: OSError) -> tuple[int, str, str]:
    """Return exit status, stdout and stderr of a program that could not be started. Pure.

    The status is what a shell has for it (POSIX, 2.8.2).
    """
    status = 127 if isinstance(error, FileNotFoundError) else 126
    return status, "", f"{command[0]} was not started: {error.strerror}\n"


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    # the times of a namespace's file have no meaning
    return status.st_ino, status.st_mtime_ns if stat.S_ISDIR(status.st_mode) else 0


def _started(process: Path) -> str | None:
    """Return when a process started, if it still runs."""
    try:
        return proc.started((process / "stat").read_text(errors="replace"))
    except OSError:
        return None
