"""Senders: run programs that make traffic in a pod, on the node, or on a host beyond it."""

import os
import shlex
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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


class _InPod:
    """The programs of podpath's pod image."""

    ping = ("/bin/ping",)
    timeout = ("timeout",)
    wget = ("wget",)
    netcat = ("/bin/nc",)


@dataclass(frozen=True)
class PodSender(Sender):
    """Sender in the main container of a pod.

    Attributes:
        name: The pod's name.
        node: The pod's node.
        pods: The node's pods.
    """

    name: str
    node: Node
    pods: Deployment

    tools: ClassVar[Tools] = _InPod()

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

    ping = ("ping",)

    @property
    def timeout(self) -> Sequence[str]:
        return programs.locate("busybox"), "timeout"

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
        name: The name of the namespace.
        namespace: The path of the namespace.
        entering: Wraps a command so that it runs in the namespace.
    """

    name: str
    namespace: str
    entering: Callable[[Sequence[str]], list[str]]

    tools: ClassVar[Tools] = _OfHost()

    def run(self, program: Program) -> CommandResult:
        """See Sender."""
        command = self.entering(program.command(self.tools))
        seconds = limits.current().command
        try:
            with _holding(program.text.encode()) as stdin:
                ended = subprocess.run(
                    command,
                    capture_output=True,
                    check=False,
                    timeout=seconds,
                    stdin=stdin,
                    env=programs.environment(),
                )
        except subprocess.TimeoutExpired:
            raise CouldNotTest(
                f"{' '.join(command)} did not end in {seconds:.0f} s", limits.current().remedy
            ) from None
        # nsenter becomes the program, and Python reports a signal that ends it as a negative status
        status = ended.returncode if ended.returncode >= 0 else 128 - ended.returncode
        return CommandResult(status, ended.stdout, ended.stderr.decode(errors="replace"))

    def _table(self, name: str) -> str:
        return netns.run_in(self.namespace, Path(f"/proc/thread-self/net/{name}").read_text)


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
    """Return the sender for a name: a pod's, NODE or BEYOND."""
    if name == NODE:
        return NamespaceSender(name, node.network_namespace(), node.entering)
    if name == BEYOND:
        return NamespaceSender(name, node.beyond, partial(_entering, node.beyond))
    return PodSender(name, node, pods)


def _entering(namespace: str, command: Sequence[str]) -> list[str]:
    return ["nsenter", f"--net={namespace}", "--", *command]
