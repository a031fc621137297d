"""The script that prepares an embedded node (setup.py), as pytest's process sees it."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from podpath.errors import CouldNotTest
from podpath.nodes.base import Node
from podpath.nodes.embedded import setup, uplink
from podpath.system import limits

#: Name of the script's output among the versions of a node.
OUTPUT = "node setup output"
_SHOWN = 4000
_LAST_LINES = 10


def read(path: Path) -> str:
    """Return the text of the script.

    Raises:
        CouldNotTest: it cannot be read, or is no script.
    """
    remedy = "Correct --podpath-node-setup"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise CouldNotTest(f"the script {path} cannot be read: {why}", remedy) from None
    if not text.startswith("#!"):
        raise CouldNotTest(
            f"the script {path} does not name its interpreter in its first line",
            "Begin it with #!/bin/sh, or with another interpreter",
        )
    return text


def specify(path: Path | None) -> dict[str, Any] | None:
    """Return the values of the script for process 1 of the node; None without a script.

    Raises:
        CouldNotTest: as read.
    """
    if path is None:
        return None
    return asdict(setup.NodeSetup(read(path), str(path.parent), limits.current().node_setup))


def require_success(node: Node, path: Path, kept: str) -> str:
    """Require that the script succeeded; return the end of its output.

    Args:
        node: the node.
        path: the script.
        kept: directory of podpath's own, on which the script must mount nothing.

    Raises:
        CouldNotTest: it failed, or hid the directory.
    """
    try:
        ended, output = node.read(setup.END), node.read(setup.OUTPUT)
    except OSError as error:
        raise CouldNotTest(f"the script {path} left no result on the node: {error}") from None
    if ended:
        last = "\n".join(output.splitlines()[-_LAST_LINES:])
        text = f"the script {path} of --podpath-node-setup {ended}:\n{last[-_SHOWN:]}"
        raise CouldNotTest(text, "Correct the script, which ran as root on the node")
    if not node.root(kept).is_dir():
        raise CouldNotTest(
            f"the script {path} hides {kept}, where podpath puts the plugins",
            "Mount nothing above it: all directories of the node can be written to as they are",
        )
    return output[-_SHOWN:].strip() or "none"


def require_link(name: str, script: str) -> None:
    """Require that the node has an interface, or that its script names it.

    Raises:
        CouldNotTest: neither.
    """
    if name not in (uplink.NAME, "lo") and name not in script:
        raise CouldNotTest(
            f"the conflist names the interface {name}, which the embedded node does not have",
            f"Name {uplink.NAME}, or make {name} with --podpath-node-setup",
        )


def require_daemon(name: str, socket: str, script: str) -> None:
    """Require that the node's script names a daemon that a plugin uses.

    Raises:
        CouldNotTest: it does not. The node itself runs no such program.
    """
    if name not in script:
        raise CouldNotTest(
            f"a plugin of the conflist uses the daemon {name}, which listens on {socket}, and the"
            " embedded node does not run it",
            f"Start {name} with --podpath-node-setup, or leave it out of the conflist",
        )
