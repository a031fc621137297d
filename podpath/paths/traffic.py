"""Real programs that make traffic, and the probe that tells their packets from all others."""

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial

from podpath.cni.network import Network
from podpath.errors import CouldNotTest, DoesNotConform
from podpath.model import (
    POD_INTERFACE,
    Address,
    CommandResult,
    Difference,
    Family,
    Topology,
    Translation,
)
from podpath.nodes import image
from podpath.nodes.base import Node
from podpath.nodes.deployment import (
    ASKED_FOR,
    HTTP_PORT,
    MAIN,
    UDP_LOG,
    UDP_PORT,
    Deployment,
    udp_container,
)
from podpath.nodes.pod import Pod
from podpath.paths import probes, self_report
from podpath.system import proc, waiting
from podpath.system.randomness import Draws

#: Bytes of IP and ICMP (or UDP, which are as many) header before the payload, by IP version.
HEADERS = {4: 28, 6: 48}

#: Where a packet has so much room for its payload, its IPv4 fragments have more than 1500 bytes.
#: What the kernel joins of such fragments on a bridge it cannot take apart again: its route there
#: has an MTU of 1500, whatever the bridge's is (net/bridge/br_nf_core.c, br_dst_default_metrics).
LOST_FRAGMENTS = 1480

_TRAFFIC_SECONDS = 30
_HTTP_SECONDS = 20
_TERMINATED = 128 + signal.SIGTERM
_REPLY_SECONDS = 2
_SERVICE_BYTES = 1460
#: A proxy answers up to 0.8 s late (arp(7), proxy_delay).
_PROXY_DELAY_SECONDS = 0.9


@dataclass(frozen=True, slots=True)
class Traffic:
    """Something that can be observed.

    send: runs the program to its end; probe: what tells its packets; kinds: leg -> kind of path
    in the profile; source, destination: pod names, the same one where the other end is the
    node; refused: part of the message with which the sender's own kernel must refuse it, in
    which case nothing may be sent at all; linger: for how many seconds to keep watching after
    the exchange, for what must not come; doubt: why the program's run is no test, by its own
    account, empty if it is one; size: payload bytes of each request, where they are known;
    translations: leg -> what its packets have at hops that are translated; sender: who runs the
    program, where that is not the source.
    """

    send: Callable[[], CommandResult]
    probe: probes.Probe
    kinds: dict[str, str]
    source: str
    destination: str
    refused: str = ""
    linger: float = 0.0
    doubt: Callable[[CommandResult], str] = lambda result: self_report.killed(result.status)
    size: int | None = None
    translations: Mapping[str, Translation] = field(default_factory=dict)
    sender: str = ""

    @property
    def ends(self) -> tuple[str, str]:
        """The pods between which its packets go."""
        return self.source, self.destination


_UNICAST = {probes.REQUEST: "unicast", probes.REPLY: "unicast"}
_SELF = {probes.REQUEST: "self", probes.REPLY: "self"}
_SERVICE = {probes.REQUEST: "service", probes.REPLY: "service-reply"}
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

    def _run(self, pod: str, *command: str) -> CommandResult:
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
            doubt=partial(_of_ping, count),
            size=size,
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
            doubt=lambda result: self_report.killed(result.status),
            size=None,
        )

    def ping_gateway(self, source: str, gateway: Address) -> Traffic:
        """A ping from a pod to the node's address on its network."""
        identifier = self._draws.identifier()
        command = ping_command(gateway, identifier, self._draws.token())
        return Traffic(
            lambda: self._run(source, *command),
            probes.Echo(identifier),
            _TO_NODE,
            source,
            source,
            doubt=partial(_of_ping, 1),
        )

    def ping_beyond(self, source: str, target: Address, node: Address) -> Traffic:
        """A ping from a pod to beyond the node, masqueraded as from an address of the node's."""
        identifier = self._draws.identifier()
        command = ping_command(target, identifier, self._draws.token())
        own = self.address(source, Family(target.version))
        return Traffic(
            lambda: self._run(source, *command),
            probes.Echo(identifier),
            {probes.REQUEST: "outward", probes.REPLY: "inward"},
            source,
            source,
            doubt=partial(_of_ping, 1),
            translations=both(Translation(((own, node),))),
        )

    def ping_from_node(self, destination: str, family: Family = Family.IPV4) -> Traffic:
        """A ping from the node to a pod."""
        identifier = self._draws.identifier()
        command = ping_command(self.address(destination, family), identifier, self._draws.token())

        def send() -> CommandResult:
            done = self._node.run(["ping", *command[1:]], _TRAFFIC_SECONDS)
            return CommandResult(done.returncode, done.stdout.encode(), done.stderr)

        return Traffic(
            send,
            probes.Echo(identifier),
            _FROM_NODE,
            destination,
            destination,
            doubt=partial(_of_ping, 1),
        )

    def http(
        self, source: str, destination: str, family: Family = Family.IPV4, *, size: int = 1460
    ) -> Traffic:
        """An HTTP GET of one of image.BODY_SIZES bytes, which are checked as they arrive."""
        return self._http(source, destination, family, size, None)

    def http_of_service(self, source: str, destination: str, service: Address) -> Traffic:
        """An HTTP GET from the pod's Service."""
        family = Family(service.version)
        return self._http(source, destination, family, _SERVICE_BYTES, service)

    def _http(
        self, source: str, destination: str, family: Family, size: int, service: Address | None
    ) -> Traffic:
        nonce = self._draws.token()
        # Not wget -T: Debian's static busybox 1.35 crashes on it.
        wget = ["timeout", str(_HTTP_SECONDS), "wget", "-q", "-O", "-"]
        ends = self.address(source, family), service or self.address(destination, family)
        target = url(ends[1], f"{size}?{nonce}")

        def send() -> CommandResult:
            began = time.monotonic()
            result = self._run(source, *wget, target)
            if result.status == _TERMINATED and time.monotonic() - began >= _HTTP_SECONDS:
                return CommandResult(
                    self_report.GAVE_UP, b"", f"wget was not done after {_HTTP_SECONDS} s"
                )
            if result.status == 0 and result.output != image.body(size):
                why = f"the body that arrived is not that of {size} bytes"
                return CommandResult(self_report.ENDED_WELL, b"", why)
            return result

        probe = probes.Http(nonce, HTTP_PORT, ends)
        if service is None:
            return Traffic(send, probe, _UNICAST, source, destination)
        there = Translation(((service, self.address(destination, family)),))
        return Traffic(send, probe, _SERVICE, source, destination, translations=both(there))

    def asked_by_kubelet(self, pod: str, seconds: float) -> Traffic:
        """The next HTTP request that the kubelet makes of a pod, within so many seconds."""

        def wait() -> CommandResult:
            before = self._accepted(pod)
            if waiting.until(lambda: self._accepted(pod) > before, bool, seconds):
                return CommandResult(0, b"", "")
            return CommandResult(
                self_report.GAVE_UP, b"", f"the kubelet did not ask in {seconds:.0f} s"
            )

        return Traffic(wait, probes.Asked(ASKED_FOR, HTTP_PORT), _FROM_NODE, pod, pod)

    def _accepted(self, pod: str) -> int:
        """TCP connections that a pod has accepted (PassiveOpens)."""
        return self._counts(pod, "Tcp").get("PassiveOpens", 0)

    def udp(
        self, source: str, destination: str, family: Family = Family.IPV4, *, size: int = 64
    ) -> Traffic:
        """One UDP datagram of `size` bytes, at least 34: a line of random text, after a new line.

        All of it must arrive at the program that receives it.
        """
        line = self._draws.payload(size).hex()[: size - 2]
        port = self._draws.port()
        target = self.address(destination, family)
        script = (
            f"{{ echo; echo {line}; }} >/tmp/{port};"
            f" /bin/nc -n -u -q 0 -p {port} {target} {UDP_PORT} </tmp/{port}; status=$?;"
            f" rm /tmp/{port}; exit $status"
        )

        def send() -> CommandResult:
            before = self._datagrams(source, family)
            result = self._run(source, "/bin/sh", "-c", script)
            if result.status != 0:
                return result
            if self._datagrams(source, family) == before:
                raise CouldNotTest(f"nc ended well, but {source} sent no datagram")
            if not waiting.until(received, bool, _REPLY_SECONDS):
                why = f"the datagram did not reach the program in {destination} as it was sent"
                return CommandResult(self_report.GAVE_UP, b"", why)
            return result

        def received() -> bool:
            return has_received(self._node, self._pods[destination], line)

        return Traffic(
            send,
            probes.Datagram(port, UDP_PORT),
            {probes.REQUEST: "unicast"},
            source,
            destination,
            size=size,
        )

    def _datagrams(self, pod: str, family: Family) -> int:
        """Datagrams that programs in a pod have sent, also those that were then dropped.

        Raises CouldNotTest.
        """
        counts = self._counts(pod, "Udp") if family is Family.IPV4 else self._counts6(pod, "Udp6")
        return sum(counts.get(name, 0) for name in ("OutDatagrams", "SndbufErrors"))

    def _counts(self, pod: str, protocol: str) -> dict[str, int]:
        """The kernel's counters of a protocol in a pod. Raises CouldNotTest."""
        if not (counts := proc.counters(self._table(pod, "snmp"), protocol)):
            raise CouldNotTest(f"what pod {pod} sends cannot be counted")
        return counts

    def _counts6(self, pod: str, protocol: str) -> dict[str, int]:
        """The same of IPv6's protocols."""
        if not (counts := proc.counters6(self._table(pod, "snmp6"), protocol)):
            raise CouldNotTest(f"what pod {pod} sends cannot be counted")
        return counts

    def _table(self, pod: str, name: str) -> str:
        try:
            path = self._node.root(f"/proc/{self._pods[pod].pids[MAIN]}/net/{name}")
            return path.read_text()
        except OSError:
            raise CouldNotTest(f"what pod {pod} sends cannot be counted; does it run?") from None

    def resolve(self, source: str, destination: str, network: Network, family: Family) -> Traffic:
        """A ping whose ARP request and reply, or IPv6's like of them, are what is looked at.

        Whom a pod asks for, the destination or the gateway, is the profile's affair.
        """
        asking, asked = self.address(source, family), self.address(destination, family)
        probe, way = probes.Resolution(asking, asked), network.profile.resolution
        if way.asked == "gateway":
            probe = probes.Resolution(asking, network.ipam.gateway(family), instead=asked)
        return replace(
            self.ping(source, destination, family),
            probe=probe,
            kinds={probes.REQUEST: way.question(family), probes.REPLY: way.reply},
            size=None,
            linger=_PROXY_DELAY_SECONDS,
        )


def has_received(node: Node, pod: Pod, line: str) -> bool:
    """Whether the UDP receiver of a pod has got a line. Raises CouldNotTest."""
    # Read from outside: to run grep in the pod takes a hundred times as long.
    log = node.root(f"/proc/{pod.pids[udp_container(pod)]}/root{UDP_LOG}")
    try:
        return line.encode() in log.read_bytes().splitlines()
    except OSError as error:
        raise CouldNotTest(f"what pod {pod.name} received cannot be read: {error}") from None


def both(request: Translation) -> dict[str, Translation]:
    """What is translated in requests, and back in replies."""
    return {probes.REQUEST: request, probes.REPLY: request.back}


def url(target: Address, path: str, port: int = HTTP_PORT) -> str:
    """Where a pod serves what lies at a path: one of image.BODY_SIZES, or image.STREAM."""
    host = f"[{target}]" if target.version == 6 else str(target)
    return f"http://{host}:{port}/{path}"


def largest_payload(topology: Topology, family: Family) -> int:
    """The largest ICMP or UDP payload that fits into one packet of the pods, in bytes.

    Raises DoesNotConform if a pod has no eth0.
    """
    links = [topology.of_pod(pod).interface(POD_INTERFACE) for pod in topology.pods]
    mtus = [link.mtu for link in links if link]
    if len(mtus) < len(links):
        raise DoesNotConform(f"a pod has no {POD_INTERFACE}")
    return min(mtus) - HEADERS[family.value]


def _of_ping(count: int, result: CommandResult) -> str:
    return self_report.of_ping(result.status, f"{result.text}{result.errors}", count)


def counted(result: CommandResult) -> tuple[int, int, int]:
    """What ping counted: packets sent, received, doubled. Raises CouldNotTest if it did not."""
    found = self_report.counted(result.text)
    if found is None:
        said = f"{result.text[-500:]}{result.errors[-500:]}"
        raise CouldNotTest(f"ping did not count its packets: {said}")
    return found


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
        if doubt := _of_ping(count, result):
            raise CouldNotTest(f"{source} -> {destination}: {doubt}")
        sent, received, doubled = counted(result)
        if (sent, received, doubled) != (count, count, 0):
            seen = f"{sent} sent, {received} received, {doubled} doubled"
            found.append(
                Difference(
                    "lost or doubled", f"{source} -> {destination}", f"{count} of each", seen
                )
            )
    return found
