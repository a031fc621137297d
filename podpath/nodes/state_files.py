"""Files and directories on a node in which plugins keep state."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from podpath.nodes.base import Node
from podpath.system import linux

#: Directories, and the beginning of the names in them, in which every node is searched.
_USUAL = (("/var/lib", "cni"), ("/etc", "cni"), ("/run", "cni"))
#: Directories that are file systems of their own on a node of podpath's own.
_IN_MEMORY = ("/run", "/dev/shm")
#: The runtime's and podpath's own; logs, and what programs can make again.
_NO_STATE = (
    *("/run/containerd/", "/run/podpath/", "/run/netns/"),
    *("/var/log/", "/var/cache/", "/root/.cache/"),
)
_COMPILED = "__pycache__"
_CGROUPS = "/sys/fs/cgroup"
#: An IPv4 address; or one of IPv6, or a MAC address.
_ADDRESS = re.compile(
    r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])|[0-9A-Fa-f]{1,4}(?::+[0-9A-Fa-f]{1,4}){2,}"
)
_NAMESPACES = "/run/netns"
#: The runtime makes it with the first result that it keeps there.
_RESULTS = "/var/lib/cni/results"


def paths(node: Node) -> Iterator[str]:
    """List the files and directories, without following links.

    They are all that was written on a node of podpath's own, wherever it is. On other nodes, whose
    other programs write files, too, they are those below directories named after CNI, and the
    entries of /run.

    Raises:
        OSError: a directory cannot be read.
    """
    found = [*_of_cni(node), *names_in(node, "/run"), *_no_namespaces(node)]
    if not node.shared:
        own = (path for top in _IN_MEMORY for path in _below(node, top))
        found += (path for path in (*own, *node.written()) if _is_state(path))
    yield from sorted(set(found) - {_RESULTS})


def cgroups(node: Node) -> Iterator[str]:
    """List the cgroups of a node of podpath's own; on others, those of other programs come and go.

    Raises:
        OSError: a directory cannot be read.
    """
    if not node.shared:
        for place, _ in _walk(node, _CGROUPS):
            if place != ".":
                yield os.path.normpath(f"{_CGROUPS}/{place}")


def naming(node: Node, text: str) -> Iterator[str]:
    """List those of the files whose content has a text, such as the id of a sandbox, but no logs.

    Raises:
        OSError: a directory cannot be read.
    """
    for path in (p for p in paths(node) if ".log" not in os.path.basename(p)):
        with suppress(OSError, UnicodeDecodeError):  # it went, is no file, or is larger than state
            if text in node.read(path):
                yield path


def addresses(node: Node) -> dict[str, frozenset[str]]:
    """Return the IP and MAC addresses that each of the files has in its content, but for logs.

    Raises:
        OSError: a directory cannot be read.
    """
    found = {}
    for path in (p for p in paths(node) if ".log" not in os.path.basename(p)):
        with suppress(OSError, UnicodeDecodeError):  # as for naming
            found[path] = frozenset(map(str.lower, _ADDRESS.findall(node.read(path))))
    return found


def _of_cni(node: Node) -> Iterator[str]:
    for parent, prefix in _USUAL:
        for path in names_in(node, parent):
            if path.startswith(f"{parent}/{prefix}"):
                yield from (path, *_below(node, path))


def _is_state(path: str) -> bool:
    return _COMPILED not in path and not f"{path}/".startswith(_NO_STATE)


def _no_namespaces(node: Node) -> Iterator[str]:
    """List what is among the named namespaces, and is none: each link with its target."""
    named = node.named_namespaces()
    for path in names_in(node, _NAMESPACES):
        if os.path.basename(path) not in named:
            with suppress(OSError):
                yield f"{path} -> {os.readlink(node.root(path))}"
                continue
            yield path


def names_in(node: Node, directory: str) -> list[str]:
    """List the paths of the entries of a directory of the node; none if it does not exist.

    Raises:
        OSError: the directory cannot be read.
    """
    return [
        f"{directory}/{name}" for _, names in islice(_walk(node, directory), 1) for name in names
    ]


def _below(node: Node, top: str) -> Iterator[str]:
    for place, names in _walk(node, top):
        yield from (os.path.normpath(f"{top}/{place}/{name}") for name in names)


def _walk(node: Node, top: str) -> Iterator[tuple[str, list[str]]]:
    """List each directory below one of the node, and its entries; none if it does not exist."""
    try:
        descriptor = linux.open_in_root(f"/proc/{node.pid}/root", top, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        return
    try:
        for place, directories, files_there, _ in os.fwalk(".", dir_fd=descriptor):
            yield place, directories + files_there
            there = os.path.normpath(f"{top}/{place}")
            directories[:] = [d for d in directories if f"{there}/{d}/" not in _NO_STATE]
    except NotADirectoryError:
        return  # a file of that name
    finally:
        os.close(descriptor)
