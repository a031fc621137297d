"""Real programs that make traffic, and the probe that tells their packets from all others."""

import base64
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from podpath import image, probes, waiting
from podpath.cri import Result
from podpath.errors import CouldNotTest, DoesNotConform
from podpath.expected import POD_INTERFACE
from podpath.model import Address, Difference, Family, Topology
from podpath.nodes import base
from podpath.nodes.base import Node
from podpath.pods import HTTP_PORT, MAIN, UDP_LOG, UDP_PORT, Deployment, udp_container
from podpath.randomness import Draws

#: Bytes of IP and ICMP (or UDP, which are as many) header before the payload, by IP version.
HEADERS = {4: 28, 6: 48}

_TRAFFIC_SECONDS = 30
_REPLY_SECONDS = 2
#: A proxy answers up to 0.8 s late (arp(7), proxy_delay).
_PROXY_DELAY_SECONDS = 0.9


@dataclass(frozen=True, slots=True)
class Traffic:
    """Something that can be observed.

    send: runs the program to its end; probe: what tells its packets; kinds: leg -> kind of path
    in the profile; source, destination: pod names, the same one where the other end is the
    node; refused: part of the message with which the sender's own kernel must refuse it, in
    which case nothing may be sent at all; linger: for how many seconds to keep watching after
    the exchange, for what must not come.
    """

    send: Callable[[], Result]
    probe: probes.Probe
    kinds: dict[str, str]
    source: str
    destination: str
    refused: str = ""
    linger: float = 0.0


_UNICAST = {probes.REQUEST: "unicast", probes.REPLY: "unicast"}
_SELF = {probes.REQUEST: "self", probes.REPLY: "self"}
_TO_NODE = {probes.REQUEST: "to-node", probes.REPLY: "from-node"}
_FROM_NODE = {probes.REQUEST: "from-node", probes.REPLY: "to-node"}


def ping_command(
    target: Address,
    identifier: int,
    pattern: str,
    *,
    size: int = 56,
    count: int = 1,
    fragment: str = "want",
) -> list[str]:
    """iputils' ping with an ICMP identifier and a payload of our choice.

    pattern: up to 16 bytes in hex, of which the payload is made; size: payload bytes; fragment:
    ping -M: "do" sets DF and never fragments, "dont" clears it, "want" leaves it to the kernel.
    """
    return [
        "/bin/ping",
        "-n",
        "-c",
        str(count),
        "-i",
        "0.01",
        "-W",
        str(_REPLY_SECONDS),
        "-e",
        str(identifier),
        "-p",
        pattern,
        "-s",
        str(size),
        "-M",
        fragment,
        str(target),
    ]


class Traffics:
    """Makes traffic between pods of a node, named by their role.

    draws: where its identifiers, ports and payloads come from. All are drawn when the traffic is
    described, which one thread does, and not when it is sent.
    """

    def __init__(self, node: Node, pods: Deployment, draws: Draws) -> None:
        self._node = node
        self._pods = pods
        self._draws = draws

    def _run(self, pod: str, *command: str) -> Result:
        return self._node.execute(self._pods[pod], MAIN, command, _TRAFFIC_SECONDS)

    def address(self, pod: str, family: Family = Family.IPV4) -> Address:
        """A pod's address. Raises DoesNotConform if it has none of the family."""
        return self._pods[pod].network.address(family)

    def ping(
        self,
        source: str,
        destination: str,
        family: Family = Family.IPV4,
        *,
        size: int = 56,
        count: int = 1,
        fragment: str = "want",
    ) -> Traffic:
        """A ping from pod to pod (to itself, if they are the same); see ping_command."""
        identifier = self._draws.identifier()
        command = ping_command(
            self.address(destination, family),
            identifier,
            self._draws.token(),
            size=size,
            count=count,
            fragment=fragment,
        )
        return Traffic(
            lambda: self._run(source, *command),
            probes.Echo(identifier, count),
            _SELF if source == destination else _UNICAST,
            source,
            destination,
        )

    def oversized_ping(
        self, source: str, destination: str, family: Family = Family.IPV4, *, size: int
    ) -> Traffic:
        """A ping with DF set that does not fit, and that the sender's kernel must refuse."""
        ordinary = self.ping(source, destination, family, size=size, fragment="do")
        return replace(
            ordinary,
            probe=probes.Silence(ordinary.probe.filter),
            kinds={},
            refused="message too long",
        )

    def ping_gateway(self, source: str, gateway: Address) -> Traffic:
        """A ping from a pod to the bridge's own address."""
        identifier = self._draws.identifier()
        command = ping_command(gateway, identifier, self._draws.token())
        return Traffic(
            lambda: self._run(source, *command), probes.Echo(identifier), _TO_NODE, source, source
        )

    def ping_from_node(self, destination: str, family: Family = Family.IPV4) -> Traffic:
        """A ping from the node to a pod."""
        identifier = self._draws.identifier()
        command = ping_command(self.address(destination, family), identifier, self._draws.token())

        def send() -> Result:
            done = base.run(self._node, ["ping", *command[1:]], _TRAFFIC_SECONDS)
            return Result(done.returncode, done.stdout.encode(), done.stderr)

        return Traffic(send, probes.Echo(identifier), _FROM_NODE, destination, destination)

    def http(
        self, source: str, destination: str, family: Family = Family.IPV4, *, size: int = 1460
    ) -> Traffic:
        """An HTTP GET of one of image.BODY_SIZES bytes, which are checked as they arrive."""
        nonce = self._draws.token()
        # Not wget -T: Debian's static busybox 1.35 crashes on it.
        wget = ["timeout", "20", "wget", "-q", "-O", "-"]
        ends = self.address(source, family), self.address(destination, family)
        target = url(ends[1], f"{size}?{nonce}")

        def send() -> Result:
            result = self._run(source, *wget, target)
            if result.status == 0 and result.output != image.body(size):
                return Result(-1, b"", f"the body that arrived is not that of {size} bytes")
            return result

        return Traffic(send, probes.Http(nonce, HTTP_PORT, ends), _UNICAST, source, destination)

    def udp(
        self, source: str, destination: str, family: Family = Family.IPV4, *, size: int = 64
    ) -> Traffic:
        """One UDP datagram of `size` bytes, at least 32, that begins with a nonce."""
        nonce = self._draws.token()
        port = self._draws.port()
        target = self.address(destination, family)
        payload = base64.b64encode(nonce.encode() + self._draws.payload(size - len(nonce)))
        script = (
            f"echo {payload.decode()} | base64 -d >/tmp/{port};"
            f" /bin/nc -n -u -q 0 -p {port} {target} {UDP_PORT} </tmp/{port}; rm /tmp/{port}"
        )

        def send() -> Result:
            result = self._run(source, "/bin/sh", "-c", script)
            if result.status == 0 and not waiting.until(received, bool, _REPLY_SECONDS):
                return Result(-1, b"", f"the datagram did not reach the program in {destination}")
            return result

        def received() -> bool:
            pod = self._pods[destination]
            grep = ["grep", "-q", nonce, UDP_LOG]
            return self._node.execute(pod, udp_container(pod), grep, _TRAFFIC_SECONDS).status == 0

        return Traffic(
            send,
            probes.Datagram(port, UDP_PORT),
            {probes.REQUEST: "unicast"},
            source,
            destination,
        )

    def resolve(self, source: str, destination: str) -> Traffic:
        """A ping whose ARP request and reply are what is looked at."""
        asking, asked = self.address(source), self.address(destination)
        return replace(
            self.ping(source, destination),
            probe=probes.Resolution(asking, asked),
            kinds={probes.REQUEST: "broadcast", probes.REPLY: "unicast"},
            linger=_PROXY_DELAY_SECONDS,
        )


def url(target: Address, path: str) -> str:
    """Where a pod serves what lies at a path: one of image.BODY_SIZES, or image.STREAM."""
    host = f"[{target}]" if target.version == 6 else str(target)
    return f"http://{host}:{HTTP_PORT}/{path}"


def largest_payload(topology: Topology, family: Family) -> int:
    """The largest ICMP or UDP payload that fits into one packet of the pods, in bytes.

    Raises DoesNotConform if a pod has no eth0.
    """
    links = [topology.of_pod(pod).interface(POD_INTERFACE) for pod in topology.pods]
    mtus = [link.mtu for link in links if link]
    if len(mtus) < len(links):
        raise DoesNotConform(f"a pod has no {POD_INTERFACE}")
    return min(mtus) - HEADERS[family.value]


# Bounded, so that no run of digits makes it slow.
_COUNT = r"(?<![0-9])([0-9]{1,12})"
_STATISTICS = re.compile(
    rf"{_COUNT} packets transmitted, {_COUNT} received(?:, \+{_COUNT} duplicates)?"
)


def counted(result: Result) -> tuple[int, int, int]:
    """What ping counted: packets sent, received, doubled."""
    found = _STATISTICS.search(result.text)
    if found is None:
        said = f"{result.text[-500:]}{result.errors[-500:]}"
        raise CouldNotTest(f"ping did not count its packets: {said}")
    sent, received, doubled = (int(n or 0) for n in found.groups())
    return sent, received, doubled


def losses(
    traffic: Traffics, pairs: Sequence[tuple[str, str]], family: Family, count: int
) -> list[Difference]:
    """Ping between all pairs at the same time; what ping itself counts as lost or doubled.

    No sniffer is there: one that makes the bridge promiscuous can itself double packets.
    """
    pings = [
        traffic.ping(source, destination, family, count=count) for source, destination in pairs
    ]
    with ThreadPoolExecutor(len(pings)) as pool:
        results = list(pool.map(lambda ping: ping.send(), pings))
    found = []
    for (source, destination), result in zip(pairs, results, strict=True):
        sent, received, doubled = counted(result)
        if (sent, received, doubled) != (count, count, 0):
            seen = f"{sent} sent, {received} received, {doubled} doubled"
            found.append(
                Difference(
                    "lost or doubled", f"{source} -> {destination}", f"{count} of each", seen
                )
            )
    return found
