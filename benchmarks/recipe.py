"""The manual recipe that a path proof replaces: a tcpdump on every interface of the path.

Each measurement times these steps:

1.  Start five sniffers at the same time, as people type them, each in the network namespace of its
    interface: `nsenter --net=PATH tcpdump -nn -l -i INTERFACE FILTER`. The interfaces are eth0 of
    the client, its host end, the bridge, the host end of the server, and eth0 of the server. They
    are looked up beforehand, which is not timed.
2.  Wait until each sniffer prints "listening on".
3.  Send the traffic from the client's container, through the same exec API as podpath.
4.  Wait until each sniffer has printed all of the traffic, as the caller defines it.
5.  End each sniffer with SIGINT, as Ctrl-C does, read its output to the end, and wait for its exit.

Every step begins as soon as the previous one is complete, without time to read or think. The recipe
does not judge the packets, which would take a person further time.
"""

import os
import re
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from podpath.errors import CouldNotTest
from podpath.model import CommandResult
from podpath.system import programs

_LISTEN_SECONDS = 20.0
_PRINT_SECONDS = 20.0
_END_SECONDS = 20.0
_CHUNK = 65536


@dataclass(frozen=True, slots=True)
class Place:
    """An interface to listen on.

    Attributes:
        namespace: Path of its network namespace.
        interface: Its name.
    """

    namespace: str
    interface: str


class Sniffer:
    """One running tcpdump, and its output so far."""

    def __init__(self, place: Place, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout
        assert process.stderr
        self.place = place
        self.process = process
        self.printed = {process.stdout.fileno(): b"", process.stderr.fileno(): b""}
        self.open = set(self.printed)
        self._out, self._err = self.printed

    @property
    def output(self) -> str:
        """The printed packets."""
        return self.printed[self._out].decode(errors="replace")

    @property
    def errors(self) -> str:
        """The printed messages about tcpdump itself."""
        return self.printed[self._err].decode(errors="replace")

    @property
    def listening(self) -> bool:
        """True once tcpdump has printed that it listens."""
        return "listening on" in self.errors

    def read(self, descriptor: int) -> None:
        """Read the available output of one descriptor."""
        if chunk := os.read(descriptor, _CHUNK):
            self.printed[descriptor] += chunk
        else:
            self.open.discard(descriptor)


def tcpdump() -> str:
    """Return the path of tcpdump.

    Raises:
        CouldNotTest: tcpdump is missing.
    """
    if path := shutil.which("tcpdump", path=programs.search_path()):
        return path
    raise CouldNotTest(
        "tcpdump, which the benchmarks compare podpath with, is missing",
        "On Debian, as root: apt-get install tcpdump",
    )


def follow(
    places: Sequence[Place],
    expression: str,
    send: Callable[[], CommandResult],
    complete: Callable[[str], bool],
) -> float:
    """Follow the recipe once, and return the seconds that it took.

    Args:
        places: The interfaces to listen on.
        expression: The filter of tcpdump.
        send: Runs the program that makes the traffic to its end.
        complete: Returns whether a sniffer's output contains all of the traffic.

    Raises:
        CouldNotTest: A step does not end in time, or the traffic fails.
    """
    begin = time.monotonic()
    with _sniffing(places, expression) as sniffers:
        _read(sniffers, lambda s: s.listening, _LISTEN_SECONDS, "listen")
        result = send()
        if result.status != 0:
            raise CouldNotTest(f"the recipe's traffic failed: {result.text}{result.errors}")
        _read(sniffers, lambda s: complete(s.output), _PRINT_SECONDS, "print all of the traffic")
        for sniffer in sniffers:
            sniffer.process.send_signal(signal.SIGINT)
        _read(sniffers, lambda s: not s.open, _END_SECONDS, "end")
        for sniffer in sniffers:
            sniffer.process.wait(_END_SECONDS)
        return time.monotonic() - begin


@contextmanager
def _sniffing(places: Sequence[Place], expression: str) -> Iterator[list[Sniffer]]:
    program = tcpdump()
    with ExitStack() as undo:
        sniffers = []
        for place in places:
            command = ["nsenter", f"--net={place.namespace}", program, "-nn", "-l"]
            process = subprocess.Popen(
                [*command, "-i", place.interface, *expression.split()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            undo.callback(_end, process)
            sniffers.append(Sniffer(place, process))
        yield sniffers


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.kill()
        process.wait()
    for stream in (process.stdout, process.stderr):
        if stream:
            stream.close()


def _read(
    sniffers: Sequence[Sniffer], satisfied: Callable[[Sniffer], bool], seconds: float, what: str
) -> None:
    """Read the sniffers' output until each satisfies. Raises CouldNotTest if one does not."""
    deadline = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        for sniffer in sniffers:
            for descriptor in sniffer.open:
                selector.register(descriptor, selectors.EVENT_READ, sniffer)
        while lacking := [s for s in sniffers if not satisfied(s)]:
            left = deadline - time.monotonic()
            if left <= 0 or not any(s.open for s in lacking):
                late = lacking[0]
                raise CouldNotTest(
                    f"tcpdump on {late.place.interface} did not {what} in {seconds:.0f} s;"
                    f" it printed: {late.output}{late.errors}"
                )
            for key, _ in selector.select(left):
                key.data.read(key.fd)
                if key.fd not in key.data.open:
                    selector.unregister(key.fd)


# --- checks that a sniffer has printed all traffic ----------------------------------------------


def pings_complete(count: int) -> Callable[[str], bool]:
    """Return a check that tcpdump has printed that many echo requests, and as many replies."""

    def complete(output: str) -> bool:
        lines = output.splitlines()
        return all(
            sum(f"ICMP echo {leg}" in line for line in lines) >= count
            for leg in ("request", "reply")
        )

    return complete


_TCP = re.compile(
    r"^\S+ IP (?P<source>\S+) > (?P<destination>\S+): Flags \[(?P<flags>[^]]+)\]"
    r"(?:, seq (?P<first>\d+)(?::(?P<next>\d+))?)?(?:, ack (?P<ack>\d+))?",
    re.MULTILINE,
)


def connection_closed(output: str) -> bool:
    """Return whether tcpdump has printed both FINs of a TCP connection, and the ACK of each.

    In both columns, tcpdump counts sequence numbers from the connection's first.
    """
    packets = list(_TCP.finditer(output))
    closed = {
        fin["source"]
        for fin in packets
        if "F" in fin["flags"] and fin["first"]
        for answer in packets
        if answer["source"] == fin["destination"]
        and answer["ack"] == str(int(fin["next"] or fin["first"]) + 1)
    }
    return len(closed) == 2
