"""Keep account of the pods on a node of a cluster, and of the names of their things."""

from collections.abc import Iterable, Mapping
from contextlib import suppress

from podpath.cni import result
from podpath.errors import CouldNotTest, DoesNotConform
from podpath.model import PodNetwork
from podpath.nodes import sandboxes
from podpath.nodes.base import Node
from podpath.nodes.belongings import Belongings, Neighbours, Owners
from podpath.nodes.cri import Runtime, Sandbox
from podpath.system.netlink import peers


class Census:
    """The pods that a node has had since podpath came."""

    def __init__(self, node: Node, runtime: Runtime, namespace: str) -> None:
        """Start with no pods.

        Args:
            node: the node.
            runtime: its container runtime.
            namespace: Kubernetes namespace of podpath's own pods.
        """
        self._node, self._runtime, self._namespace = node, runtime, namespace
        self._ours: dict[str, Belongings] = {}
        self._foreign: dict[str, Belongings] = {}

    def owners(self) -> Owners:
        """Return all pods that were met so far."""
        return Owners(tuple(self._ours.values()), dict(self._foreign))

    def meet(self, pods: Iterable[PodNetwork]) -> None:
        """Note the things of podpath's own pods, which are running."""
        self._ours |= {network.sandbox: things for network, things in self._belongings(pods)}

    def neighbours(self) -> Neighbours:
        """Meet all pods that the runtime lists, and return those that podpath did not create.

        Raises:
            CouldNotTest: the runtime does not answer.
        """
        listed = self._runtime.every_sandbox()
        new = [s for s, _ in listed if s.id not in self._ours and s.id not in self._foreign]
        for network, things in self._belongings(map(self._network, new)):
            of_podpath = network.name.startswith(f"{self._namespace}/")
            (self._ours if of_podpath else self._foreign)[network.sandbox] = things
        foreign = [(s, state) for s, state in listed if s.namespace != self._namespace]
        running = {s.id for s in self._runtime.sandboxes()}
        return Neighbours(
            frozenset(s.id for s, _ in foreign if s.id in running),
            frozenset(f"{s.id} {state}" for s, state in foreign),
        )

    def _network(self, sandbox: Sandbox) -> PodNetwork:
        """Read a pod's network; of a pod that has just ended, as much as is left."""
        name = f"{sandbox.namespace}/{sandbox.name}"
        with suppress(CouldNotTest, DoesNotConform):
            if self._runtime.has_network(sandbox.id):
                return sandboxes.network(self._node, self._runtime, name, sandbox.id)
        return PodNetwork(name, "", (), sandbox.id)

    def _belongings(self, pods: Iterable[PodNetwork]) -> list[tuple[PodNetwork, Belongings]]:
        pods = list(pods)
        if not pods:
            return []
        named = self._node.named_namespaces()
        paths = {pod.netns: named[pod.netns] for pod in pods if pod.netns in named}
        try:
            ends = peers.of(self._node.network_namespace(), paths)
        except OSError as error:
            raise CouldNotTest(f"the node's interfaces could not be read: {error}") from None
        return [(pod, belongings(pod, ends)) for pod in pods]


def belongings(pod: PodNetwork, ends: Mapping[str, Iterable[tuple[str, str]]]) -> Belongings:
    """Return the names of a pod's things. Pure.

    Args:
        pod: network of the pod.
        ends: name of a network namespace -> name and MAC address of each host end.
    """
    host_ends = list(ends.get(pod.netns, ()))
    macs = {mac for _, mac in host_ends}
    with suppress(DoesNotConform):
        macs |= {link.mac for link in result.interfaces(pod.result) if link.inside}
    return Belongings(
        pod.name,
        frozenset({pod.sandbox, pod.netns, *(name for name, _ in host_ends)} - {""}),
        frozenset({*map(str, pod.addresses), *macs} - {""}),
    )
