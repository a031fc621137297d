"""Plugins that a plugin calls, besides its IPAM plugin, and their configurations. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

#: Plugin -> plugin that it calls if its configuration names none.
_DEFAULTS = {"flannel": "bridge"}


def delegated(section: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield type and configuration of each plugin that a plugin's configuration delegates to.

    "delegate" is the key of flannel, "delegates" that of multus. The plugin may add keys to the
    configuration before it passes it on.
    """
    default = _DEFAULTS.get(str(section.get("type")), "")
    listed = section.get("delegates")
    for inner in (section.get("delegate"), *(listed if isinstance(listed, list) else ())):
        configuration = inner if isinstance(inner, dict) else {}
        plugin = configuration.get("type", default)
        if isinstance(plugin, str) and plugin and plugin != section.get("type"):
            yield plugin, configuration
