"""Parse the kernel's dumps of nftables: what may drop a packet, and how often it did. Pure.

iptables writes to nftables, too, unless it is the legacy one. (linux/netfilter/nf_tables.h)
"""

import struct
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from podpath.system.netlink import framing

PROTOCOL = 12  # NETLINK_NETFILTER
_SUBSYSTEM = 10 << 8  # NFNL_SUBSYS_NFTABLES
_NEW_CHAIN, _GET_CHAIN, _NEW_RULE, _GET_RULE = (_SUBSYSTEM | n for n in (3, 4, 6, 7))
_FAMILIES = {1: "inet", 2: "ip", 3: "arp", 5: "netdev", 7: "bridge", 10: "ip6"}
_HEADER = 4  # struct nfgenmsg
_CHAIN_TABLE, _CHAIN_NAME, _CHAIN_HOOK, _CHAIN_POLICY, _CHAIN_COUNTERS = 1, 3, 4, 5, 8
_HOOK_DEVICE, _HOOK_DEVICES = 3, 4
_RULE_TABLE, _RULE_CHAIN, _RULE_HANDLE, _RULE_EXPRESSIONS = 1, 2, 3, 4
_EXPRESSION_NAME, _EXPRESSION_DATA = 1, 2
_PACKETS = 2
_IMMEDIATE_REGISTER, _IMMEDIATE_DATA, _DATA_VERDICT, _VERDICT_CODE = 1, 2, 2, 1
_LOOKUP_REGISTER, _TARGET_NAME = 3, 1
_DROP, _TO_VERDICT = 0, bytes(4)
_TYPE_BITS = 0x3FFF  # without NLA_F_NESTED and NLA_F_NET_BYTEORDER

_Attributes = Mapping[int, bytes]


class Dropper(NamedTuple):
    """A chain's policy or a rule that may drop packets.

    Attributes:
        family: family of its table: "ip", "bridge" ...
        table: name of its table.
        chain: name of its chain.
        handle: number of the rule in its table; 0 for the policy of the chain.
        kind: "drop", "reject", "queue", or "map" for a verdict that a map decides.
        text: the rule, if it is one of the legacy iptables, which has no handle.
        links: names of the links whose packets alone come to its chain; none for those of any.
    """

    family: str
    table: str
    chain: str
    handle: int
    kind: str
    text: str = ""
    links: frozenset[str] = frozenset()

    def __str__(self) -> str:
        where = f"chain {self.chain}, table {self.family} {self.table}"
        if self.text:
            return f'rule "{self.text}" of {where}'
        return f"rule {self.handle} of {where}" if self.handle else f"policy DROP of {where}"

    def concerns(self, version: int) -> bool:
        """Return whether packets of an IP version come to its table."""
        return self.family in ("inet", "netdev", "bridge", "ip" if version == 4 else "ip6")

    def is_on(self, link: str) -> bool:
        """Return whether packets on a link come to its chain; of an unknown link, they may."""
        return not self.links or not link or link in self.links


def requests() -> tuple[bytes, ...]:
    """Return the requests that dump all chains and all rules of a namespace."""
    flags = framing.REQUEST | framing.DUMP
    return tuple(framing.packed(kind, bytes(_HEADER), flags) for kind in (_GET_CHAIN, _GET_RULE))


def droppers(dump: bytes) -> dict[Dropper, int | None]:
    """Read the policies and rules that may drop packets.

    Returns:
        Each with the packets that it has matched; None if it does not count them.
    """
    found: dict[Dropper, int | None] = {}
    links: dict[tuple[str, str, str], frozenset[str]] = {}
    for message in framing.envelopes(dump):  # chains come first, see requests()
        if message.kind not in (_NEW_CHAIN, _NEW_RULE) or len(message.body) < _HEADER:
            continue
        family = _FAMILIES.get(message.body[0], str(message.body[0]))
        attributes = _attributes(message.body[_HEADER:])
        if message.kind == _NEW_CHAIN:
            own = family, _text(attributes.get(_CHAIN_TABLE)), _text(attributes.get(_CHAIN_NAME))
            links[own] = frozenset(_links(attributes))
            found.update(_policy(family, attributes))
        else:
            found.update(_rule(family, attributes))
    return {one._replace(links=links.get(one[:3], one.links)): n for one, n in found.items()}


def _links(chain: _Attributes) -> Iterator[str]:
    """Yield the names of the links at which a chain hooks in; none for one that is not of links."""
    hook = _attributes(chain.get(_CHAIN_HOOK, b""))
    if name := _text(hook.get(_HOOK_DEVICE)):
        yield name
    yield from (_text(name) for _, name in _pairs(hook.get(_HOOK_DEVICES, b"")))


def _policy(family: str, chain: _Attributes) -> Iterator[tuple[Dropper, int | None]]:
    if _number(chain.get(_CHAIN_POLICY, b"\1")) == _DROP:
        counters = chain.get(_CHAIN_COUNTERS)
        packets = _packets(counters) if counters is not None else None
        table, name = _text(chain.get(_CHAIN_TABLE)), _text(chain.get(_CHAIN_NAME))
        yield Dropper(family, table, name, 0, "drop"), packets


def _rule(family: str, rule: _Attributes) -> Iterator[tuple[Dropper, int | None]]:
    packets = None
    for expression in _elements(rule.get(_RULE_EXPRESSIONS, b"")):
        name = _text(expression.get(_EXPRESSION_NAME))
        data = expression.get(_EXPRESSION_DATA, b"")
        if name == "counter":
            packets = _packets(data)
        elif kind := _kind(name, _attributes(data)):
            table, chain = _text(rule.get(_RULE_TABLE)), _text(rule.get(_RULE_CHAIN))
            yield Dropper(family, table, chain, _number(rule.get(_RULE_HANDLE, b"")), kind), packets


def _kind(expression: str, data: _Attributes) -> str:
    """Return the way in which an expression may drop a packet; empty if it does not."""
    if expression in ("reject", "queue"):
        return expression
    if expression == "immediate" and data.get(_IMMEDIATE_REGISTER) == _TO_VERDICT:
        verdict = _attributes(_attributes(data.get(_IMMEDIATE_DATA, b"")).get(_DATA_VERDICT, b""))
        return "drop" if _number(verdict.get(_VERDICT_CODE, b"\1")) == _DROP else ""
    if expression == "lookup" and data.get(_LOOKUP_REGISTER) == _TO_VERDICT:
        return "map"
    if expression == "target" and _text(data.get(_TARGET_NAME)) in ("REJECT", "DROP"):
        return "reject"
    return ""


def _packets(counter: bytes) -> int:
    return _number(_attributes(counter).get(_PACKETS, b""))


def _elements(data: bytes) -> Iterable[_Attributes]:
    return (_attributes(value) for _, value in _pairs(data))


def _attributes(data: bytes) -> _Attributes:
    return dict(_pairs(data))


def _pairs(data: bytes) -> Iterator[tuple[int, bytes]]:
    start = 0
    while start + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, start)
        yield kind & _TYPE_BITS, data[start + 4 : start + length]
        start += max(length + 3 & ~3, 4)


def _number(value: bytes) -> int:
    return int.from_bytes(value, "big")


def _text(value: bytes | None) -> str:
    return (value or b"").rstrip(b"\0").decode(errors="replace")
