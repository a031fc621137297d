"""A node that faults use one after the other, for as long as each leaves it as it was found."""

import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from podpath.cni.network import Network
from podpath.nodes import forwarding
from podpath.nodes.base import Node
from podpath.nodes.embedded.node import PLUGINS, EmbeddedNode, start
from podpath.system import programs

# Everything that a fault may change on a node, beside what its pods' deletion takes away. What
# neither counts as changed nor is the same on two nodes is left out: counters, indices, times.
_LOOK = r"""
ip -o -d link | sed 's/^[0-9]*: //; s/ \(gc_timer\|hello_timer\|tcn_timer\) *[0-9.]*//g'
ip -o address | sed 's/^[0-9]*: //; s/valid_lft.*//' | grep -v fe80; ip netns list
ip rule; ip -6 rule; ip -4 route show table all; ip -6 route show table all | grep -v fe80
ip xfrm policy; ip xfrm state; ip nexthop; ip neighbour show proxy
ip neighbour show nud permanent; tc qdisc; nft --stateless list ruleset
iptables-legacy-save | grep '^-'; ip6tables-legacy-save | grep '^-'
find /run/podpath /var/lib/cni /etc/cni ! -name '*.log' | sort
cut -d ' ' -f 5- /proc/self/mountinfo | sort
cat /proc/[0-9]*/comm | grep -v '^\(sh\|cat\|grep\|sort\|nsenter\)$' | sort
"""
_GIVE = 'rm -f "$1" && printf %s "$2" >"$1" && chmod +x "$1"'
_SETTINGS = "cd /proc/sys/net && grep -rs . . | sort"
_RESET = r"""
for link in {links}; do ip link delete $link; done; nft flush ruleset
for x in iptables-legacy ip6tables-legacy; do
  $x-save | sed -n 's/^\*//p' | while read -r t; do $x -t $t -F; $x -t $t -X; done; done
rm -rf /var/lib/cni/* /run/podpath/fault*
"""


class SharedNode:
    """At most one running node at a time; use it as a context manager to end it."""

    def __init__(self, plugins: Path) -> None:
        """plugins: the directory of the plugins that are tested, whatever is in it when."""
        self._plugins = plugins
        self._stack = ExitStack()
        self._node: EmbeddedNode | None = None
        self._links = ""
        self._given: set[str] = set()
        self._found = ("", {"": ""})

    def __enter__(self) -> "SharedNode":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._stack.close()

    def take(self, path: Path, profile: str = "") -> Node:
        """A node with the conflist at this path, as if no pod had ever been on it."""
        network = Network.read(path, profile)
        if self._node is None or not self._as_found(self._node):
            self._stack.close()
            self._node, self._given = None, set()
            # Plugins see no difference, and it starts a container in two thirds of runc's time.
            runtime = shutil.which("crun") or ""
            given = [str(self._plugins)]
            self._node = self._stack.enter_context(
                start(network.conflist, given, oci_runtime=runtime)
            )
            self._found = _look(self._node), settings(self._node)
        else:
            self._node.configure(network.conflist)
        self._give_plugins(self._node)
        forwarding.provide(self._node, network)
        self._links = f"{network.bridge} {network.vlan_gateway}"
        return self._node

    def _give_plugins(self, node: Node) -> None:
        """In place of what the node was given when it started, and since."""
        plugins = {p.name: p.read_text() for p in self._plugins.iterdir()}
        for name in self._given - set(plugins):
            node.run(
                [
                    "ln",
                    "-sfn",
                    programs.plugin(name, programs.PLUGIN_DIRECTORIES),
                    f"{PLUGINS}/{name}",
                ],
            )
        for name, text in plugins.items():
            node.run(["sh", "-c", _GIVE, "sh", f"{PLUGINS}/{name}", text])
        self._given = set(plugins)

    def _as_found(self, node: Node) -> bool:
        """Whether the node, once what any plugin leaves is removed, is the one it was."""
        node.run(["sh", "-c", _RESET.format(links=self._links)])
        now = restore(node, self._found[1])  # which takes away what the settings had brought
        return (_look(node), now) == self._found


def restore(node: Node, found: Mapping[str, str]) -> dict[str, str]:
    """Give the network settings the values back that were found; those that they have then."""
    now = settings(node)
    for _ in range(2):  # one setting may change others, as ip_forward does
        changed = [n for n, v in now.items() if found.get(n, v) != v]
        if not changed:
            break
        # by a process of the node: whose settings /proc/sys/net shows depends on who opens it
        write = "; ".join(f"echo {found[n]} >/proc/sys/net/{n}" for n in changed)
        node.run(["sh", "-c", write])
        now = settings(node)
    return now


def _look(node: Node) -> str:
    return node.run(["sh", "-c", _LOOK]).stdout


def settings(node: Node) -> dict[str, str]:
    """Network settings: name -> value; those that the kernel counts up itself are left out."""
    lines = node.run(["sh", "-c", _SETTINGS]).stdout.splitlines()
    pairs = (line.removeprefix("./").partition(":") for line in lines)
    return {n: v for n, _, v in pairs if not n.endswith(("conntrack_count", "max_dgram_qlen"))}
