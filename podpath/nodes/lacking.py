"""Things that a plugin expects of the node, which the node lacks."""

import json
import shlex
from collections.abc import Iterator
from functools import partial

from podpath.cni import reference
from podpath.cni.conflist import Conflist
from podpath.cni.network import Network
from podpath.errors import CouldNotTest, DoesNotConform
from podpath.nodes.base import Node
from podpath.nodes.expectations import LINK_KEYS, READ, Surroundings, texts_of, thing


def named_links(conflist: Conflist) -> list[str]:
    """List the interfaces of the node that the conflist names, and that pods lie on. Pure.

    A reference plugin ignores keys that it does not have, such as a bridge's "master".
    """
    section = conflist.section
    keys = reference.plugins().get(conflist.wiring_plugin)
    names = LINK_KEYS if keys is None else keys.names.intersection(LINK_KEYS)
    return [name for key, name in texts_of(section) if key in names and name]


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

    def answers(place: str) -> bool:
        address, _, port = place.rpartition(":")
        path = f"/dev/tcp/{address.strip('[]')}/{port}"
        return succeeds("timeout", "2", "bash", "-c", f"exec 3<>{path}")

    def has_configuration(plugin: str) -> bool:
        names = [f"{plugin}{suffix}" for suffix in ("", ".d", *sorted(READ))]
        tests = " -o ".join(f"-name {shlex.quote(name)}" for name in names)
        look = f"find /etc /run -maxdepth 5 \\( {tests} \\) -print -quit 2>/dev/null | grep -q ."
        return succeeds("sh", "-c", look)

    return Surroundings(
        has_file=partial(succeeds, "test", "-e"),
        listens=listens,
        has_link=partial(succeeds, "ip", "link", "show", "dev"),
        has_chain=partial(succeeds, "iptables", "-t", "nat", "-S"),
        answers=answers,
        has_configuration=has_configuration,
    )
