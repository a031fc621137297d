"""Exchanges: run a program, and check that its payload arrived."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from podpath.errors import CouldNotTest
from podpath.model import CommandResult, Family
from podpath.nodes.base import Node
from podpath.nodes.deployment import UDP_LOG, udp_container
from podpath.nodes.pod import Pod
from podpath.paths import self_report
from podpath.paths.traffic.programs import Datagram, Fetch, Query
from podpath.paths.traffic.senders import Sender
from podpath.system import limits, waiting


@dataclass(frozen=True, slots=True)
class HttpExchange:
    """Callable that gets a body over HTTP.

    Attributes:
        sender: Runs the program.
        program: Gets the body.
    """

    sender: Sender
    program: Fetch

    def __call__(self) -> CommandResult:
        """Run the program, and return its end."""
        return _run(self.sender, self.program)


@dataclass(frozen=True, slots=True)
class UdpExchange:
    """Callable that sends a datagram, and waits until it arrived unmodified.

    Attributes:
        sender: Runs the program.
        program: Sends the datagram.
        receiver: Returns the pod that receives the datagram.
        node: The pod's node.
    """

    sender: Sender
    program: Datagram
    receiver: Callable[[], Pod]
    node: Node

    def __call__(self) -> CommandResult:
        """Run the program, wait for the datagram, and return the program's end.

        Raises:
            CouldNotTest: The sender sent no datagram, or the arrival cannot be read.
        """
        family = Family(self.program.target.version)
        before = self.sender.datagrams(family)
        result = _run(self.sender, self.program)
        if result.status != 0:
            return result
        if self.sender.datagrams(family) == before:
            raise CouldNotTest(f"nc ended well, but {self.sender.name} sent no datagram")
        pod = self.receiver()
        if not waiting.until(lambda: self._has_arrived(pod), bool, limits.current().reply):
            why = f"the datagram did not reach the program in {pod.name} as it was sent"
            return CommandResult(self_report.GAVE_UP, b"", why)
        return result

    def _has_arrived(self, pod: Pod) -> bool:
        """Return whether the receiving program has logged the line. Raises CouldNotTest."""
        # Read from outside, as running grep in the pod takes a hundred times as long.
        log = self.node.root(f"/proc/{pod.pids[udp_container(pod)]}/root{UDP_LOG}")
        try:
            return self.program.line.encode() in log.read_bytes().splitlines()
        except OSError as error:
            raise CouldNotTest(f"what pod {pod.name} received cannot be read: {error}") from None


@dataclass(frozen=True, slots=True)
class QueryExchange:
    """Callable that sends a datagram, and waits for its answer.

    Attributes:
        sender: Runs the program.
        program: Sends the datagram.
    """

    sender: Sender
    program: Query

    def __call__(self) -> CommandResult:
        """Run the program, and return its end."""
        return _run(self.sender, self.program)


def _run(sender: Sender, program: Fetch | Datagram) -> CommandResult:
    began = time.monotonic()
    result = sender.run(program)
    return program.ended(result, time.monotonic() - began)
