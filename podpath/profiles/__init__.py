"""Profiles: how a kind of plugin wires pods, as data. One TOML file each; see bridge.toml."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from podpath.errors import CouldNotTest


@dataclass(frozen=True, slots=True)
class HopRule:
    """One hop of a path, before it is known which pods it joins.

    at: "source", "destination", "node" or "others" (every other pod of the network);
    interface: "pod" (the pod's eth0), "lo", "source", "destination" or "others" (the host end of
    that pod's eth0), "master" (what they are enslaved to); the rest as in model.Hop, with `after`
    naming hops by their id. when: the hop exists only if this is configured ("hairpin").
    """

    id: str
    at: str
    interface: str
    direction: str
    after: tuple[str, ...] = ()
    ttl: int = 0
    rewritten: bool = False
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
        return _profile(tomllib.loads(path.read_text()))
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise CouldNotTest(f"the profile {path.name} is malformed: {error}") from None


def _profile(data: dict[str, Any]) -> Profile:
    paths = {kind: tuple(_rule(hop) for hop in hops) for kind, hops in data["path"].items()}
    return Profile(
        name=data["name"],
        plugins=tuple(data["plugins"]),
        link=data["link"],
        master=data["master"],
        promiscuous=tuple(data["promiscuous"]),
        paths=paths,
    )


def _rule(hop: dict[str, Any]) -> HopRule:
    return HopRule(**{**hop, "after": tuple(hop.get("after", ()))})
