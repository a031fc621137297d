"""Routes of one interface of a container, and its routing rules, which other ones must leave."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from podpath.errors import CouldNotTest
from podpath.model import Difference
from podpath.nodes.base import Node

#: Routes that the kernel adds by itself, and changes when it likes.
_KERNELS = frozenset({"local", "broadcast", "anycast", "multicast"})
_LINK_LOCAL = ("fe80:", "ff00:")


def of_interface(node: Node, netns: str, interface: str) -> frozenset[str]:
    """Return the routes by an interface of a named namespace, and all rules there, as texts.

    Raises:
        CouldNotTest: they cannot be listed.
    """
    texts: set[str] = set()
    for family in ("-4", "-6"):
        routes = _listed(node, netns, family, "route", "show", "table", "all")
        texts |= {text for text, device in by_device(routes) if device == interface}
        rules = _listed(node, netns, family, "rule", "show")
        texts |= {f"rule {_text(rule)}" for rule in rules}
    return frozenset(texts)


def lost(before: Iterable[str], now: Iterable[str], why: str) -> list[Difference]:
    """List the routes and rules that vanished. Pure.

    Args:
        before: those at first.
        now: those afterwards.
        why: what was done meanwhile.
    """
    return [
        Difference("lost", "routes of the container", text, f"gone after {why}")
        for text in sorted(set(before) - set(now))
    ]


def by_device(routes: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield the text of each route, and its device; a route of several gateways is several. Pure.

    The kernel joins IPv6 routes to one destination by two interfaces (RFC 2991, ECMP).
    """
    for route in routes:
        if route.get("type") in _KERNELS or str(route.get("dst")).startswith(_LINK_LOCAL):
            continue
        for hop in route.get("nexthops") or [route]:
            keys = ("dst", "gateway", "dev", "table", "metric")
            whole = {**route, **hop}
            yield " ".join(str(whole[key]) for key in keys if key in whole), str(whole.get("dev"))


def _text(rule: Mapping[str, Any]) -> str:
    return " ".join(f"{key} {value}" for key, value in sorted(rule.items()))


def _listed(node: Node, netns: str, *words: str) -> list[Mapping[str, Any]]:
    ended = node.run(["ip", "-json", "-n", netns, *words])
    if ended.returncode != 0:
        raise CouldNotTest(f"{' '.join(words)} of {netns} failed: {ended.stderr.strip()}")
    rows: list[Mapping[str, Any]] = json.loads(ended.stdout or "[]")
    return rows
