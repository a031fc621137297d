"""Describe the rules in the kernel one by one, each with its table and chain. Pure."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from ipaddress import ip_address, ip_network

from podpath.model import Address

_ELEMENTS = "elements = {"
_DROPS = re.compile(r"\b(drop|reject)\b")
#: Statements that give packets another receiver, or keep them from being tracked and translated.
_DIVERTS = re.compile(r"\b(dnat|redirect|tproxy|notrack|target \"?CT\"?)\b", re.IGNORECASE)
#: Statements that change packets, copy them, or hand them to a program.
_ALTERS = re.compile(
    r"\b(?:ip6?|tcp|udp|icmp(?:v6)?) (?:option )?\w+(?: \w+)? set\b|\b(?:dup|fwd) to\b|\bqueue\b"
    r"|\btarget \"?(?:TTL|HL|TOS|DSCP|ECN|TCPMSS|TCPOPTSTRIP|TEE|NFQUEUE)\b"
)
#: Statements that change the sender, and the network that a rule restricts the receiver to.
_MASQUERADES = re.compile(r"\b(snat|masquerade)\b", re.IGNORECASE)
_DESTINATION = re.compile(r"daddr ([0-9a-f.:]+(?:/\d+)?)")
#: Ends of rules after which no later one of the chain translates a packet, and chains that
#: iptables has for translation.
_ENDS = re.compile(r"\b(accept|return)$")
_TRANSLATES = re.compile(r"^table \w+ nat chain ")
#: Parts that restrict a rule to some packets, or to all but some: networks, and links in quotes,
#: each one or several. Their values.
_NETWORK = re.compile(r"(?:saddr|daddr) (!= )?(\{[^}]*\}|[0-9a-f.:/-]+)")
_LINK = re.compile(r"(?:iif|oif)(?:name)? (!= )?(\{[^}]*\}|\"[^\"]*\")")
_ADDRESSES = re.compile(r"[0-9a-f.:]+(?:/\d+|-[0-9a-f.:]+)?")
_QUOTED = re.compile(r'"([^"]*)"')


def entries(lines: Iterable[str]) -> Iterator[str]:
    """Yield each rule, chain, set and element of an nftables ruleset, as nft(8) lists it.

    A line alone has no owner: the same rule may be in the chains of two pods, and one line may
    list the addresses of all pods.

    Args:
        lines: lines of `nft list ruleset`, stripped.
    """
    blocks: list[str] = []
    listing = False  # inside a list of elements
    for line in lines:
        if listing or line.startswith(_ELEMENTS):
            inside, closed, _ = line.removeprefix(_ELEMENTS).partition("}")
            listing = not closed
            elements = (element.strip() for element in inside.split(","))
            yield from (_placed(blocks, f"element {element}") for element in elements if element)
        elif line == "}":
            del blocks[-1:]
        elif line.endswith("{"):
            blocks.append(line.removesuffix("{").strip())
            yield " ".join(blocks)
        else:
            yield _placed(blocks, line)


def _placed(blocks: list[str], text: str) -> str:
    return f"{' '.join(blocks)}: {text}" if blocks else text


def of_proxy(entry: str) -> bool:
    """Return whether kube-proxy or the kubelet manages a rule, in any of their modes.

    Args:
        entry: rule as entries() describes it, or a line of iptables-save.
    """
    words = entry.replace(":", " ").split()
    named = words[2] if words[:1] == ["table"] and len(words) > 2 else ""
    chain = words[words.index("chain") + 1] if "chain" in words[:-1] else ""
    if words[:1] == ["-A"]:
        chain = words[1]
    return named == "kube-proxy" or chain.startswith("KUBE-")


def drops(entry: str, addresses: Collection[Address], links: Collection[str]) -> bool:
    """Return whether a rule, or the policy of a chain, drops packets of these addresses or links.

    One that is restricted to neither addresses nor links drops those of any.

    Args:
        entry: rule as entries() describes it.
        addresses: addresses of pods.
        links: names of links that pods use.
    """
    text = _effect(entry)
    if not _DROPS.search(text):
        return False
    return not (_NETWORK.search(text) or _LINK.search(text)) or _meets(text, addresses, links)


def drops_any(rule: str) -> bool:
    """Return whether a rule, as firewall.rules() lists it, drops or rejects packets."""
    return _DROPS.search(rule) is not None


def diverts(entry: str, addresses: Collection[Address], links: Collection[str]) -> bool:
    """Return whether a rule about these addresses or links gives packets another receiver or form.

    One that exempts packets from connection tracking counts, too, as nothing translates them; and
    one that changes the sender of what goes to these addresses.

    Args:
        entry: rule as entries() describes it.
        addresses: addresses of pods.
        links: names of links that pods use.
    """
    text = _effect(entry)
    if _MASQUERADES.search(text):
        return _covers(_DESTINATION.findall(text), addresses)
    takes = _DIVERTS.search(text) or _ALTERS.search(text)
    return takes is not None and _meets(text, addresses, links)


def exempting(
    listed: Sequence[str],
    known: Collection[str],
    addresses: Collection[Address],
    links: Collection[str],
) -> Iterator[str]:
    """Yield new rules that keep packets from known ones which follow, in chains of translation.

    Args:
        listed: all rules, in order, as entries() describes them.
        known: the rules that were there before.
        addresses: addresses of pods.
        links: names of links that pods use.
    """
    last = {entry.partition(": ")[0]: n for n, entry in enumerate(listed) if entry in known}
    for number, entry in enumerate(listed):
        place, text = entry.partition(": ")[0], _effect(entry)
        follows = number < last.get(place, -1) and entry not in known
        if follows and _TRANSLATES.match(entry) and _ENDS.search(text):
            plain = text.removeprefix("counter ") in ("accept", "return")
            if plain or _meets(text, addresses, links):
                yield entry


def _effect(entry: str) -> str:
    """Return a rule without its place and its comment; empty for a chain."""
    text = entry.rpartition(" comment ")[0] or entry
    return text.partition(": ")[2]


def _meets(text: str, addresses: Collection[Address], links: Collection[str]) -> bool:
    """Return whether a rule names one of the addresses or links.

    A rule that names none, and excludes some, meets all but these.
    """
    named, excluded = list[bool](), list[bool]()
    for excludes, listed in _NETWORK.findall(text):
        networks = _ADDRESSES.findall(listed)
        versions = {6 if ":" in network else 4 for network in networks}
        concerned = [a for a in addresses if a.version in versions]
        if excludes:
            excluded += [not _covers(networks, [address]) for address in concerned]
        else:
            named.append(_covers(networks, concerned))
    for excludes, listed in _LINK.findall(text):
        is_named = any(_is_named(link, _QUOTED.findall(listed)) for link in links)
        if excludes:
            excluded.append(not is_named)
        else:
            named.append(is_named)
    return any(named or excluded)


def _is_named(link: str, names: Iterable[str]) -> bool:
    """Return whether a link has one of the names; an asterisk at the end stands for any rest."""
    return any(link.startswith(name[:-1]) if name.endswith("*") else link == name for name in names)


def _covers(networks: Iterable[str], addresses: Collection[Address]) -> bool:
    return any(_holds(network, address) for network in networks for address in addresses)


def _holds(network: str, address: Address) -> bool:
    """Return whether an address is in a network, or in a range from one address to another."""
    first, _, last = network.partition("-")
    if not last:
        return address in ip_network(first, strict=False)
    ends = ip_address(first), ip_address(last)
    return address.version == ends[0].version and int(ends[0]) <= int(address) <= int(ends[1])
