"""Versions of the CNI specification. Pure."""

from collections.abc import Iterable

#: All versions, oldest first.
VERSIONS = ("0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0")

#: The first version that passes a result from plugin to plugin.
CHAINS_SINCE = "0.3.0"

#: The first version in which a container may have several addresses of one IP version.
SEVERAL_SINCE = "0.3.0"

#: Version of a configuration that names none (libcni, pkg/version/conf.go).
UNNAMED = "0.1.0"


def since(version: str) -> tuple[str, ...]:
    """Return this version of the specification and all later ones."""
    return VERSIONS[VERSIONS.index(version) :]


def until(version: str) -> tuple[str, ...]:
    """Return this version of the specification and all earlier ones."""
    return VERSIONS[: VERSIONS.index(version) + 1]


def highest(versions: Iterable[str]) -> str:
    """Return the highest known one of some versions; empty if none is known."""
    return max((v for v in versions if v in VERSIONS), key=VERSIONS.index, default="")
