"""Files that a shell finds on its node: a kubectl, stand-ins for programs, and settings of bash."""

import shlex
import sys
from collections.abc import Mapping

from podpath.errors import CouldNotTest
from podpath.nodes.base import Node
from podpath.system import packages, programs

#: Directories on the node, before and after all others of PATH.
FIRST, LAST = "/opt/podpath/bin", "/opt/podpath/bin-of-last-resort"
#: Settings of interactive shells, which bash reads.
SETTINGS = "/etc/podpath/bashrc"
#: Environment variables: more settings for bash, and the node's name.
MORE, NAME = "PODPATH_SHELL_SETTINGS", "PODPATH_NODE_NAME"

#: Program -> the Debian package that contains it: what people use to look at a node by hand.
PACKAGES = {
    "brctl": "bridge-utils",
    "bridge": "iproute2",
    "conntrack": "conntrack",
    "ethtool": "ethtool",
    "less": "less",
    "tcpdump": "tcpdump",
}
#: Those of the recipe that a shell greets its user with.
_RECIPE = ("brctl", "tcpdump")
#: Program that busybox may have, too -> what shows that it does: Debian's `brctl` has no `show`.
_APPLETS = {"brctl": "brctl show", "less": "less --help"}

# Root needs no sudo, and the host's may refuse to work on a node, whose name it cannot look up.
_SUDO = """\
#!/bin/sh
case "${1-}" in
"" | -*) echo "sudo: you are root on this node: write the command alone" >&2; exit 1 ;;
esac
exec "$@"
"""

_SETTINGS = f"""\
PS1='[podpath ${NAME}] \\w \\$ '
alias ls='ls --color=auto'
eval "${{{MORE}-}}"
unset {MORE}
"""

# Renamed into place, because another shell of the node may be using the files.
_WRITE = """\
while [ $# -gt 0 ]; do
    mkdir -p "${1%/*}" && printf %s "$3" >"$1.$$" && chmod "$2" "$1.$$" && mv "$1.$$" "$1" || exit
    shift 3
done
"""


def path() -> str:
    """Return PATH of a shell on the node."""
    return f"{FIRST}:{programs.search_path()}:{LAST}"


def missing() -> dict[str, str]:
    """Return the programs of the recipe that this system lacks: name -> Debian package."""
    return {name: PACKAGES[name] for name in _RECIPE if not programs.on_path(name)}


def place(node: Node) -> None:
    """Write the files to the node. Another shell may have written them before.

    Raises:
        CouldNotTest: the node does not take them.
    """
    arguments = [part for path, text in _files().items() for part in (path, _mode(path), text)]
    done = node.run(["sh", "-c", _WRITE, "sh", *arguments])
    if done.returncode:
        raise CouldNotTest(f"the node does not take the shell's files: {done.stderr.strip()}")


def _mode(path: str) -> str:
    return "644" if path == SETTINGS else "755"


def _files() -> Mapping[str, str]:
    """Return the files: path on the node -> text."""
    return {
        SETTINGS: _SETTINGS,
        f"{FIRST}/kubectl": _python("podpath.shell.kubectl"),
        f"{FIRST}/podpath": _python("podpath"),
        f"{FIRST}/sudo": _SUDO,
        **{f"{LAST}/{name}": _stand_in(name, package) for name, package in PACKAGES.items()},
    }


def _python(module: str) -> str:
    """Return a program that runs a module of this podpath."""
    return f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m {module} "$@"\n'


def _stand_in(name: str, package: str) -> str:
    """Return a program for one that the host lacks: busybox' own, or how to install it."""
    advice = f"On the host, as root: {packages.command([package])}"
    lines = ["#!/bin/sh"]
    if name in _APPLETS:
        lines.append(f'busybox {_APPLETS[name]} >/dev/null 2>&1 && exec busybox {name} "$@"')
    lines.append(f'echo "{name} is not installed. {advice}" >&2; exit 127')
    return "\n".join(lines) + "\n"
