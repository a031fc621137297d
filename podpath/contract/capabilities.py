"""Runtime configuration of one container: its addresses, its MAC address, its rate.

containerd 1.6 cannot request addresses, and requests rates with a burst that no test can use up.
So podpath sends runtimeConfig itself, as a runtime does, for the capabilities that the conflist
declares for its plugins (CNI specification 1.1.0, section 3; its CONVENTIONS.md).
"""

import socket
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_interface

from podpath.cni.network import Network
from podpath.contract import subjects
from podpath.contract.answers import Answer, entries
from podpath.contract.attachments import Attachment, attached
from podpath.contract.runtime import Runtime
from podpath.contract.subjects import CapabilityArgs
from podpath.errors import CouldNotTest, DoesNotConform
from podpath.model import Address, AddressWithPrefix, Difference, Family, listed
from podpath.nodes.pod import PortMapping
from podpath.system import limits, netns

#: A locally administered MAC address that no plugin would generate.
MAC = "02:00:5e:10:00:01"

#: Limit of a container's traffic in bits a second, and its burst in bits.
RATE, BURST = 16_000_000, 512_000
#: Size of a transfer, in bytes: about a second at that rate.
_BYTES = 2_000_000
#: Bounds of a limited transfer's rate, as shares of RATE: a slower one may be slowed by the
#: machine, a faster one is not limited as requested.
_LEAST, _MOST = 0.5, 1.15
#: Least rate of a transfer without a limit, as a multiple of RATE: below, the machine is the limit.
_FREE = 4.0
_CHUNK = 65536
#: Addresses of a range whose last one IPAM does not assign next.
_FEWEST = 12


@contextmanager
def container(
    runtime: Runtime, network: Network, capability_args: CapabilityArgs | None = None
) -> Iterator[Attachment]:
    """Create a container for the whole chain with these capability args, ready for ADD."""
    chain = subjects.of(network.conflist)[0]
    with attached(
        runtime, chain, network.conflist.contract_version, capability_args or {}
    ) as attachment:
        yield attachment


def unassigned_address(network: Network, family: Family) -> AddressWithPrefix:
    """Return an address that IPAM would not assign next: the last one of its range.

    Raises:
        CouldNotTest: the conflist has no range of this family, or several.
    """
    try:
        (address_range,) = network.ipam.ranges_of(family)
    except ValueError:
        raise CouldNotTest(
            f"the conflist does not say which {family.text} addresses pods may have",
            "Name a range in the IPAM section",
        ) from None
    if address_range.usable < _FEWEST:
        raise CouldNotTest(f"pods' {family.text} networks have no address to request")
    last = address_range.last
    if last == address_range.gateway:
        last -= 1
    return ip_interface(f"{last}/{address_range.subnet.prefixlen}")


def held_address(container: Attachment, requested: AddressWithPrefix) -> list[Difference]:
    """Check that the container has the requested address, and no other of its IP version.

    Both the kernel and the result are checked.

    Raises:
        DoesNotConform: the result has an address that is malformed.
    """
    state = container.state()
    link = state.container_links.get(container.interface)
    places = {
        f"{container.interface} in the kernel": link.addresses if link else (),
        "ips of the result": [e["address"] for e in container.addresses],
    }
    return [
        Difference("static IP", where, str(requested), listed(seen))
        for where, texts in places.items()
        if (seen := _of_version(texts, requested.version)) != [requested]
    ]


def _of_version(texts: Iterable[str], version: int) -> list[AddressWithPrefix]:
    try:
        addresses = [ip_interface(text) for text in texts]
    except ValueError as error:
        raise DoesNotConform(f"an address in the result of ADD: {error}") from None
    return [a for a in addresses if a.version == version and not a.is_link_local]


def exclusive(answers: Iterable[Answer], requested: AddressWithPrefix) -> list[Difference]:
    """Check that ADD of a second container with the same address is an error."""
    if any(answer.status for answer in answers):
        return []
    return [Difference("static IP", "ADD of a second container", "an error", f"{requested} again")]


def held_mac(container: Attachment) -> list[Difference]:
    """Check that the container has the requested MAC address in the kernel and in the result."""
    state = container.state()
    link = state.container_links.get(container.interface)
    interfaces = entries(state.result, "interfaces", "name")
    in_result = [
        str(i.get("mac", "")).lower()
        for i in interfaces
        if i.get("sandbox") and i["name"] == container.interface
    ]
    in_kernel = f"{container.interface} in the kernel"
    places = {in_kernel: [link.mac] if link else [], "the result": in_result}
    return [
        Difference("static MAC", where, MAC, listed(seen))
        for where, seen in places.items()
        if seen != [MAC]
    ]


def bandwidth_args(direction: str) -> CapabilityArgs:
    """Return the capability args that limit a container.

    Args:
        direction: "ingress" or "egress".
    """
    return {"bandwidth": {f"{direction}Rate": RATE, f"{direction}Burst": BURST}}


def port_args(ports: Iterable[PortMapping]) -> CapabilityArgs:
    """Return the capability args that map ports of the node to a container's."""
    return {
        "portMappings": [
            {"hostPort": port.node, "containerPort": port.pod, "protocol": port.protocol}
            for port in ports
        ]
    }


@dataclass(frozen=True, slots=True)
class Transfer:
    """Measured transfer from one container to another.

    Attributes:
        size: bytes that arrived.
        seconds: duration.
    """

    size: int
    seconds: float

    def rate(self, burst: int = 0) -> float:
        """Return the rate in bits a second, without the bits of a burst."""
        return max(self.size * 8 - burst, 0) / self.seconds


def transfer(source: Attachment, destination: Attachment, family: Family) -> Transfer:
    """Send bytes over TCP and measure how long they take.

    Raises:
        DoesNotConform: they do not arrive, or the destination has no address of this family.
    """
    address = _address(destination, family)
    try:
        with _in(
            destination, lambda: socket.create_server((str(address), 0), family=_AF[family])
        ) as at:
            at.settimeout(limits.current().transfer)
            return _transfer(source, address, at)
    except OSError as error:
        raise DoesNotConform(f"a transfer to {address} failed: {error}") from None


def _transfer(source: Attachment, address: Address, at: socket.socket) -> Transfer:
    with (
        _in(source, lambda: _connected(address, at)) as sender,
        at.accept()[0] as receiver,
        ThreadPoolExecutor(1) as pool,
    ):
        receiver.settimeout(limits.current().transfer)
        began = time.monotonic()
        sending = pool.submit(_send, sender)
        arrived = _received(receiver)
        seconds = time.monotonic() - began
        sending.result()
    return Transfer(arrived, seconds)


_AF = {Family.IPV4: socket.AF_INET, Family.IPV6: socket.AF_INET6}


def _in(container: Attachment, make: Callable[[], socket.socket]) -> socket.socket:
    return netns.run_in(str(container.runtime.node.root(container.netns)), make)


def _connected(address: Address, at: socket.socket) -> socket.socket:
    target = str(address), at.getsockname()[1]
    return socket.create_connection(target, timeout=limits.current().connection)


def _send(sender: socket.socket) -> None:
    sender.settimeout(limits.current().transfer)
    sender.sendall(bytes(_BYTES))
    sender.shutdown(socket.SHUT_WR)


def _received(receiver: socket.socket) -> int:
    size = 0
    while data := receiver.recv(_CHUNK):
        size += len(data)
    return size


def _address(container: Attachment, family: Family) -> Address:
    texts = [e["address"] for e in container.addresses]
    for address in _of_version(texts, family.value):
        return address.ip
    raise DoesNotConform(f"the result of ADD has no {family.text} address")


def bounds(direction: str, limited: Transfer, free: Transfer) -> list[Difference]:
    """Check that a limited transfer has the requested rate, and an unlimited one is faster. Pure.

    Raises:
        CouldNotTest: the machine itself is too slow to show the limit.
    """
    if free.rate() < _FREE * RATE:
        raise CouldNotTest(
            f"without a limit, a transfer has {free.rate() / 1e6:.0f} Mbit/s, which is too little"
            f" to see one of {RATE / 1e6:.0f} Mbit/s",
            "Run it on a machine that does less besides",
        )
    ratio = limited.rate(BURST) / RATE
    if _LEAST <= ratio <= _MOST:
        return []
    return [
        Difference(
            "rate",
            f"{direction} of the container",
            f"{_LEAST} to {_MOST} of the {RATE / 1e6:.0f} Mbit/s that were asked for",
            f"{ratio:.2f} of it; without a limit, {free.rate() / RATE:.0f} times",
        )
    ]
