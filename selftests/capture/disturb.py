"""Ways to disturb a node, its pods and their programs, each undone at the end of its block."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from podpath.model import CommandResult, Topology
from podpath.nodes.base import Node
from podpath.nodes.deployment import MAIN, Deployment
from podpath.paths.traffic import Traffic


def then(traffic: Traffic, action: Callable[[], object]) -> Traffic:
    """The same traffic, with something that happens once it was sent, while it is watched."""

    def send() -> CommandResult:
        result = traffic.send()
        action()
        return result

    return replace(traffic, send=send)


class Disturb:
    """What can be done to a node and its pods."""

    def __init__(self, node: Node, pods: Deployment) -> None:
        self._node = node
        self._pods = pods

    def namespace(self, pod: str) -> str:
        """The path of a pod's network namespace."""
        return self._node.named_namespaces()[self._pods[pod].network.netns]

    def node_namespace(self) -> str:
        """The path of the node's own network namespace."""
        return self._node.network_namespace()

    def host_end(self, topology: Topology, pod: str) -> str:
        """The name of the host end of a pod's veth."""
        link = topology.host_end(pod)
        assert link is not None
        return link.name

    def on_node(self, *commands: str) -> None:
        """Run shell commands on the node."""
        for command in commands:
            done = self._node.run(["sh", "-c", command])
            assert done.returncode == 0, f"{command}: {done.stderr}"

    def in_netns(self, pod: str, *commands: str) -> None:
        """Run the node's shell commands in a pod's network namespace."""
        name = self._pods[pod].network.netns
        self.on_node(*(f"ip netns exec {name} sh -c '{command}'" for command in commands))

    def in_pod(self, pod: str, script: str) -> CommandResult:
        """Run a script in a pod's container."""
        return self._node.execute(self._pods[pod], MAIN, ["/bin/sh", "-c", script], 20.0)

    @contextmanager
    def program(self, pod: str, path: str, script: str | None) -> Iterator[None]:
        """A script in place of a pod's program, which it finds as PATH.real; None for none."""
        quoted = (script or "").replace("'", "'\\''")
        made = self.in_pod(
            pod,
            f"mv {path} {path}.real"
            + (f" && printf '%s' '{quoted}' >{path} && chmod 755 {path}" if script else ""),
        )
        assert made.status == 0, made
        try:
            yield
        finally:
            self.in_pod(pod, f"/bin/busybox mv {path}.real {path}")

    @contextmanager
    def rule(self, namespace: str, chain: str, rule: str) -> Iterator[None]:
        """A rule of nft in a pod's namespace, or in the node's ("")."""
        family = "inet" if namespace else "bridge"
        run = f"ip netns exec {self._pods[namespace].network.netns} " if namespace else ""
        hook = f"type filter hook {chain} priority 0;"
        self.on_node(
            f"{run}nft add table {family} disturb",
            f"{run}nft 'add chain {family} disturb c {{ {hook} }}'",
            f"{run}nft add rule {family} disturb c {rule}",
        )
        try:
            yield
        finally:
            self.on_node(f"{run}nft delete table {family} disturb")
