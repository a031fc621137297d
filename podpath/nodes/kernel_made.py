"""Routes and neighbours that the kernel makes by itself, with an address or a link. Pure."""

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_interface, ip_network
from typing import Any

from podpath.model import Subnet

#: Link's name -> the link, as `ip -json address` lists it.
Links = Mapping[str, Mapping[str, Any]]

#: Types of routes that `ip route` names, and that the kernel makes for addresses and links.
_TYPES = frozenset({"local", "broadcast", "anycast", "multicast"})
#: Types without a link, which the kernel makes for neither.
_NOWHERE = frozenset({"blackhole", "unreachable", "prohibit", "throw"})
#: Tables in which the kernel puts its routes, but for those of a VRF.
_TABLES = frozenset({"", "main", "local"})
#: Priority of the route that older kernels list for "no route" (net/ipv6/route.c, ip6_null_entry).
_NO_ROUTE = "4294967295"
#: Flags of links to whose neighbours the kernel sends without asking (net/ipv4/arp.c,
#: arp_constructor; net/ipv6/ndisc.c, ndisc_constructor).
_UNASKED = frozenset({"NOARP", "POINTOPOINT", "LOOPBACK"})
#: A MAC address of a group: its first octet is odd.
_OF_GROUP = re.compile(r"[0-9a-f][13579bdf](?::[0-9a-f]{2}){5}")
#: States and flags of neighbours that do not end by themselves; and states that come and go.
_LASTING = frozenset({"PERMANENT", "NOARP", "proxy", "extern_learn"})
_PASSING = frozenset({"INCOMPLETE", "REACHABLE", "STALE", "DELAY", "PROBE", "FAILED"})


def links(listing: str) -> Links:
    """Return the links of a listing, the output of `ip -json address show`."""
    return {link["ifname"]: link for link in json.loads(listing or "[]") if "ifname" in link}


def made_route(line: str, present: Links) -> bool:
    """Return whether the kernel has made a route, as `ip route show table all` lists it.

    It does so for each address, and for each link with IPv6 (net/ipv4/fib_frontend.c,
    fib_add_ifaddr; net/ipv6/addrconf.c). Any program may call a route of its own "proto kernel".

    Args:
        line: the route.
        present: the links, listed right after the routes.
    """
    words = line.split()
    if _after(words, "proto") != "kernel":
        return False
    # one that ends by itself is of a router's announcement, without an address of the link
    if _after(words, "metric") == _NO_ROUTE or "expires" in words:
        return True
    link = present.get(_after(words, "dev"))
    if words[0] in _NOWHERE or "dev" not in words:
        return False
    if link is None:  # it has vanished since then, and takes its routes with it
        return True
    destination = _network(words[1] if words[0] in _TYPES else words[0])
    is_in_place = _after(words, "table") in _TABLES or _may_be_in_vrf(link)
    return destination is not None and is_in_place and _comes_with(destination, link)


def lasting(lines: Iterable[str], present: Links) -> Iterator[str]:
    """Yield the neighbours that a program made, and that stay until a program deletes them.

    The kernel makes entries that need no ARP for groups and broadcasts, and for links without ARP.

    Args:
        lines: output of `ip neighbour show nud all`, and of the same for proxies.
        present: the links.
    """
    for line in lines:
        words = line.split()
        if "NOARP" in words and _needs_no_arp(words, present):
            continue
        if not _LASTING.isdisjoint(words):
            yield " ".join(word for word in words if word not in _PASSING)


def _needs_no_arp(words: Sequence[str], present: Links) -> bool:
    link = present.get(_after(words, "dev"))
    if link is None or link.get("link_type") != "ether":
        return True
    is_unasked = not _UNASKED.isdisjoint(link.get("flags", ()))
    return is_unasked or bool(_OF_GROUP.fullmatch(_after(words, "lladdr")))


def _after(words: Sequence[str], key: str) -> str:
    """Return the word after a key; empty without the key."""
    return next((value for word, value in itertools.pairwise(words) if word == key), "")


def _network(text: str) -> Subnet | None:
    """Return a destination; None if it is the default route's."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _may_be_in_vrf(link: Mapping[str, Any]) -> bool:
    """Return whether a link may be in a VRF, or be one, whose table its routes are in."""
    return "master" in link or "MASTER" in link.get("flags", ())


def _comes_with(destination: Subnet, link: Mapping[str, Any]) -> bool:
    """Return whether a destination is one that the kernel has a route to because of a link."""
    if isinstance(destination, IPv6Network) and (
        destination.is_link_local or destination.is_multicast
    ):
        return True
    return destination in {
        network for held in link.get("addr_info", ()) for network in _of_address(held)
    }


def _of_address(held: Mapping[str, Any]) -> Iterator[Subnet]:
    """Yield the destinations of the routes that come with an address, its network's among them."""
    for name in ("local", "address", "broadcast"):  # "address" is the other end's
        if name in held:
            given = ip_interface(f"{held[name]}/{held['prefixlen']}")
            yield ip_network(given.ip)
            yield given.network
            yield ip_network(given.network.network_address)
            if isinstance(given.network, IPv4Network):
                yield ip_network(given.network.broadcast_address)
