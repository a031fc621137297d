"""Real programs that make traffic, and the probe that tells their packets from all others."""

import itertools
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from podpath import image, pods, probes
from podpath.cri import Result
from podpath.model import Address
from podpath.nodes import base
from podpath.nodes.base import Node, Pod

#: Bytes of IP and ICMP (or UDP, which are as many) header before the payload, by IP version.
HEADERS = {4: 28, 6: 48}

_TRAFFIC_SECONDS = 30
_REPLY_SECONDS = 2
_ports = itertools.count(secrets.randbelow(10_000) + 20_000)


@dataclass(frozen=True, slots=True)
class Traffic:
    """Something that can be observed.

    send: runs the program to its end; probe: what tells its packets; kinds: leg -> kind of path
    in the profile; source, destination: pod names, the same one where the other end is the
    node; refused: part of the message with which the sender's own kernel must refuse it, in
    which case nothing may be sent at all.
    """

    send: Callable[[], Result]
    probe: probes.Probe
    kinds: dict[str, str]
    source: str
    destination: str
    refused: str = ""


_UNICAST = {probes.REQUEST: "unicast", probes.REPLY: "unicast"}
_SELF = {probes.REQUEST: "self", probes.REPLY: "self"}
_TO_NODE = {probes.REQUEST: "to-node", probes.REPLY: "from-node"}
_FROM_NODE = {probes.REQUEST: "from-node", probes.REPLY: "to-node"}


def ping_command(
    target: Address,
    identifier: int,
    *,
    size: int = 56,
    count: int = 1,
    fragment: str = "want",
) -> list[str]:
    """iputils' ping with an ICMP identifier and a payload of our choice.

    size: payload bytes; fragment: ping -M: "do" sets DF and never fragments, "dont" clears it,
    "want" leaves it to the kernel.
    """
    return [
        "ping", "-n", "-c", str(count), "-i", "0.01", "-W", str(_REPLY_SECONDS),
        "-e", str(identifier), "-p", secrets.token_hex(16), "-s", str(size),
        "-M", fragment, str(target),
    ]


def new_identifier() -> int:
    """An ICMP identifier for one probe."""
    return secrets.randbelow(0xFFFE) + 1


def ping(
    node: Node,
    source: Pod,
    destination: Pod,
    target: Address,
    *,
    size: int = 56,
    count: int = 1,
    fragment: str = "want",
) -> Traffic:
    """A ping from pod to pod (to itself, if they are the same)."""
    identifier = new_identifier()
    command = ping_command(target, identifier, size=size, count=count, fragment=fragment)
    return Traffic(
        lambda: node.execute(source, pods.MAIN, ["/bin/ping", *command[1:]], _TRAFFIC_SECONDS),
        probes.Echo(identifier, count),
        _SELF if source.name == destination.name else _UNICAST,
        source.name,
        destination.name,
    )


def ping_gateway(node: Node, source: Pod, gateway: Address) -> Traffic:
    """A ping from a pod to the bridge's own address."""
    identifier = new_identifier()
    command = ["/bin/ping", *ping_command(gateway, identifier)[1:]]
    return Traffic(
        lambda: node.execute(source, pods.MAIN, command, _TRAFFIC_SECONDS),
        probes.Echo(identifier),
        _TO_NODE,
        source.name,
        source.name,
    )


def ping_from_node(node: Node, destination: Pod, target: Address) -> Traffic:
    """A ping from the node to a pod."""
    identifier = new_identifier()

    def send() -> Result:
        done = base.run(node, ping_command(target, identifier), _TRAFFIC_SECONDS)
        return Result(done.returncode, done.stdout.encode(), done.stderr)

    return Traffic(
        send, probes.Echo(identifier), _FROM_NODE, destination.name, destination.name
    )


def oversized_ping(node: Node, source: Pod, destination: Pod, target: Address, size: int) -> Traffic:
    """A ping with DF set that does not fit, and that the sender's kernel must refuse."""
    ordinary = ping(node, source, destination, target, size=size, fragment="do")
    return replace(
        ordinary,
        probe=probes.Silence(ordinary.probe.filter),
        kinds={},
        refused="message too long",
    )


def url(target: Address, size: int, nonce: str) -> str:
    """Where a pod serves a body of one of image.BODY_SIZES; the nonce marks the request."""
    host = f"[{target}]" if target.version == 6 else str(target)
    return f"http://{host}:{pods.HTTP_PORT}/{size}?{nonce}"


def http(
    node: Node, source: Pod, destination: Pod, target: Address, *, size: int = 1460
) -> Traffic:
    """An HTTP GET of a body of `size` bytes, which is checked as it arrives."""
    nonce = secrets.token_hex(16)

    def send() -> Result:
        # Not wget -T: Debian's static busybox 1.35 crashes on it.
        command = ["timeout", "20", "wget", "-q", "-O", "-", url(target, size, nonce)]
        result = node.execute(source, pods.MAIN, command, _TRAFFIC_SECONDS)
        if result.status == 0 and result.output != image.body(size):
            return Result(-1, b"", f"the body that arrived is not the one of {size} bytes sent")
        return result

    return Traffic(
        send, probes.Http(nonce, pods.HTTP_PORT), _UNICAST, source.name, destination.name
    )


def udp(
    node: Node, source: Pod, destination: Pod, target: Address, *, size: int = 64
) -> Traffic:
    """One UDP datagram of `size` bytes, at least 32, that begins with a nonce."""
    nonce = secrets.token_hex(16)
    port = next(_ports)
    script = (
        f"{{ printf {nonce}; head -c {size - len(nonce)} /dev/urandom; }} >/tmp/{port};"
        f" /bin/nc -n -u -q 0 -p {port} {target} {pods.UDP_PORT} </tmp/{port}; rm /tmp/{port}"
    )
    return Traffic(
        lambda: node.execute(source, pods.MAIN, ["/bin/sh", "-c", script], _TRAFFIC_SECONDS),
        probes.Datagram(port, pods.UDP_PORT),
        {probes.REQUEST: "unicast"},
        source.name,
        destination.name,
    )


def resolve(node: Node, source: Pod, destination: Pod) -> Traffic:
    """A ping whose ARP request and reply are what is looked at."""
    asking, asked = source.network.addresses[0], destination.network.addresses[0]
    command = ["/bin/ping", *ping_command(asked, new_identifier())[1:]]
    return Traffic(
        lambda: node.execute(source, pods.MAIN, command, _TRAFFIC_SECONDS),
        probes.Resolution(asking, asked),
        {probes.REQUEST: "broadcast", probes.REPLY: "unicast"},
        source.name,
        destination.name,
    )
