"""Senders: run programs that make traffic in a pod, on the node, or on a host beyond it.

The usual sender runs a program of the host in the pod's network namespace. Its packets use the
same interfaces, routes, neighbours and packet filters as those of the pod's containers, and a start
by the container runtime would take ten times as long. A container has more than its network
namespace: rules on its cgroup, its capabilities, its system calls. So one requirement,
PATH-CONTAINER, compares the two.
"""

import os
import shlex
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import ClassVar

from podpath.errors import CouldNotTest
from podpath.model import BEYOND, NODE, CommandResult, Family
from podpath.nodes.base import Node
from podpath.nodes.deployment import MAIN, Deployment
from podpath.paths.traffic.programs import Program, Tools
from podpath.system import limits, netns, proc, programs


class Sender(ABC):
    """Runner of programs in one network namespace, which also reads the kernel's counters there.

    Attributes:
        name: A pod's name, NODE or BEYOND.
    """

    name: str

    @abstractmethod
    def run(self, program: Program) -> CommandResult:
        """Run a program to its end.

        Raises:
            CouldNotTest: The program cannot be run, or hangs.
        """

    @abstractmethod
    def _table(self, name: str) -> str:
        """Read a table of /proc/net in the namespace. Raises OSError."""

    def datagrams(self, family: Family) -> int:
        """Count the UDP datagrams that programs there sent, including those dropped afterwards.

        Raises:
            CouldNotTest: The counters cannot be read.
        """
        counts = (
            self._counts("snmp", "Udp", proc.counters)
            if family is Family.IPV4
            else self._counts("snmp6", "Udp6", proc.counters6)
        )
        return sum(counts.get(name, 0) for name in ("OutDatagrams", "SndbufErrors"))

    def accepted(self) -> int:
        """Count the TCP connections that programs there accepted.

        Raises:
            CouldNotTest: The counters cannot be read.
        """
        return self._counts("snmp", "Tcp", proc.counters).get("PassiveOpens", 0)

    def _counts(
        self, table: str, protocol: str, read: Callable[[str, str], dict[str, int]]
    ) -> dict[str, int]:
        try:
            counts = read(self._table(table), protocol)
        except OSError as error:
            raise CouldNotTest(
                f"what {self.name} sends cannot be counted; does it run? ({error.strerror})"
            ) from None
        if not counts:
            raise CouldNotTest(f"what {self.name} sends is not counted: {table} has no {protocol}")
        return counts


class _OfImage:
    """The programs of podpath's pod image."""

    ping = ("/bin/ping",)
    wget = ("wget",)
    netcat = ("/bin/nc",)

    def within(self, seconds: int) -> Sequence[str]:
        return "timeout", str(seconds)


@dataclass(frozen=True)
class ContainerSender(Sender):
    """Sender in the main container of a pod, by the container runtime.

    Attributes:
        name: The pod's name.
        node: The pod's node.
        pods: The node's pods.
    """

    name: str
    node: Node
    pods: Deployment

    tools: ClassVar[Tools] = _OfImage()

    def run(self, program: Program) -> CommandResult:
        """See Sender."""
        command = program.command(self.tools)
        if program.text:
            # From a file, as nc would send one datagram for each write to a pipe.
            fed = f"printf %s {shlex.quote(program.text)} >/tmp/$$"
            script = f"{fed}; {shlex.join(command)} </tmp/$$; status=$?; rm /tmp/$$; exit $status"
            command = ["/bin/sh", "-c", script]
        return self.node.execute(self.pods[self.name], MAIN, command, limits.current().command)

    def _table(self, name: str) -> str:
        return self.node.root(f"/proc/{self.pods[self.name].pids[MAIN]}/net/{name}").read_text()


class _OfHost:
    """The host's programs, each located only when it is used."""

    @property
    def ping(self) -> Sequence[str]:
        return (programs.locate("ping"),)

    def within(self, seconds: int) -> Sequence[str]:  # noqa: ARG002
        """Return nothing: the sender itself ends the program."""
        return ()

    @property
    def wget(self) -> Sequence[str]:
        return programs.locate("busybox"), "wget"

    @property
    def netcat(self) -> Sequence[str]:
        return (programs.locate("nc"),)


@dataclass(frozen=True)
class NamespaceSender(Sender):
    """Sender of a network namespace, which runs the host's programs there.

    Attributes:
        name: The name of the namespace: a pod's, or BEYOND.
        namespace: Returns the path of the namespace.
    """

    name: str
    namespace: Callable[[], str]

    tools: ClassVar[Tools] = _OfHost()

    def run(self, program: Program) -> CommandResult:
        """See Sender."""
        # A new process begins in the namespace of the thread that starts it.
        command = _dying(program.command(self.tools))
        return netns.run_in(self.namespace(), partial(_run, command, program.text, program.limit))

    def _table(self, name: str) -> str:
        return _table(self.namespace(), name)


@dataclass(frozen=True)
class NodeSender(Sender):
    """Sender of the node, which runs programs as the node does.

    Attributes:
        node: The node.
    """

    node: Node
    name: str = field(default=NODE, init=False)

    tools: ClassVar[Tools] = _OfHost()

    def run(self, program: Program) -> CommandResult:
        """See Sender."""
        command = _dying(program.command(self.tools))
        return _run(command, program.text, program.limit, self.node.start)

    def _table(self, name: str) -> str:
        return _table(self.node.network_namespace(), name)


def _dying(command: Sequence[str]) -> list[str]:
    """Return a command that ends with its parent, be that podpath or what enters a node for it.

    busybox' timeout is no way: its second process stays for up to a second, on a node of which
    other tests take inventories.
    """
    return [programs.locate("setpriv"), "--pdeathsig", "KILL", "--", *command]


def _table(namespace: str, name: str) -> str:
    return netns.run_in(namespace, Path(f"/proc/thread-self/net/{name}").read_text)


def _run(
    command: Sequence[str],
    text: str,
    limit: float | None = None,
    start: Callable[..., "subprocess.Popen[bytes]"] = subprocess.Popen,
) -> CommandResult:
    """Run a program of the host to its end.

    Args:
        command: The command line.
        text: Its standard input.
        limit: Seconds after which it is terminated; None if it must end by itself.
        start: Starts it, given the command line and arguments of Popen.

    Raises:
        CouldNotTest: The program hangs.
    """
    seconds = limits.current().command
    with _holding(text.encode()) as stdin:
        process = start(
            command,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=programs.environment(),
        )
        with process:
            try:
                output, errors = _end(process, limit, seconds)
            except subprocess.TimeoutExpired:
                raise CouldNotTest(
                    f"{' '.join(command)} did not end in {seconds:.0f} s", limits.current().remedy
                ) from None
            finally:
                process.kill()
    # Python reports a signal that ends a program as a negative status
    status = process.returncode if process.returncode >= 0 else 128 - process.returncode
    return CommandResult(status, output, errors.decode(errors="replace"))


def _end(
    process: "subprocess.Popen[bytes]", limit: float | None, seconds: float
) -> tuple[bytes, bytes]:
    """Wait for a program's end, and return its output and errors; terminate it at the limit."""
    if limit is not None:
        try:
            return process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            process.terminate()
    return process.communicate(timeout=seconds)


@contextmanager
def _holding(data: bytes) -> Iterator[int]:
    """Provide the data in a file: nc would send one datagram for each write to a pipe."""
    descriptor = os.memfd_create("podpath")
    try:
        os.pwrite(descriptor, data, 0)
        yield descriptor
    finally:
        os.close(descriptor)


def sender(name: str, node: Node, pods: Deployment) -> Sender:
    """Return the usual sender for a name: a pod's, NODE or BEYOND."""
    if name == NODE:
        return NodeSender(node)
    if name == BEYOND:
        return NamespaceSender(name, lambda: node.beyond)
    return NamespaceSender(name, lambda: node.namespace_of(pods[name], MAIN))


def container_sender(name: str, node: Node, pods: Deployment) -> Sender:
    """Return the sender that the container runtime starts, if the name is a pod's."""
    if name in (NODE, BEYOND):
        return sender(name, node, pods)
    return ContainerSender(name, node, pods)
