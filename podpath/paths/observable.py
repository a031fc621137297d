"""Traffic as a value: the program that sends it, and the paths of its packets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from podpath.model import CommandResult, Path, Translation
from podpath.paths import probes, self_report
from podpath.paths.masquerade import Masquerade


@dataclass(frozen=True, slots=True)
class Traffic:
    """Traffic that an Observer can send and watch.

    Attributes:
        send: Runs the program to its end.
        probe: Recognizes the program's packets.
        kinds: Each leg and its kind of path in the profile.
        source: The name of the pod that sends; the same as `destination` where the other end is
            the node.
        destination: The name of the pod that receives.
        refused: Part of the message with which the sender's own kernel must refuse the packet; no
            packet may be sent then. Empty for other traffic.
        linger: The seconds to keep watching after the exchange, for packets that must not come.
        doubt: Explains why the program's end makes its run no test; returns "" if it is one.
        size: The payload of each request, in bytes; None if it is unknown.
        translations: Each leg and the addresses that its packets have at translated hops.
        unanswered: True if the program must fail, since nothing may answer it.
        sender: The name of the sender that runs the program; empty if it is the source.
        conclusive: True if a program that fails without a packet is evidence, too: the node sends,
            whose rules translate or drop packets before any interface sees them.
        precedes: True if its packets precede the program's own, whose loss says nothing about them:
            ARP before a ping.
        paths: Each leg and its path, for those of which the profile has none.
        masquerade: The addresses of traffic that is masqueraded, with any port; None for other
            traffic.
    """

    send: Callable[[], CommandResult]
    probe: probes.Probe
    kinds: Mapping[str, str]
    source: str
    destination: str
    refused: str = ""
    linger: float = 0.0
    doubt: Callable[[CommandResult], str] = lambda result: self_report.killed(result.status)
    size: int | None = None
    translations: Mapping[str, Translation] = field(default_factory=dict)
    unanswered: bool = False
    sender: str = ""
    conclusive: bool = False
    precedes: bool = False
    paths: Mapping[str, Path] = field(default_factory=dict)
    masquerade: Masquerade | None = None

    @property
    def filter(self) -> str:
        """A pcap-filter(7) expression for its packets, and for all that they may become."""
        more = f" or {self.masquerade.filter}" if self.masquerade else ""
        return f"{self.probe.filter}{more}"

    @property
    def ends(self) -> tuple[str, str]:
        """The names of the pods at both ends."""
        return self.source, self.destination


def both_ways(request: Translation) -> dict[str, Translation]:
    """Return the translation of requests, and its reverse for replies."""
    return {probes.REQUEST: request, probes.REPLY: request.back}
