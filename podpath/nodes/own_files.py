"""Files of the node itself, with which no plugin has business, before and after the first ADDs."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from fnmatch import fnmatchcase

from podpath.model import NODE, Difference
from podpath.nodes import state_files
from podpath.nodes.base import Node

#: Directories of the node's administrator and of its distribution.
_FOREIGN = ("/etc/", "/usr/", "/bin/", "/sbin/", "/lib/", "/boot/", "/home/")
#: State and settings of plugins, names of routing tables, and what Python can make again.
_OF_PLUGINS = ("/etc/cni/*", "/etc/iproute2/*", "*/__pycache__*")
#: Configurations of networks: the runtime takes the first one for all its pods.
_CONFIGURATIONS = "/etc/cni/net.d"
_OF_RUNTIMES = tuple(f"{_CONFIGURATIONS}/*.{kind}" for kind in ("conf", "conflist", "json"))
_DIRECTORY, _DELETED = "a directory", "deleted"


def read(node: Node) -> dict[str, str]:
    """Return path -> digest of each file of the node itself that was written since it started.

    A node that others use has none: its own programs write files, too.

    Raises:
        OSError: a directory cannot be read.
    """
    if node.shared:
        return {}
    paths = (*node.written(), *state_files.names_in(node, _CONFIGURATIONS))
    return {path: _digest(node, path) for path in paths if _is_foreign(path)}


def changes(before: Mapping[str, str], now: Mapping[str, str]) -> list[Difference]:
    """List the files that were written or deleted meanwhile. Pure."""
    return [
        Difference("changed", f"{NODE} file {path}", "as before the first pod", _fate(path, now))
        for path in sorted(before.keys() | now.keys())
        if before.get(path) != now.get(path) and now.get(path) != _DIRECTORY
    ]


def _fate(path: str, now: Mapping[str, str]) -> str:
    return _DELETED if now.get(path, _DELETED) == _DELETED else "written"


def _is_foreign(path: str) -> bool:
    """Return whether a plugin must leave a file alone."""
    if any(fnmatchcase(path, pattern) for pattern in _OF_RUNTIMES):
        return True
    return path.startswith(_FOREIGN) and not any(fnmatchcase(path, p) for p in _OF_PLUGINS)


def _digest(node: Node, path: str) -> str:
    if node.root(path).is_dir():
        return _DIRECTORY
    with suppress(OSError, UnicodeDecodeError):
        return hashlib.sha256(node.read(path).encode()).hexdigest()
    return "unreadable" if node.root(path).exists() else _DELETED
