"""Read a profile from its TOML file, and reject unknown keys and values with their line.

The format: docs/profiles.md. Pure, but for reading the files.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv4Network, ip_address, ip_interface, ip_network
from pathlib import Path
from typing import Any, TypeVar

from podpath.errors import CouldNotTest
from podpath.profiles.rules import (
    CONDITIONS,
    KINDS,
    PLURAL,
    HopRule,
    Lower,
    Master,
    Profile,
    Resolution,
    RouteRule,
    filled,
)
from podpath.requirements import REQUIREMENTS
from podpath.system import files

T = TypeVar("T")

_HOST_ENDS = ("source", "destination", *sorted(PLURAL))
_AT = (*_HOST_ENDS, "node")
_INTERFACES = ("pod", "lo", *_HOST_ENDS, "master", "lower", "uplink")
_DIRECTIONS = ("in", "out")
_DEVICES = ("host-end", "master")
_RESOLVED = ("destination", "gateway")
_MODES = ("bridge", "passthru", "private", "source", "vepa")  # modes of a macvlan, ip-link(8)
_SAMPLE = (IPv4Address("10.0.0.2"), IPv4Network("10.0.0.0/24"), IPv4Address("10.0.0.1"))


_NAMES: Mapping[type, str] = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}


class _Malformed(ValueError):
    """Error in a profile file.

    Attributes:
        at: texts that lead to its place in the file, each after the one before.
    """

    def __init__(self, reason: str, at: tuple[str, ...]) -> None:
        super().__init__(reason)
        self.at = at


@cache
def load(path: Path) -> Profile:
    """Read a profile file.

    Raises:
        CouldNotTest: the file is malformed; the message names the line.
    """
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
    """Return the line to which these texts lead, counted from 1; 0 if they lead to none."""
    lines = [line.partition("#")[0] for line in text.splitlines()]
    last = 0
    for mark in at:
        word = re.compile(rf"(?<![\w-]){re.escape(mark)}(?![\w-])")
        rest = range(max(last - 1, 0), len(lines))
        last = next((n + 1 for n in rest if word.search(lines[n])), last)
    return last


@dataclass(frozen=True)
class _Table:
    """Table of the file.

    Attributes:
        data: its keys and values.
        at: texts that lead to it in the file.
    """

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
        """Return the tables in a list; the value of the key `mark` leads to each in the file."""
        tables = []
        for table in self.value(key, list, []):
            if not isinstance(table, dict):
                raise self.wrong(f'"{key}" must be a list of tables', key)
            tables.append(_Table(table, (*self.at, key, str(table.get(mark, "")))))
        return tuple(tables)

    def filled(self, key: str, text: str, read: Callable[[str], object]) -> str:
        """Return a text with placeholders, which must be valid once they are filled in.

        Args:
            key: key of the text.
            text: the text.
            read: reader of an address or a network; raises ValueError for a text that is none.
        """
        try:
            read(filled(text, *_SAMPLE))
        except KeyError as error:
            raise self.wrong(f"nothing is called {error} in {text!r}", key) from None
        except ValueError as error:
            raise self.wrong(f"{text!r}, filled in, is none: {error}", key) from None
        return text


def _profile(top: _Table) -> Profile:
    top.only(
        *("name", "plugins", "promiscuous", "master", "lower", "pod", "host-end", "node"),
        *("resolution", "not-applicable", "path"),
    )
    name, plugins = top.value("name", str), top.texts("plugins")
    pod, node = top.table("pod"), top.table("node")
    pod.only("kind", "address", "routes")
    node.only("routes")
    kind = pod.one_of("kind", tuple(KINDS), "veth")
    lower, end = _lower(top, kind), _host_end(top, kind)
    profile = Profile(
        name=name,
        plugins=plugins,
        kind=kind,
        lower=lower,
        master=_master(top.table("master")) if "master" in top.data else None,
        promiscuous=top.texts("promiscuous"),
        address=pod.filled("address", pod.value("address", str), ip_interface),
        pod_routes=tuple(_route(r, ("to", "via")) for r in pod.tables("routes", "to")),
        host_end=tuple(end.filled("addresses", a, ip_interface) for a in end.texts("addresses")),
        node_routes=tuple(_route(r, ("to", "dev", "when")) for r in node.tables("routes", "to")),
        resolution=_resolution(top.table("resolution")),
        not_applicable=_not_applicable(top, kind),
        paths=_paths(top.table("path")),
    )
    _check_interfaces(top, profile)
    resolution = top.table("resolution")
    for leg in ("request", "solicitation", "reply"):
        if leg in resolution.data and (of := resolution.data[leg]) not in profile.paths:
            raise resolution.wrong(f"there is no path of the kind {of!r}", leg)
    return profile


def _host_end(top: _Table, kind: str) -> _Table:
    """Return the [host-end] table; only pods with a veth have a host end on the node."""
    if kind == "veth":
        end = top.table("host-end")
        end.only("addresses")
        return end
    for key in ("host-end", "master"):
        if key in top.data:
            raise top.wrong(f"a pod with a {kind} has no host end, and so no [{key}]", key)
    return _Table({})


def _lower(top: _Table, kind: str) -> Lower | None:
    if kind == "veth":
        if "lower" in top.data:
            raise top.wrong("a veth lies on nothing: [lower] is for a macvlan", "lower")
        return None
    table = top.table("lower")
    table.only("key", "mode", "mode-key")
    return Lower(
        table.value("key", str), table.one_of("mode", _MODES), table.value("mode-key", str, "")
    )


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
        when=table.one_of("when", ("", *CONDITIONS), ""),
    )


def _resolution(table: _Table) -> Resolution:
    table.only("target", "request", "solicitation", "reply")
    request = table.value("request", str)
    return Resolution(
        target=table.one_of("target", _RESOLVED),
        request=request,
        solicitation=table.value("solicitation", str, request),
        reply=table.value("reply", str),
    )


def _not_applicable(top: _Table, kind: str) -> dict[str, str]:
    """Return the reasons from the file, and those that follow from the kind of link."""
    table = top.table("not-applicable") if "not-applicable" in top.data else _Table({})
    for identifier in table.data:
        if identifier not in REQUIREMENTS:
            raise table.wrong(f"there is no requirement {identifier!r}", identifier)
        if not table.value(identifier, str).strip():
            raise table.wrong(f"{identifier} must have a reason", identifier)
    return {**table.data, **{i: why for i, why in KINDS[kind].items() if i not in table.data}}


def _paths(table: _Table) -> dict[str, tuple[HopRule, ...]]:
    return {kind: _hops(table, kind) for kind in table.data}


def _hops(table: _Table, kind: str) -> tuple[HopRule, ...]:
    """Return the hops of a path; the first is its origin, one interface that is always there."""
    table.value(kind, list)
    tables = table.tables(kind, "id")
    hops = tuple(_hop(hop_table) for hop_table in tables)
    if not hops or hops[0].when or PLURAL.intersection((hops[0].at, hops[0].interface)):
        raise table.wrong(f"path {kind!r} must begin with one hop that is always there", kind)
    for hop_table, hop in zip(tables, hops, strict=True):
        if hop.routed and "destination" not in (hop.at, hop.interface):
            raise hop_table.wrong(
                "only a hop at the destination, or on its host end, is routed", "routed"
            )
    known = {hop.id for hop in hops}
    for hop_table, hop in zip(tables, hops, strict=True):
        if unknown := sorted(set(hop.after) - known):
            raise hop_table.wrong(
                f"path {kind!r} has no hop {', '.join(map(repr, unknown))}", "after"
            )
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
        when=hop.one_of("when", ("", *CONDITIONS), ""),
    )


def _check_interfaces(top: _Table, profile: Profile) -> None:
    """Check that each interface exists that a hop, a route or a tap uses."""
    absent = _absent(profile)
    for kind, hops in profile.paths.items():
        for table, hop in zip(top.table("path").tables(kind, "id"), hops, strict=True):
            if hop.interface in absent:
                raise table.wrong(f"a hop is on {absent[hop.interface]}", "interface")
            if hop.routed and "destination" in absent:
                raise table.wrong(f"a hop is routed by {absent['destination']}", "routed")
    for route in top.table("node").tables("routes", "to"):
        if (device := route.data["dev"]) in absent:
            raise route.wrong(f"a route is by {absent[device]}", "dev")
    if "master" in profile.promiscuous and "master" in absent:
        raise top.wrong(f"something is on {absent['master']}", "promiscuous")


def _absent(profile: Profile) -> dict[str, str]:
    """Return the interfaces that pods of this profile do not have: name in a rule -> reason."""
    absent = {}
    if profile.master is None:
        absent["master"] = 'a "master", but there is no [master]'
    if profile.lower is None:
        absent["lower"] = 'a "lower", but there is no [lower]'
    else:
        without = f"a host end, and a {profile.kind} has none"
        absent |= dict.fromkeys((*_HOST_ENDS, "host-end"), without)
    return absent
