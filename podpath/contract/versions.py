"""Versions of the CNI specification. Pure."""

#: All versions, oldest first.
VERSIONS = ("0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0")

#: The first version that passes a result from plugin to plugin.
CHAINS_SINCE = "0.3.0"


def since(version: str) -> tuple[str, ...]:
    """Return this version of the specification and all later ones."""
    return VERSIONS[VERSIONS.index(version) :]
