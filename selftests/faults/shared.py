"""A node that faults use one after the other, for as long as each leaves it as it was found."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from podpath import conflist
from podpath.nodes import base, embedded
from podpath.nodes.base import Node

# Everything that a fault may change on a node, beside what its pods' deletion takes away. What
# neither counts as changed nor is the same on two nodes is left out: counters, indices, times.
_LOOK = r"""
ip -o -d link | sed 's/^[0-9]*: //; s/ \(gc_timer\|hello_timer\|tcn_timer\) *[0-9.]*//g'
ip -o address | sed 's/^[0-9]*: //; s/valid_lft.*//' | grep -v fe80; ip netns list
ip rule; ip -6 rule; ip -4 route show table all; ip -6 route show table all | grep -v fe80
ip neighbour show nud permanent; tc qdisc; nft --stateless list ruleset
iptables-legacy-save | grep '^-'; ip6tables-legacy-save | grep '^-'
find /run/podpath /var/lib/cni /etc/cni ! -name '*.log' | sort
cut -d ' ' -f 5- /proc/self/mountinfo | sort
cat /proc/[0-9]*/comm | grep -v '^\(sh\|cat\|grep\|sort\|nsenter\)$' | sort
"""
_SETTINGS = "cd /proc/sys/net && grep -rs . . | sort"
_RESET = r"""
ip link delete {bridge}; nft flush ruleset
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
        self._node: Node | None = None
        self._network: conflist.Conflist | None = None
        self._names: set[str] = set()
        self._found = ("", {"": ""})
        self.started = 0

    def __enter__(self) -> "SharedNode":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._stack.close()

    def take(self, path: Path) -> Node:
        """A node with the conflist at this path, as if no pod had ever been on it."""
        network = conflist.read(path)
        names = {p.name for p in self._plugins.iterdir()}
        same = (self._network, self._names) == (network, names)
        if self._node is not None and same and self._as_found(self._node):
            self._give_plugins(self._node)
            return self._node
        self._stack.close()
        self._node, self._network, self._names = None, network, names
        self._node = self._stack.enter_context(embedded.start(network, [str(self._plugins)]))
        self._found = _look(self._node), settings(self._node)
        self.started += 1
        return self._node

    def _give_plugins(self, node: Node) -> None:
        """The node has a copy of what was in the directory when it started."""
        for plugin in self._plugins.iterdir():
            write = f'printf %s "$1" >"$(readlink -f /opt/podpath/cni/bin/{plugin.name})"'
            base.run(node, ["sh", "-c", write, "sh", plugin.read_text()])

    def _as_found(self, node: Node) -> bool:
        """Whether the node, once what any plugin leaves is removed, is the one it was."""
        assert self._network is not None
        base.run(node, ["sh", "-c", _RESET.format(bridge=self._network.bridge)])
        restore(node, self._found[1])
        return (_look(node), settings(node)) == self._found


def restore(node: Node, found: Mapping[str, str]) -> None:
    """Give the network settings the values back that were found."""
    for _ in range(2):  # one setting may change others, as ip_forward does
        # by a process of the node: whose settings /proc/sys/net shows depends on who opens it
        changed = [n for n, v in settings(node).items() if found.get(n, v) != v]
        write = "; ".join(f"echo {found[n]} >/proc/sys/net/{n}" for n in changed)
        base.run(node, ["sh", "-c", write or ":"])


def _look(node: Node) -> str:
    return base.run(node, ["sh", "-c", _LOOK]).stdout


def settings(node: Node) -> dict[str, str]:
    """Network settings: name -> value; those that the kernel counts up itself are left out."""
    lines = base.run(node, ["sh", "-c", _SETTINGS]).stdout.splitlines()
    pairs = (line.removeprefix("./").partition(":") for line in lines)
    return {n: v for n, _, v in pairs if not n.endswith(("conntrack_count", "max_dgram_qlen"))}
