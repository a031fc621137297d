"""Reading a profile from its TOML file, strictly: what is not understood is refused, with its line.

The format: docs/profiles.md.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv4Network, ip_address, ip_interface, ip_network
from pathlib import Path
from typing import Any, TypeVar

from podpath import files
from podpath.errors import CouldNotTest
from podpath.profiles.rules import (
    FEATURES,
    HopRule,
    Master,
    Profile,
    Resolution,
    RouteRule,
    filled,
)
from podpath.requirements import REQUIREMENTS

T = TypeVar("T")

_AT = ("source", "destination", "node", "others")
_INTERFACES = ("pod", "lo", "source", "destination", "others", "master", "uplink")
_DIRECTIONS = ("in", "out")
_DEVICES = ("host-end", "master")
_ASKED = ("destination", "gateway")
_SAMPLE = (IPv4Address("10.0.0.2"), IPv4Network("10.0.0.0/24"), IPv4Address("10.0.0.1"))


_NAMES: Mapping[type, str] = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}


class _Malformed(ValueError):
    """at: texts that lead to the place in the file, each to be found after the one before."""

    def __init__(self, reason: str, at: tuple[str, ...]) -> None:
        super().__init__(reason)
        self.at = at


@cache
def load(path: Path) -> Profile:
    """Read one profile file. Raises CouldNotTest, with the line, if it is malformed."""
    text = ""
    try:
        text = files.read_text(path)
        return _profile(_Table(tomllib.loads(text)))
    except RecursionError:
        reason = "nested too deeply"
    except _Malformed as error:
        line = _line(text, error.at)
        reason = f"line {line}: {error}" if line else str(error)
    except (OSError, ValueError) as error:
        reason = str(error)
    raise CouldNotTest(f"the profile {path} is malformed: {reason}", "See docs/profiles.md")


def _line(text: str, at: tuple[str, ...]) -> int:
    """The line to which these texts lead, counted from 1; 0 if to none."""
    lines = [line.partition("#")[0] for line in text.splitlines()]
    found = 0
    for wanted in at:
        word = re.compile(rf"(?<![\w-]){re.escape(wanted)}(?![\w-])")
        later = range(max(found - 1, 0), len(lines))
        found = next((n + 1 for n in later if word.search(lines[n])), found)
    return found


@dataclass(frozen=True)
class _Table:
    """A table of the file, and what leads to it."""

    data: Mapping[str, Any]
    at: tuple[str, ...] = ()

    def only(self, *known: str) -> None:
        for key in self.data:
            if key not in known:
                raise self.wrong(f"there is no key {key!r} here, only {', '.join(known)}", key)

    def wrong(self, reason: str, key: str = "") -> _Malformed:
        return _Malformed(reason, (*self.at, key) if key else self.at)

    def value(self, key: str, kind: type[T], default: T | None = None) -> T:
        if key not in self.data and default is not None:
            return default
        if key not in self.data:
            raise self.wrong(f'"{key}" is missing')
        value = self.data[key]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.wrong(f'"{key}" must be {_NAMES[kind]}', key)
        return value

    def one_of(self, key: str, known: tuple[str, ...], default: str | None = None) -> str:
        value = self.value(key, str, default)
        if value not in known:
            raise self.wrong(f'"{key}" must be one of {", ".join(known)}, not {value!r}', key)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        values = self.value(key, list, [])
        if not all(isinstance(value, str) for value in values):
            raise self.wrong(f'"{key}" must be a list of texts', key)
        return tuple(values)

    def table(self, key: str) -> "_Table":
        return _Table(self.value(key, dict), (*self.at, key))

    def tables(self, key: str, mark: str) -> "tuple[_Table, ...]":
        """The tables in a list, each of which is found by what it has as its mark."""
        found = []
        for one in self.value(key, list, []):
            if not isinstance(one, dict):
                raise self.wrong(f'"{key}" must be a list of tables', key)
            found.append(_Table(one, (*self.at, key, str(one.get(mark, "")))))
        return tuple(found)

    def filled(self, key: str, text: str, read: Callable[[str], object]) -> str:
        """A text that is to be filled in, and then read as an address or a network."""
        try:
            read(filled(text, *_SAMPLE))
        except KeyError as error:
            raise self.wrong(f"nothing is called {error} in {text!r}", key) from None
        except ValueError as error:
            raise self.wrong(f"{text!r}, filled in, is none: {error}", key) from None
        return text


def _profile(top: _Table) -> Profile:
    top.only(
        *("name", "plugins", "promiscuous", "master", "pod", "host-end", "node"),
        *("resolution", "not-applicable", "path"),
    )
    name, plugins = top.value("name", str), top.texts("plugins")
    pod, end, node = top.table("pod"), top.table("host-end"), top.table("node")
    pod.only("address", "routes")
    end.only("addresses")
    node.only("routes")
    profile = Profile(
        name=name,
        plugins=plugins,
        master=_master(top.table("master")) if "master" in top.data else None,
        promiscuous=top.texts("promiscuous"),
        address=pod.filled("address", pod.value("address", str), ip_interface),
        pod_routes=tuple(_route(r, ("to", "via")) for r in pod.tables("routes", "to")),
        host_end=tuple(end.filled("addresses", a, ip_interface) for a in end.texts("addresses")),
        node_routes=tuple(_route(r, ("to", "dev", "when")) for r in node.tables("routes", "to")),
        resolution=_resolution(top.table("resolution")),
        not_applicable=_not_applicable(top),
        paths=_paths(top.table("path")),
    )
    _master_is_there(top, profile)
    asked = top.table("resolution")
    for leg in ("request", "reply"):
        if (kind := asked.data[leg]) not in profile.paths:
            raise asked.wrong(f"there is no path of the kind {kind!r}", leg)
    return profile


def _master(table: _Table) -> Master:
    table.only("kind", "key", "default")
    return Master(*(table.value(key, str) for key in ("kind", "key", "default")))


def _route(table: _Table, keys: tuple[str, ...]) -> RouteRule:
    table.only(*keys)
    via = table.value("via", str, "")
    return RouteRule(
        to=table.filled("to", table.value("to", str), ip_network),
        via=table.filled("via", via, ip_address) if via else "",
        dev=table.one_of("dev", _DEVICES) if "dev" in keys else "",
        when=table.one_of("when", ("", *FEATURES), ""),
    )


def _resolution(table: _Table) -> Resolution:
    table.only("asked", "request", "reply")
    return Resolution(
        table.one_of("asked", _ASKED), table.value("request", str), table.value("reply", str)
    )


def _not_applicable(top: _Table) -> dict[str, str]:
    table = top.table("not-applicable") if "not-applicable" in top.data else _Table({})
    for identifier in table.data:
        if identifier not in REQUIREMENTS:
            raise table.wrong(f"there is no requirement {identifier}", identifier)
        if not table.value(identifier, str).strip():
            raise table.wrong(f"{identifier} must have a reason", identifier)
    return dict(table.data)


def _paths(table: _Table) -> dict[str, tuple[HopRule, ...]]:
    return {kind: _hops(table, kind) for kind in table.data}


def _hops(table: _Table, kind: str) -> tuple[HopRule, ...]:
    """The hops of one path: at least its origin, which is always there, and is one interface."""
    table.value(kind, list)
    tables = table.tables(kind, "id")
    hops = tuple(_hop(one) for one in tables)
    if not hops or hops[0].when or "others" in (hops[0].at, hops[0].interface):
        raise table.wrong(f"path {kind!r} must begin with one hop that is always there", kind)
    for one, hop in zip(tables, hops, strict=True):
        if hop.routed and "destination" not in (hop.at, hop.interface):
            raise one.wrong(
                "only a hop at the destination, or on its host end, is routed", "routed"
            )
    known = {hop.id for hop in hops}
    for one, hop in zip(tables, hops, strict=True):
        if unknown := sorted(set(hop.after) - known):
            raise one.wrong(f"path {kind!r} has no hop {', '.join(map(repr, unknown))}", "after")
    return hops


def _hop(hop: _Table) -> HopRule:
    hop.only(*HopRule.__dataclass_fields__)
    return HopRule(
        id=hop.value("id", str),
        at=hop.one_of("at", _AT),
        interface=hop.one_of("interface", _INTERFACES),
        direction=hop.one_of("direction", _DIRECTIONS),
        after=hop.texts("after"),
        ttl=hop.value("ttl", int, 0),
        rewritten=hop.value("rewritten", bool, False),
        routed=hop.value("routed", bool, False),
        translated=hop.value("translated", bool, False),
        early=hop.value("early", bool, False),
        optional=hop.value("optional", bool, False),
        when=hop.one_of("when", ("", *FEATURES), ""),
    )


def _master_is_there(top: _Table, profile: Profile) -> None:
    """What a hop, a route or a tap is on must exist."""
    if profile.master is not None:
        return
    for kind, hops in profile.paths.items():
        for hop in hops:
            if hop.interface == "master":
                raise top.wrong('a hop is on a "master", but there is no [master]', kind)
    if "master" in profile.promiscuous or any(r.dev == "master" for r in profile.node_routes):
        raise top.wrong('something is on a "master", but there is no [master]', "master")
