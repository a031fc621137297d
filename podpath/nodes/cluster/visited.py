"""A Kubernetes node as podpath finds it: it makes nothing there, and asks no API server."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from podpath.errors import CouldNotTest
from podpath.model import CommandResult, PodNetwork
from podpath.nodes import sandboxes
from podpath.nodes.base import Node
from podpath.nodes.cluster.kubernetes import SOCKETS, own_links
from podpath.nodes.cri import Runtime
from podpath.nodes.pod import Pod, PodSpec


class VisitedNode(Node):
    """A node with the pods of its users, which stay as they are."""

    shared = True
    own_programs = False

    def __init__(self, kind: str, pid: int, bridge: str) -> None:
        """Look at a node.

        Args:
            kind: name of the kind of node.
            pid: pid of a process in the node.
            bridge: name of the pods' bridge; empty without one.

        Raises:
            CouldNotTest: its interfaces or its runtime cannot be found.
        """
        self.kind, self.pid = kind, pid
        self.links, self.uplink = own_links(pid, bridge)
        self.versions = {}
        self._runtime = Runtime(self._socket(), lambda: "", lambda: "")

    def _socket(self) -> str:
        found = (path for name in SOCKETS if (path := self.root(name)).is_socket())
        if socket := next(found, None):
            return str(socket)
        raise CouldNotTest(f"no container runtime listens on the node at {' or '.join(SOCKETS)}")

    def close(self) -> None:
        """Close the connection to the runtime."""
        self._runtime.close()

    def create_pod(self, spec: PodSpec) -> Pod:
        """See Node. podpath makes nothing here."""
        raise CouldNotTest(f"podpath makes no pod {spec.name} on a node that it visits")

    def delete_pod(self, pod: Pod) -> None:
        """See Node. podpath deletes nothing here."""
        raise CouldNotTest(f"podpath does not delete pod {pod.name} on a node that it visits")

    def ended(self) -> str:
        """See Node."""
        return "" if Path(f"/proc/{self.pid}").exists() else "the node has ended"

    def foreign_pods(self, ours: Collection[str]) -> Sequence[PodNetwork]:
        """See Node. Their names are namespace/name."""
        pods = []
        for sandbox in self._runtime.sandboxes():
            with suppress(CouldNotTest):  # it has ended meanwhile
                if sandbox.id in ours or not self._runtime.has_network(sandbox.id):
                    continue
                name = f"{sandbox.namespace}/{sandbox.name}"
                pods.append(sandboxes.network(self, self._runtime, name, sandbox.id))
        return pods

    def pod(self, network: PodNetwork) -> Pod:
        """Return a pod with its running containers.

        Raises:
            CouldNotTest: the runtime has no such containers.
        """
        containers = self._runtime.containers(network.sandbox)
        return Pod(network.name, network.sandbox, network, containers)

    def execute(
        self, pod: Pod, container: str, command: Sequence[str], seconds: float
    ) -> CommandResult:
        """See Node."""
        return self._runtime.execute(pod.containers[container], command, seconds)


@contextmanager
def visited(kind: str, pid: int, bridge: str) -> Iterator[VisitedNode]:
    """Look at a node for the length of the block.

    Raises:
        CouldNotTest: as VisitedNode.
    """
    node = VisitedNode(kind, pid, bridge)
    try:
        yield node
    finally:
        node.close()
