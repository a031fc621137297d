"""Watch a network namespace for changes of interfaces, addresses, routes and their rules.

Neighbours that the kernel finds by itself are none; those that somebody sets for good are.

podpath derives a path from the topology after the probe. The path is valid for the probe only if
the topology did not change meanwhile. Two snapshots, before and after, do not show this: both miss
an interface that appeared and vanished in between. The kernel sends each change to the sockets
that listen (rtnetlink(7)).
"""

import errno
import socket
from dataclasses import dataclass

from podpath.errors import CouldNotTest
from podpath.model import Family
from podpath.system import limits
from podpath.system.netlink import framing
from podpath.system.netlink.decoding import decoded
from podpath.system.netlink.framing import Envelope
from podpath.system.netlink.links import LinkMessage
from podpath.system.netlink.message import Message
from podpath.system.netlink.messages import (
    AddressMessage,
    NeighbourMessage,
    RouteMessage,
    RuleMessage,
)
from podpath.system.netlink.questions import LARGEST, LINKS, check_whole, listener, refused

_WATCHED = frozenset(
    kind
    for of in (LinkMessage, AddressMessage, RouteMessage, RuleMessage, NeighbourMessage)
    for kind in (of.NEW, of.NEW + 1)
)


@dataclass(frozen=True, slots=True)
class Link:
    """The properties of an interface that must not change.

    Attributes:
        name: Name of the interface.
        up: True if the interface was set up.
        mac: Link-layer address.
        mtu: MTU, in bytes.
        master: Index of the master, such as a bridge; None without a master.
    """

    name: str
    up: bool
    mac: str
    mtu: int
    master: int | None

    def unlike(self, other: "Link") -> str:
        """Describe the changes from this link to another, in a few words."""
        words = {
            f"was renamed {other.name}": self.name != other.name,
            f"was set {'up' if other.up else 'down'}": self.up != other.up,
            "got another MAC address": self.mac != other.mac,
            f"got MTU {other.mtu}": self.mtu != other.mtu,
            "joined or left a bridge": self.master != other.master,
        }
        return " and ".join(text for text, true in words.items() if true)


class Follower:
    """The interfaces of a namespace, by the messages received so far. Pure.

    Attributes:
        links: Index -> interface.
        complete: True after the end of a dump.
    """

    def __init__(self) -> None:
        self.links: dict[int, Link] = {}
        self.complete = False

    def take(self, data: bytes) -> list[str]:
        """Read a batch of messages, and describe each change in words.

        Raises:
            OSError: A message is an error, or cannot be decoded.
            CouldNotTest: A value in a message is not sound.
        """
        news = [self._news(envelope) for envelope in framing.envelopes(data)]
        return [text for text in news if text]

    def _news(self, envelope: Envelope) -> str:
        check_whole(envelope)
        if envelope.kind in (framing.DONE, framing.ERROR):
            refused(envelope.body)
            self.complete = self.complete or envelope.kind == framing.DONE
        if envelope.kind not in _WATCHED:
            return ""
        message = decoded(envelope.kind, envelope.body)
        new = envelope.kind == message.NEW
        match message:
            case LinkMessage():
                return self._link(message, new=new)
            case AddressMessage():
                return self._address(message, new=new)
        return _of_way(message, new=new)

    def _address(self, message: AddressMessage, *, new: bool) -> str:
        if message.family is Family.IPV6 and (not message.is_global or message.is_refreshed):
            return ""  # a link-local address, which comes some time after "up", or a new lifetime
        link = self.links.get(message.index)
        return f"{link.name if link else 'an interface'} {'got' if new else 'lost'} an address"

    def _link(self, message: LinkMessage, *, new: bool) -> str:
        if not message.is_general:
            return ""  # a bridge's view of its port: a general message has the same changes
        before = self.links.get(message.index)
        if not new:
            self.links.pop(message.index, None)
            return f"{before.name} vanished" if before else ""
        now = Link(message.name, message.is_up, message.mac, message.mtu, message.master)
        self.links[message.index] = now
        if before is None:
            return f"{now.name} appeared"
        return f"{before.name} {before.unlike(now)}" if before != now else ""


def _of_way(message: Message, *, new: bool) -> str:
    """Describe a change of the ways that packets take from the namespace; empty if it is none."""
    match message:
        case RouteMessage() if not _comes_with_links(message):
            return f"a route was {'added' if new else 'removed'}"
        case RuleMessage():
            return f"a routing rule was {'added' if new else 'removed'}"
        case NeighbourMessage() if new and _is_set(message):
            return "a permanent neighbour was set"
    return ""


def _comes_with_links(route: RouteMessage) -> bool:
    """Return whether a route is link-local or multicast IPv6, which links get at any time."""
    if route.family is not Family.IPV6 or route.destination is None:
        return False
    return route.destination.packed[:1] in (b"\xfe", b"\xff")


def _is_set(neighbour: NeighbourMessage) -> bool:
    """Return whether a neighbour is permanent; entries of bridges come with their ports."""
    return neighbour.is_permanent and neighbour.address_family != socket.AF_BRIDGE


class Watch:
    """A listener for changes in the network namespace of the thread that creates it.

    Raises:
        OSError: The kernel refuses or does not answer.
        CouldNotTest: A value in the kernel's answer is not sound.
    """

    def __init__(self) -> None:
        self._follower = Follower()
        self._socket = listener()
        try:
            self._socket.settimeout(limits.current().kernel_answer)
            request = framing.REQUEST | framing.DUMP
            self._socket.send(framing.packed(LINKS.kind, LINKS.body, request, 1))
            while not self._follower.complete:
                self._follower.take(self._socket.recv(LARGEST))
            self._socket.setblocking(False)
        except BaseException:
            self._socket.close()
            raise

    def news(self) -> list[str]:
        """List the changes since the last call, in words.

        If the kernel lost changes, refuses, or sends a message that is not sound, the last item
        reports that.
        """
        news: list[str] = []
        while True:
            try:
                news += self._follower.take(self._socket.recv(LARGEST))
            except BlockingIOError:
                return list(dict.fromkeys(news))
            except OSError as error:
                why = "too many" if error.errno == errno.ENOBUFS else error.strerror
                return [*dict.fromkeys(news), f"changes could not be followed ({why})"]
            except CouldNotTest as error:
                return [*dict.fromkeys(news), f"changes could not be followed ({error.message})"]

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()
