"""Watch a network namespace for changes of interfaces, addresses and routes.

podpath derives a path from the topology after the probe. The path is valid for the probe only if
the topology did not change meanwhile. Two snapshots, before and after, do not show this: both miss
an interface that appeared and vanished in between. The kernel sends each change to the sockets
that listen (rtnetlink(7)).
"""

import errno
import socket
import struct
import sys
from dataclasses import dataclass

from podpath.system import limits, netlink

_NEWLINK, _DELLINK = 16, 17
_NEWADDR, _DELADDR = 20, 21
_NEWROUTE, _DELROUTE = 24, 25
_IFF_UP = 0x1
_ADDRESS, _NAME, _MTU, _MASTER = 1, 3, 4, 10  # IFLA_*, linux/if_link.h
_TARGET = 1  # RTA_DST, linux/rtnetlink.h
_ATTRIBUTE = struct.Struct("=HH")
_IP_ADDRESS = struct.Struct("=BBBBI")  # struct ifaddrmsg: family, length, flags, scope, index
_TIMES, _CACHE_INFO = 6, struct.Struct("=IIII")  # IFA_CACHEINFO: preferred, valid, created, updated
_ROUTE_SIZE = 12  # struct rtmsg
_EVERYWHERE = 0  # RT_SCOPE_UNIVERSE


@dataclass(frozen=True, slots=True)
class Link:
    """The properties of an interface that must not change.

    Attributes:
        name: Name of the interface.
        up: True if the interface was set up.
        mac: Link-layer address.
        mtu: MTU, in bytes.
        master: Index of the master, such as a bridge; 0 without a master.
    """

    name: str
    up: bool
    mac: bytes = b""
    mtu: int = 0
    master: int = 0

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
            OSError: A message is an error.
        """
        news = []
        for _, kind, _, _, body in netlink.messages(data):
            if kind == netlink.DONE:
                netlink.refused(body)
                self.complete = True
            elif kind == netlink.ERROR:
                raise OSError(-struct.unpack_from("=i", body)[0], "netlink")
            elif kind in (_NEWLINK, _DELLINK):
                news.append(self._link(kind, body))
            elif kind in (_NEWADDR, _DELADDR):
                news.append(self._address(kind, body))
            elif kind in (_NEWROUTE, _DELROUTE) and not _comes_with_links(body):
                news.append(f"a route was {'added' if kind == _NEWROUTE else 'removed'}")
        return [text for text in news if text]

    def _address(self, kind: int, body: bytes) -> str:
        family, _, _, scope, index = _IP_ADDRESS.unpack_from(body)
        if family == socket.AF_INET6 and (scope != _EVERYWHERE or _refreshed(body)):
            return ""  # a link-local address, which comes some time after "up", or a new lifetime
        name = self.links[index].name if index in self.links else "an interface"
        return f"{name} {'got' if kind == _NEWADDR else 'lost'} an address"

    def _link(self, kind: int, body: bytes) -> str:
        family, _, index, flags, _ = netlink.LINK.unpack_from(body)
        if family != socket.AF_UNSPEC:
            return ""  # a bridge's view of its port: a general message has the same changes
        before = self.links.get(index)
        if kind == _DELLINK:
            self.links.pop(index, None)
            return f"{before.name} vanished" if before else ""
        now = _link_of(flags, body)
        self.links[index] = now
        if before is None:
            return f"{now.name} appeared"
        return f"{before.name} {before.unlike(now)}" if before != now else ""


def _refreshed(address: bytes) -> bool:
    """Return whether only the lifetime is new, as after router advertisements (ifa_cacheinfo)."""
    times = _attributes(address, _IP_ADDRESS.size).get(_TIMES, b"")
    if len(times) < _CACHE_INFO.size:
        return False
    _, _, created, updated = _CACHE_INFO.unpack_from(times)
    return bool(created != updated)


def _comes_with_links(route: bytes) -> bool:
    """Return whether a route is link-local or multicast IPv6, which links get at any time."""
    target = _attributes(route, _ROUTE_SIZE).get(_TARGET, b"")
    return route[0] == socket.AF_INET6 and target[:1] in (b"\xfe", b"\xff")


def _attributes(body: bytes, start: int) -> dict[int, bytes]:
    found = {}
    while start + _ATTRIBUTE.size <= len(body):
        length, kind = _ATTRIBUTE.unpack_from(body, start)
        found[kind] = body[start + _ATTRIBUTE.size : start + length]
        start += max(netlink.aligned(length), _ATTRIBUTE.size)
    return found


def _link_of(flags: int, body: bytes) -> Link:
    found = _attributes(body, netlink.LINK.size)
    return Link(
        name=found.get(_NAME, b"?").rstrip(b"\0").decode(errors="replace"),
        up=bool(flags & _IFF_UP),
        mac=found.get(_ADDRESS, b""),
        mtu=int.from_bytes(found.get(_MTU, b""), sys.byteorder),
        master=int.from_bytes(found.get(_MASTER, b""), sys.byteorder),
    )


class Watch:
    """A listener for changes in the network namespace of the thread that creates it.

    Raises:
        OSError: The kernel refuses or does not answer.
    """

    def __init__(self) -> None:
        self._follower = Follower()
        self._socket = netlink.listener()
        try:
            self._socket.settimeout(limits.current().kernel_answer)
            self._socket.send(netlink.message(*netlink.LINKS, netlink.REQUEST_DUMP, 1))
            while not self._follower.complete:
                self._follower.take(self._socket.recv(netlink.LARGEST))
            self._socket.setblocking(False)
        except BaseException:
            self._socket.close()
            raise

    def news(self) -> list[str]:
        """List the changes since the last call, in words.

        If the kernel lost changes or refuses, the last item reports that.
        """
        found: list[str] = []
        while True:
            try:
                found += self._follower.take(self._socket.recv(netlink.LARGEST))
            except BlockingIOError:
                return list(dict.fromkeys(found))
            except OSError as error:
                why = "too many" if error.errno == errno.ENOBUFS else error.strerror
                return [*dict.fromkeys(found), f"changes could not be followed ({why})"]

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()
