"""Profiles: how a kind of plugin wires pods, as data. One TOML file each; see bridge.toml."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from podpath import files
from podpath.errors import CouldNotTest

_AT = ("source", "destination", "node", "others")
_INTERFACES = ("pod", "lo", "source", "destination", "others", "master")
_DIRECTIONS = ("in", "out")


@dataclass(frozen=True, slots=True)
class HopRule:
    """One hop of a path, before it is known which pods it joins.

    at: "source", "destination", "node" or "others" (every other pod of the network);
    interface: "pod" (the pod's eth0), "lo", "source", "destination" or "others" (the host end of
    that pod's eth0), "master" (what they are enslaved to); the rest as in model.Hop, with `after`
    naming hops by their id. translated: with a Service's address for the pod's, or the other way
    round. optional: a packet may also go without it, as the kernel sees fit. when: the hop exists
    only if this is configured ("hairpin").
    """

    id: str
    at: str
    interface: str
    direction: str
    after: tuple[str, ...] = ()
    ttl: int = 0
    rewritten: bool = False
    translated: bool = False
    optional: bool = False
    when: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """How a kind of plugin wires pods.

    plugins: the plugin types it is for; paths: kind of flow -> its hops; promiscuous: what must
    be made so for a hop to be seen ("master"); link, master: kinds of link of eth0 and of what
    its host end is enslaved to.
    """

    name: str
    plugins: tuple[str, ...]
    link: str
    master: str
    promiscuous: tuple[str, ...]
    paths: dict[str, tuple[HopRule, ...]]


def for_plugin(plugin: str) -> Profile:
    """The profile that covers a plugin type. Raises CouldNotTest if none does."""
    known = [load(path) for path in sorted(Path(__file__).parent.glob("*.toml"))]
    for profile in known:
        if plugin in profile.plugins:
            return profile
    covered = ", ".join(p for profile in known for p in profile.plugins)
    raise CouldNotTest(
        f'no profile covers the plugin type "{plugin}"',
        f"Use a conflist whose first plugin is one of: {covered}",
    )


@cache
def load(path: Path) -> Profile:
    """Read one profile file. Raises CouldNotTest if it is malformed."""
    try:
        return _profile(tomllib.loads(files.read_text(path)))
    except RecursionError:
        raise CouldNotTest(f"the profile {path.name} is malformed: nested too deeply") from None
    except (OSError, ValueError) as error:
        raise CouldNotTest(f"the profile {path.name} is malformed: {error}") from None


def _profile(data: dict[str, Any]) -> Profile:
    paths = _typed(data, "path", dict)
    return Profile(
        name=_typed(data, "name", str),
        plugins=_texts(data, "plugins"),
        link=_typed(data, "link", str),
        master=_typed(data, "master", str),
        promiscuous=_texts(data, "promiscuous"),
        paths={kind: _hops(kind, _typed(paths, kind, list)) for kind in paths},
    )


def _hops(kind: str, declared: list[Any]) -> tuple[HopRule, ...]:
    """The hops of one path: at least its origin, which is always there, and is one interface."""
    hops = tuple(_rule(hop) for hop in declared)
    if not hops or hops[0].when or "others" in (hops[0].at, hops[0].interface):
        raise ValueError(f"path {kind!r} must begin with one hop that is always there")
    known = {hop.id for hop in hops}
    unknown = sorted({name for hop in hops for name in hop.after} - known)
    if unknown:
        raise ValueError(f"path {kind!r} has no hop {', '.join(map(repr, unknown))}")
    return hops


def _rule(hop: Any) -> HopRule:
    if not isinstance(hop, dict):
        raise ValueError("each hop must be a table")
    unknown = sorted(hop.keys() - HopRule.__dataclass_fields__.keys())
    if unknown:
        raise ValueError(f"a hop has no key {', '.join(map(repr, unknown))}")
    return HopRule(
        id=_typed(hop, "id", str),
        at=_one_of(hop, "at", _AT),
        interface=_one_of(hop, "interface", _INTERFACES),
        direction=_one_of(hop, "direction", _DIRECTIONS),
        after=_texts(hop, "after") if "after" in hop else (),
        ttl=_typed(hop, "ttl", int) if "ttl" in hop else 0,
        rewritten=_typed(hop, "rewritten", bool) if "rewritten" in hop else False,
        translated=_typed(hop, "translated", bool) if "translated" in hop else False,
        optional=_typed(hop, "optional", bool) if "optional" in hop else False,
        when=_typed(hop, "when", str) if "when" in hop else "",
    )


def _typed(table: dict[str, Any], key: str, kind: type) -> Any:
    value = table.get(key)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ValueError(f'"{key}" must be of type {kind.__name__}')
    return value


def _texts(table: dict[str, Any], key: str) -> tuple[str, ...]:
    values = _typed(table, key, list)
    if not all(isinstance(value, str) for value in values):
        raise ValueError(f'"{key}" must be a list of texts')
    return tuple(values)


def _one_of(table: dict[str, Any], key: str, known: tuple[str, ...]) -> str:
    value: str = _typed(table, key, str)
    if value not in known:
        raise ValueError(f'"{key}" must be one of {", ".join(known)}, not {value!r}')
    return value
