"""Things that a plugin expects of the node, which the node lacks, read from the error of its ADD.

A plugin that fails to make its own state prints the same errors. So a thing counts only if another
program or the administrator makes it, and if the node truly lacks it: see
docs/adr/0027-what-the-node-lacks.md.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from podpath.cni import reference
from podpath.cni.conflist import Conflist
from podpath.cni.network import Network
from podpath.errors import CouldNotTest, DoesNotConform
from podpath.nodes.base import Node

#: Directories for files that others make for a plugin.
_GIVEN = ("/run/", "/var/run/", "/etc/")
#: Suffixes of files that others write, and plugins read. Plugins write locks, stores and logs.
_READ = frozenset(
    {
        *(".env", ".conf", ".conflist", ".cfg", ".ini", ".toml", ".yaml", ".yml"),
        *(".kubeconfig", ".crt", ".pem", ".key", ".token"),
    }
)
_PATH = r"[\"'`]?(/[^\s:\"'`]+)[\"'`]?"
_FILE = re.compile(rf"(?:open|stat|read|cat:|lstat|access)\s+{_PATH}: no such file", re.IGNORECASE)
_SOCKET = re.compile(rf"{_PATH}: connect: (?:no such file or directory|connection refused)")
_HOST = re.compile(r"dial (?:tcp|udp)[46]?: lookup (\S+?)(?: on \S+)?: ")
_LINKS = re.compile(r"link not found|no such network interface|cannot find device", re.IGNORECASE)
_MASTER = re.compile(r"failed to (?:lookup|find|get) (?:master|link|interface|device)", re.I)
_CHAINS = re.compile(
    r"no chain/target/match by that name|chain '\S+' does not exist|couldn't load target",
    re.IGNORECASE,
)
_CHAIN_KEYS = ("externalSetMarkChain", "iptablesAdminChainName")
_LINK_KEYS = ("master", "link", "parent", "device", "uplink", "lower")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Questions to the node, each by the name of a thing.

    Attributes:
        has_file: whether a path exists on the node.
        listens: whether a program listens on a Unix socket of the node.
        has_link: whether the node has an interface.
        has_chain: whether the node has a chain of iptables in its table nat.
    """

    has_file: Callable[[str], bool]
    listens: Callable[[str], bool]
    has_link: Callable[[str], bool]
    has_chain: Callable[[str], bool]


def thing(error: str, sections: Iterable[Mapping[str, Any]], node: Surroundings) -> str:
    """Describe the thing that a plugin's error names and the node lacks; empty if none. Pure.

    Args:
        error: text of the plugin.
        sections: plugin configurations of the conflist, which may name links and chains.
        node: questions to the node.
    """
    lacking = (*_files(error, node), *_named(error, list(_texts(list(sections))), node))
    return lacking[0] if lacking else ""


def _files(error: str, node: Surroundings) -> Iterator[str]:
    """Yield the files, listeners and name servers that an error names and the node lacks."""
    for path in _FILE.findall(error):
        given = path.startswith(_GIVEN) and not path.startswith("/run/netns/")
        if given and PurePosixPath(path).suffix in _READ and not node.has_file(path):
            yield f"the file {path}"
    for path in _SOCKET.findall(error):
        if not node.listens(path):
            yield f"a program that listens on {path}"
    for host in _HOST.findall(error):
        yield f"a name server that knows {host}"


def _named(error: str, texts: list[tuple[str, str]], node: Surroundings) -> Iterator[str]:
    """Yield the links and chains that the conflist names and the node lacks."""
    if _LINKS.search(error) or _MASTER.search(error):
        for key, name in texts:
            if key in _LINK_KEYS and not node.has_link(name):
                yield f"the interface {name}, which the conflist names"
    if _CHAINS.search(error):
        for key, name in texts:
            if key in _CHAIN_KEYS and name in error and not node.has_chain(name):
                yield f"the chain {name} of iptables, which the conflist names"


def _texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield key and text of each text in a JSON value."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, key)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(item, name)


def named_links(conflist: Conflist) -> list[str]:
    """List the interfaces of the node that the conflist names, and that pods lie on. Pure.

    A reference plugin ignores keys that it does not have, such as a bridge's "master".
    """
    section = conflist.section
    keys = reference.plugins().get(conflist.wiring_plugin)
    names = _LINK_KEYS if keys is None else keys.names.intersection(_LINK_KEYS)
    return [name for key, name in _texts(section) if key in names and name]


def named_daemons(conflist: Conflist) -> Iterator[tuple[str, str]]:
    """Yield the daemons that reference plugins of the conflist use, and their sockets. Pure.

    Source: containernetworking/plugins, ipam/dhcp/main.go and meta/firewall/firewalld.go.
    """
    ipam = conflist.section.get("ipam")
    if isinstance(ipam, dict) and ipam.get("type") == "dhcp":
        yield "dhcp", str(ipam.get("daemonSocketPath") or "/run/cni/dhcp.sock")
    if any(s["type"] == "firewall" and s.get("backend") == "firewalld" for s in conflist.sections):
        yield "firewalld", "/run/dbus/system_bus_socket"


def require_nothing(node: Node, network: Network, error: DoesNotConform) -> None:
    """Require that the error of ADD names nothing that the node lacks.

    Raises:
        CouldNotTest: it does.
    """
    sections = json.loads(network.conflist.text)["plugins"]
    text = str(error).replace('\\"', '"')
    if lacking := thing(text, sections, _of(node)):
        raise CouldNotTest(
            f"the node lacks {lacking}, and the plugin expects it: {error}",
            "If real nodes have it, make it with --podpath-node-setup",
        )


def _of(node: Node) -> Surroundings:
    def listens(path: str) -> bool:
        names = {path, path.removeprefix("/var")}
        table = node.root("/proc/1/net/unix").read_text(errors="replace")
        return any(line.split()[-1] in names for line in table.splitlines()[1:] if line.split())

    def succeeds(*command: str) -> bool:
        return node.run([*command]).returncode == 0

    return Surroundings(
        has_file=partial(succeeds, "test", "-e"),
        listens=listens,
        has_link=partial(succeeds, "ip", "link", "show", "dev"),
        has_chain=partial(succeeds, "iptables", "-t", "nat", "-S"),
    )
