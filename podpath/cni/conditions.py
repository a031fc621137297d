"""Conditions that "portmap" sets for packets to mapped ports: conditionsV4 and conditionsV6. Pure.

podpath reads conditions on the source and on the destination, as iptables or nft writes them.
Source: documentation of the plugin portmap; portmap_iptables.go, fillDnatRules.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from podpath.cni.fields import Malformed
from podpath.model import Address, Family, Subnet

#: Keys of the section -> the IP version of the packets.
KEYS = {Family.IPV4: "conditionsV4", Family.IPV6: "conditionsV6"}

_NOT = ("!", "!=")
#: Words before a network: whether it is the source's.
_ENDS = {
    **dict.fromkeys(("-s", "--src", "--source", "saddr"), True),
    **dict.fromkeys(("-d", "--dst", "--destination", "daddr"), False),
}
_FAMILIES = ("ip", "ip6")  # nft names it before the end


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition.

    Attributes:
        networks: networks of which an end of the packet must be in one, or in none.
        is_source: true if that end is the source.
        is_negated: true if it must be in none.
    """

    networks: tuple[Subnet, ...]
    is_source: bool
    is_negated: bool = False

    def is_met(self, source: Address, destination: Address) -> bool:
        """Return whether a packet meets the condition."""
        end = source if self.is_source else destination
        return any(end in network for network in self.networks) != self.is_negated


def of(sections: Iterable[Mapping[str, Any]], family: Family) -> tuple[Condition, ...]:
    """Read the conditions of the plugins "portmap" of a chain, for an IP version.

    Raises:
        Malformed: podpath cannot read one.
    """
    return tuple(
        condition
        for section in sections
        if section.get("type") == "portmap"
        for condition in read(section.get(KEYS[family]) or ())
    )


def read(words: object) -> tuple[Condition, ...]:
    """Read the words of one key.

    Raises:
        Malformed: one is no condition on a source or a destination.
    """
    if not isinstance(words, Sequence) or not all(isinstance(word, str) for word in words):
        raise Malformed("conditions must be a list of texts")
    conditions, is_negated, end = [], False, ""
    for word in words:
        if word in _NOT and not is_negated:
            is_negated = True
        elif word in _ENDS and not end:
            end = word
        elif end:
            conditions.append(Condition(_networks(word, is_negated), _ENDS[end], is_negated))
            is_negated, end = False, ""
        elif word not in _FAMILIES:
            raise Malformed(f"a condition {word!r} is none on a source or a destination")
    if end or is_negated:
        raise Malformed("the last condition has no network")
    return tuple(conditions)


def _networks(text: str, is_negated: bool) -> tuple[Subnet, ...]:
    """Read networks; iptables(8) takes several between commas, but none that it negates."""
    texts = [text] if is_negated else text.split(",")
    try:
        return tuple(ip_network(each, strict=False) for each in texts)
    except ValueError as error:
        raise Malformed(f"a condition's network: {error}") from None
