"""What a runtime asks of plugins for one container: addresses, a MAC address, a rate.

containerd 1.6 has no way to ask for addresses, and asks for rates with a burst that no test can
use up. So podpath asks itself, as a runtime does: by runtimeConfig, for what the conflist says that
its plugins are capable of (CNI specification 1.1.0, section 3; its CONVENTIONS.md).
"""

import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_interface
from typing import Any

from podpath.cni.conflist import Conflist
from podpath.contract import subjects
from podpath.contract.answers import Answer, entries
from podpath.contract.attachments import INTERFACE, Attachment, attached
from podpath.contract.runtime import Runtime
from podpath.errors import CouldNotTest, DoesNotConform
from podpath.model import Address, AddressWithPrefix, Difference, Family, listed
from podpath.system import netns

#: Locally administered, and as no plugin would make one up.
MAC = "02:00:5e:10:00:01"

#: What a container may send or receive, and at once: bits a second, and bits.
RATE, BURST = 16_000_000, 512_000
#: For a second or so, at that rate.
_BYTES = 2_000_000
#: A slower one may be the machine's; a faster one is not the one that was asked for.
_LEAST, _MOST = 0.5, 1.15
#: How much faster it must be without a limit, or the machine is what limits.
_FREE = 4.0
_TRANSFER_SECONDS = 60.0
_CHUNK = 65536

Capabilities = Mapping[str, Any]


@contextmanager
def container(
    runtime: Runtime, conflist: Conflist, capabilities: Capabilities | None = None
) -> Iterator[Attachment]:
    """A container of which this is asked, ready for ADD of the whole chain."""
    chain = subjects.of(conflist)[0]
    with attached(runtime, chain, conflist.version, capabilities or {}) as one:
        yield one


def unused(conflist: Conflist, family: Family) -> AddressWithPrefix:
    """An address that IPAM would not give next: the last one of its range."""
    try:
        (one,) = conflist.ranges_of(family)
    except ValueError:
        raise CouldNotTest(
            f"the conflist does not say which {family.text} addresses pods may have",
            "Name a range in the IPAM section",
        ) from None
    last = one.last - 1 if one.gateway == one.last else one.last
    return ip_interface(f"{last}/{one.subnet.prefixlen}")


def held(one: Attachment, wanted: AddressWithPrefix) -> list[Difference]:
    """The container has the address that was asked for, and no other of its IP version.

    By the kernel, and by the result.
    """
    sight = one.sight()
    link = sight.inside.get(INTERFACE)
    places = {
        f"{INTERFACE} in the kernel": link.addresses if link else (),
        "ips of the result": [e["address"] for e in entries(sight.result, "ips", "address")],
    }
    return [
        Difference("static IP", where, str(wanted), listed(seen))
        for where, texts in places.items()
        if (seen := _of_version(texts, wanted.version)) != [wanted]
    ]


def _of_version(texts: Iterable[str], version: int) -> list[AddressWithPrefix]:
    try:
        found = [ip_interface(text) for text in texts]
    except ValueError as error:
        raise DoesNotConform(f"an address in the result of ADD: {error}") from None
    return [a for a in found if a.version == version and not a.is_link_local]


def given_twice(answers: Iterable[Answer], wanted: AddressWithPrefix) -> list[Difference]:
    """A second container may not have the same address: ADD is an error."""
    if any(answer.status for answer in answers):
        return []
    return [Difference("static IP", "ADD of a second container", "an error", f"{wanted} again")]


def mac(one: Attachment) -> list[Difference]:
    """The container has the MAC address that was asked for, by the kernel and by the result."""
    sight = one.sight()
    link = sight.inside.get(INTERFACE)
    named = entries(sight.result, "interfaces", "name")
    told = [
        str(i.get("mac", "")).lower() for i in named if i.get("sandbox") and i["name"] == INTERFACE
    ]
    places = {f"{INTERFACE} in the kernel": [link.mac] if link else [], "the result": told}
    return [
        Difference("static MAC", where, MAC, listed(seen))
        for where, seen in places.items()
        if seen != [MAC]
    ]


def limited(direction: str) -> Capabilities:
    """What a runtime asks for to limit a container; direction: "ingress" or "egress"."""
    return {"bandwidth": {f"{direction}Rate": RATE, f"{direction}Burst": BURST}}


@dataclass(frozen=True, slots=True)
class Transfer:
    """How fast bytes came from one container to another."""

    size: int
    seconds: float

    def rate(self, burst: int = 0) -> float:
        """Bits a second, but for so many that may come at once."""
        return max(self.size * 8 - burst, 0) / self.seconds


def transfer(source: Attachment, destination: Attachment, family: Family) -> Transfer:
    """Send bytes over TCP, and see how long they take.

    Raises DoesNotConform if they do not come.
    """
    address = _address(destination, family)
    try:
        with _in(
            destination, lambda: socket.create_server((str(address), 0), family=_AF[family])
        ) as at:
            at.settimeout(_TRANSFER_SECONDS)
            return _transfer(source, address, at)
    except OSError as error:
        raise DoesNotConform(f"a transfer to {address} failed: {error}") from None


def _transfer(source: Attachment, address: Address, at: socket.socket) -> Transfer:
    with (
        _in(source, lambda: _connected(address, at)) as sender,
        at.accept()[0] as receiver,
        ThreadPoolExecutor(1) as pool,
    ):
        receiver.settimeout(_TRANSFER_SECONDS)
        began = time.monotonic()
        sending = pool.submit(_send, sender)
        arrived = _received(receiver)
        seconds = time.monotonic() - began
        sending.result()
    return Transfer(arrived, seconds)


_AF = {Family.IPV4: socket.AF_INET, Family.IPV6: socket.AF_INET6}


def _in(one: Attachment, make: Callable[[], socket.socket]) -> socket.socket:
    return netns.run_in(str(one.runtime.node.root(one.netns)), make)


def _connected(address: Address, at: socket.socket) -> socket.socket:
    return socket.create_connection((str(address), at.getsockname()[1]), timeout=10.0)


def _send(sender: socket.socket) -> None:
    sender.settimeout(_TRANSFER_SECONDS)
    sender.sendall(bytes(_BYTES))
    sender.shutdown(socket.SHUT_WR)


def _received(receiver: socket.socket) -> int:
    size = 0
    while data := receiver.recv(_CHUNK):
        size += len(data)
    return size


def _address(one: Attachment, family: Family) -> Address:
    texts = [e["address"] for e in entries(one.result or {}, "ips", "address")]
    for found in _of_version(texts, family.value):
        return found.ip
    raise DoesNotConform(f"the result of ADD has no {family.text} address")


def bounds(direction: str, limited: Transfer, free: Transfer) -> list[Difference]:
    """Whether a transfer was as fast as was asked for, and another one, without a limit, faster.

    Raises CouldNotTest if it is the machine that limits. Pure.
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
