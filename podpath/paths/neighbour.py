"""Entries of neighbour tables that podpath makes and removes."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from podpath.errors import CouldNotTest
from podpath.model import POD_INTERFACE, Address, Family, Topology
from podpath.nodes.base import Node
from podpath.nodes.deployment import Deployment
from podpath.system import netns


@contextmanager
def permanent(
    node: Node, topology: Topology, pod: str, other: str, family: Family
) -> Iterator[None]:
    """Give a pod a permanent neighbour, another pod, for the length of the block.

    Raises:
        CouldNotTest: The other pod has no interface, or the kernel refuses.
    """
    link = topology.of_pod(other).interface(POD_INTERFACE)
    if link is None:
        raise CouldNotTest(f"pod {other} has no {POD_INTERFACE}, whose MAC address is needed")
    neighbour = [str(topology.pods[other].address(family)), "dev", POD_INTERFACE]
    command = ["ip", "-n", topology.pods[pod].netns, "neighbour"]
    _run(node, [*command, "replace", *neighbour, "lladdr", link.mac, "nud", "permanent"])
    try:
        yield
    finally:
        _run(node, [*command, "delete", *neighbour])


def forget(node: Node, pods: Deployment, addresses: Iterable[Address]) -> None:
    """Let the node and its pods forget the MAC addresses that earlier pods had with some addresses.

    Where IPAM has few addresses, it gives them again at once. That the new pod announces its own
    MAC address is LIFE-REUSE.

    Raises:
        CouldNotTest: The kernel refuses.
    """
    named = node.named_namespaces()
    of_pods = [pod.network.netns for pod in pods if pod.network.netns in named]
    namespaces = [[], *(["-n", netns] for netns in of_pods)]
    with pods.around():
        for namespace in namespaces:
            for address in addresses:
                _run(node, ["ip", *namespace, "neighbour", "flush", "to", str(address)])


def forget_sizes(node: Node, pods: Deployment) -> None:
    """Let pods, and a host beyond the node, forget what ICMP errors said of paths' MTUs.

    Otherwise it depends on the tests before whether they send a large packet whole.

    Raises:
        CouldNotTest: A namespace cannot be entered.
    """
    named = node.named_namespaces()
    spaces = [named[n] for pod in pods if (n := pod.network.netns) in named]
    netns.run_in_each(filter(None, (*spaces, node.beyond)), _flush_exceptions)


def _flush_exceptions() -> None:
    """Remove the exceptions from the routes of this thread's network namespace (ip-sysctl)."""
    for family in Family:
        with suppress(OSError):  # a kernel without IPv6
            Path(f"/proc/sys/net/{family.text.lower()}/route/flush").write_text("1")


def _run(node: Node, command: list[str]) -> None:
    ended = node.run(command)
    if ended.returncode != 0:
        raise CouldNotTest(f"{' '.join(command)} failed on the node: {ended.stderr.strip()}")
