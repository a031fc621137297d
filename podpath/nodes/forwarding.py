"""The node's forwarding, where it is the administrator's to turn on and not the plugin's.

It is podpath's, too, before pods are made at the same time: a plugin turns it on in each ADD, and
of two such writes at once the kernel may lose what the first one does to the interfaces that are
to come (net/ipv4/devinet.c, devinet_sysctl_forward: a write that has to wait takes its value back,
and another one that met the value did nothing).
"""

from collections.abc import Iterable

from podpath.cni.network import Network
from podpath.errors import CouldNotTest
from podpath.model import Family
from podpath.nodes.base import Node
from podpath.profiles import ADMINISTRATOR
from podpath.system import netns, sysctl

_SETTING = {Family.IPV4: "net.ipv4.ip_forward", Family.IPV6: "net.ipv6.conf.all.forwarding"}


def provide(node: Node, network: Network) -> None:
    """Turn on forwarding on a node that podpath itself administers, if the plugin relies on it."""
    if network.profile.forwarding == ADMINISTRATOR:
        turn_on(node, network.families)


def turn_on(node: Node, families: Iterable[Family]) -> None:
    """Turn on forwarding of some IP versions on a node that podpath itself administers."""
    for name in _names(families):
        # by a process of the node: whose settings /proc/sys/net shows depends on who opens it
        node.run(["sh", "-c", f"echo 1 >/proc/sys/{name.replace('.', '/')}"])


def check(node: Node, network: Network) -> None:
    """Check that the node forwards, if the plugin relies on its administrator for that.

    Raises:
        CouldNotTest: it does not forward an IP version of the pods.
    """
    if network.profile.forwarding != ADMINISTRATOR:
        return
    forwarded = netns.run_in(node.network_namespace(), lambda: sysctl.of_link("all")).forwarding
    if off := list(_names(f for f in network.families if f not in forwarded)):
        raise CouldNotTest(
            f"the node does not forward: {' and '.join(off)} is 0, and the profile"
            f" {network.profile.name} leaves it to the administrator",
            f"Run on the node: sysctl -w {' '.join(f'{name}=1' for name in off)}",
        )


def _names(families: Iterable[Family]) -> Iterable[str]:
    return (_SETTING[family] for family in families)
