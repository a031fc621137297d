"""Describe the rules in the kernel one by one, each with its table and chain. Pure."""

import re
from collections.abc import Collection, Iterable, Iterator
from ipaddress import ip_network

from podpath.model import Address

_ELEMENTS = "elements = {"
_DROPS = re.compile(r"\b(drop|reject)\b")
#: What restricts a rule to some packets: networks, and names of links in quotes.
_NETWORK = re.compile(r"(?:saddr|daddr) ([0-9a-f.:]+(?:/\d+)?)")
_LINK = re.compile(r'(?:iif|oif)(?:name)? "([^"]*)"')


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
    text = entry.rpartition(" comment ")[0] or entry
    if not _DROPS.search(text) or ": " not in text:
        return False
    networks = [ip_network(n, strict=False) for n in _NETWORK.findall(text)]
    named = _LINK.findall(text)
    if not networks and not named:
        return True
    return any(a in n for a in addresses for n in networks) or not set(links).isdisjoint(named)
