"""Profiles: the wiring of each kind of plugin, as data in a TOML file.

The format: docs/profiles.md. Pure, but for reading the files.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from podpath.errors import CouldNotTest
from podpath.profiles.profile import Profile
from podpath.profiles.reading import load
from podpath.profiles.rules import (
    ADMINISTRATOR,
    GATEWAY,
    GATEWAY_PORT,
    HOST_END,
    LIMITER,
    NO_TARGET,
    PLURAL,
    UPLINK,
    HopRule,
    NeighbourRule,
    PolicyRule,
    Resolution,
    RouteRule,
    filled,
    limited,
)

__all__ = [
    "ADMINISTRATOR",
    "GATEWAY",
    "GATEWAY_PORT",
    "HOST_END",
    "LIMITER",
    "NO_TARGET",
    "PLURAL",
    "UPLINK",
    "HopRule",
    "NeighbourRule",
    "PolicyRule",
    "Profile",
    "Resolution",
    "RouteRule",
    "filled",
    "for_plugin",
    "given",
    "limited",
    "load",
    "named",
]


def shipped() -> tuple[Profile, ...]:
    """Return the profiles that come with podpath."""
    return tuple(
        load(path) for path in sorted(Path(__file__).parent.glob("*.toml"), key=lambda p: p.stem)
    )


def named(text: str) -> Profile:
    """Return a shipped profile by its name, or a profile from a file.

    Args:
        text: name of a shipped profile, or path of a file.

    Raises:
        CouldNotTest: the profile does not exist, or its file is malformed.
    """
    for profile in shipped():
        if profile.name == text:
            return profile
    if not Path(text).exists():
        names = ", ".join(p.name for p in shipped())
        raise CouldNotTest(
            f'there is no profile "{text}", and no such file',
            f"Give --podpath-profile a file, or one of: {names}",
        )
    return load(Path(text))


def given(text: str, plugin: str) -> Profile:
    """Return a profile that the user gave for a plugin.

    A plugin that a shipped profile does not name wires pods in the same way, and may leave the
    node's forwarding to the administrator, as Kubernetes does. If no shipped profile names it, it
    need not have the keys that the profile's plugins have.

    Args:
        text: name of a shipped profile, or a file.
        plugin: type of the plugin that wires pods.

    Raises:
        CouldNotTest: there is no such profile, or the file is no profile.
    """
    profile = named(text)
    if profile in shipped() and plugin not in profile.plugins:
        is_unknown = all(plugin not in other.plugins for other in shipped())
        return replace(profile, forwarding=ADMINISTRATOR, is_lent=is_unknown)
    return profile


def for_plugin(*plugins: str, section: Mapping[str, object] | None = None) -> Profile:
    """Return the shipped profile that covers the first possible one of some plugin types.

    Args:
        plugins: types of plugins.
        section: configuration of the plugin. Its mode decides where a plugin has several profiles.

    Raises:
        CouldNotTest: no profile covers it.
    """
    for plugin in plugins:
        covering = [profile for profile in shipped() if plugin in profile.plugins]
        if covering:
            return next((p for p in covering if p.is_of_mode(section or {})), covering[0])
    names = ", ".join(profile.name for profile in shipped())
    raise CouldNotTest(
        f'no profile covers the plugin type "{plugins[-1]}"',
        "If it wires pods as a known plugin does, name that profile, for example --podpath-profile"
        f" bridge (there are {names}); otherwise write one, see docs/new-profile.md",
    )
