"""Programs that make traffic: their command lines, and the meaning of their ends."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from podpath.errors import CouldNotTest
from podpath.model import Address, CommandResult
from podpath.paths import self_report

#: Exit status that shells and container runtimes report after SIGTERM.
_TERMINATED = 128 + 15


class Tools(Protocol):
    """The first words of each program's command line."""

    @property
    def ping(self) -> Sequence[str]:
        """ping of iputils."""

    @property
    def wget(self) -> Sequence[str]:
        """wget of busybox."""

    @property
    def netcat(self) -> Sequence[str]:
        """nc of OpenBSD."""

    def within(self, seconds: int) -> Sequence[str]:
        """timeout of busybox, which ends a program; nothing where the sender does that."""


class Program(Protocol):
    """A program to run."""

    def command(self, tools: Tools) -> list[str]:
        """Return the command line."""

    @property
    def text(self) -> str:
        """The standard input."""

    @property
    def limit(self) -> float | None:
        """Seconds after which the program is terminated; None if it ends by itself."""


@dataclass(frozen=True, slots=True)
class Ping:
    """ping of iputils with a chosen ICMP identifier and payload.

    Attributes:
        target: The address to ping.
        identifier: The ICMP identifier of all its requests.
        pattern: Up to 16 bytes in hex, which the payload repeats.
        wait: The seconds to wait for a reply.
        size: The payload in bytes.
        count: The number of requests.
        fragment: ping -M: "do" sets DF and never fragments, "dont" clears DF, "want" lets the
            kernel decide.
    """

    target: Address
    identifier: int
    pattern: str
    wait: float
    size: int = 56
    count: int = 1
    fragment: str = "want"

    text = ""
    limit = None

    def command(self, tools: Tools) -> list[str]:
        """Return the command line."""
        options: dict[str, object] = {
            "-c": self.count,
            "-i": 0.01,
            "-W": f"{self.wait:g}",
            "-e": self.identifier,
            "-p": self.pattern,
            "-s": self.size,
            "-M": self.fragment,
        }
        words = [str(word) for option in options.items() for word in option]
        return [*tools.ping, "-n", *words, str(self.target)]

    def doubt(self, result: CommandResult) -> str:
        """Explain why the run is no test; empty if it is one."""
        return self_report.of_ping(result.status, f"{result.text}{result.errors}", self.count)


@dataclass(frozen=True, slots=True)
class Fetch:
    """wget, which gets a body over HTTP within a time limit.

    Attributes:
        url: The URL of the body.
        body: The bytes that the server has there.
        wait: The time limit in seconds.
    """

    url: str
    body: bytes
    wait: float

    text = ""

    @property
    def limit(self) -> int:
        """The time limit in whole seconds, as busybox timeout may accept no others."""
        return math.ceil(self.wait)

    def command(self, tools: Tools) -> list[str]:
        """Return the command line."""
        # Not wget -T: Debian's static busybox 1.35 crashes on it.
        return [*tools.within(self.limit), *tools.wget, "-q", "-O", "-", self.url]

    def ended(self, result: CommandResult, elapsed: float) -> CommandResult:
        """Interpret the program's end: its time limit, or a wrong body, replaces the exit status.

        Another process may send the same signal as the time limit does; only the elapsed time
        distinguishes the two.

        Args:
            result: The program's end.
            elapsed: The duration of its run in seconds.
        """
        if _ran_out(result, elapsed, self.limit):
            why = f"wget was not done after {self.limit} s"
            return CommandResult(self_report.GAVE_UP, b"", why)
        if result.status == 0 and result.output != self.body:
            why = f"the body that arrived is not that of {len(self.body)} bytes"
            return CommandResult(self_report.ENDED_WELL, b"", why)
        return result


@dataclass(frozen=True, slots=True)
class Datagram:
    """nc, which sends one UDP datagram: a line between two newlines.

    Attributes:
        line: The line.
        source_port: The source port.
        target: The destination address.
        port: The destination port.
        wait: The time limit in seconds.
    """

    line: str
    source_port: int
    target: Address
    port: int
    wait: float

    @property
    def limit(self) -> int:
        """The time limit in whole seconds: nc repeats a write that the kernel refuses."""
        return math.ceil(self.wait)

    @property
    def text(self) -> str:
        """The payload, which nc reads and sends unmodified."""
        return f"\n{self.line}\n"

    def command(self, tools: Tools) -> list[str]:
        """Return the command line."""
        return [*self._netcat(tools), "-q", "0", *self._ends]

    def ended(self, result: CommandResult, elapsed: float) -> CommandResult:
        """Interpret the program's end: its time limit replaces the exit status; see Fetch.ended."""
        if _ran_out(result, elapsed, self.limit):
            why = f"nc was not done after {self.limit} s"
            return CommandResult(self_report.GAVE_UP, b"", why)
        return result

    def _netcat(self, tools: Tools) -> list[str]:
        return [*tools.within(self.limit), *tools.netcat, "-n", "-u"]

    @property
    def _ends(self) -> list[str]:
        return ["-p", str(self.source_port), str(self.target), str(self.port)]


@dataclass(frozen=True, slots=True)
class Query(Datagram):
    """nc, which sends one UDP datagram, and waits for its answer."""

    def command(self, tools: Tools) -> list[str]:
        """Return the command line."""
        # -W: nc ends with the first datagram that arrives
        return [*self._netcat(tools), "-W", "1", *self._ends]

    def ended(self, result: CommandResult, elapsed: float) -> CommandResult:
        """Interpret the program's end: a missing or wrong answer replaces the exit status."""
        result = Datagram.ended(self, result, elapsed)
        if result.status != 0 or result.output == self.text.encode():
            return result
        return CommandResult(self_report.ENDED_WELL, b"", "the answer is not the datagram")


def _ran_out(result: CommandResult, elapsed: float, limit: float) -> bool:
    """Return whether a program's time limit ended it, and no other signal."""
    return result.status == _TERMINATED and elapsed >= limit


def counted(result: CommandResult) -> tuple[int, int, int]:
    """Return ping's count of packets: sent, received, doubled.

    Raises:
        CouldNotTest: ping did not count them.
    """
    counts = self_report.counted(result.text)
    if counts is None:
        output = f"{result.text[-500:]}{result.errors[-500:]}"
        raise CouldNotTest(f"ping did not count its packets: {output}")
    return counts


def url(target: Address, path: str, port: int) -> str:
    """Return the URL of a path on a server."""
    host = f"[{target}]" if target.version == 6 else str(target)
    return f"http://{host}:{port}/{path}"
