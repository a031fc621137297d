"""Nodes outside of pytest: open one, or join one that stands; deploy pods; prove paths."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Literal

from podpath.cni.network import Network
from podpath.errors import CouldNotTest
from podpath.lifecycle import first_pods
from podpath.model import Family, Topology
from podpath.nodes import forwarding
from podpath.nodes.base import Node
from podpath.nodes.deployment import Deployment
from podpath.nodes.embedded import standing
from podpath.nodes.embedded.node import EmbeddedNode
from podpath.nodes.pod import PodSpec
from podpath.paths.observe import Observed, Observer
from podpath.paths.traffic import Traffics
from podpath.run import checks, preflight
from podpath.run.plan import Plan
from podpath.system import randomness
from podpath.system.randomness import Draws
from podpath.testing.options import NodeOptions
from podpath.topology import whole

#: Protocols of prove.
Protocol = Literal["ping", "http", "udp"]


class OpenNode:
    """A node that is open for this process, with its pods.

    Attributes:
        node: the node itself.
        plan: what the node was started with.
        pods: the pods of podpath on the node.
        id: name by which other processes attach to it; empty if they cannot.
    """

    def __init__(
        self, node: Node, plan: Plan, hold: standing.Hold | None, *, is_opener: bool
    ) -> None:
        """Open a node.

        Args:
            node: the node.
            plan: what it was started with.
            hold: this process's hold on it; None if no other process can use it.
            is_opener: True if this process started the node.
        """
        self.node = node
        self.plan = plan
        self.pods = Deployment(node)
        self.id = hold.id if hold else ""
        self._hold = hold
        self._is_opener = is_opener
        self._network: Network | None = None
        self._traffic = Traffics(node, self.pods, Draws(randomness.new_seed(), "open"))

    @property
    def network(self) -> Network:
        """The pods' network. Its first pods show what the conflist does not state."""
        if self._network is None and any(self.pods):
            self._network = whole.completed(self.plan.network, self.node, self.pods)
        return self._network or self.plan.network

    @property
    def traffic(self) -> Traffics:
        """The maker of traffic between the pods, by their names."""
        return self._traffic

    def observer(self) -> Observer:
        """Return an observer of traffic between the pods."""
        return Observer(self.node, self.network, self.pods)

    def topology(self) -> Topology:
        """Read how the node and its pods are wired now."""
        return self.observer().topology()

    def is_left_to_others(self) -> bool:
        """Return whether this process opened the node, and another one holds it now, too."""
        return self._is_opener and self._hold is not None and not self._hold.is_alone()

    @contextmanager
    def recorded(self, names: tuple[str, ...], keep: Callable[[], bool]) -> Iterator[None]:
        """Let other processes see pods, for the length of the block, or if kept until they end."""
        if self._hold is None:
            yield
            return
        self._hold.change_pods(add=[self.pods[name] for name in names])
        try:
            yield
        finally:
            if not keep():
                self._hold.change_pods(remove=names)


@contextmanager
def open_node(
    options: NodeOptions | None = None,
    *,
    say: Callable[[str], None] = lambda _: None,
    attachable: bool = False,
) -> Iterator[OpenNode]:
    """Start a node for the length of the block. It leaves nothing, also after SIGKILL.

    Args:
        options: what to start; by default the embedded node with podpath's own conflist.
        say: function that shows progress.
        attachable: True if other processes may use the node, which then lives as long as one of
            them does. The embedded node alone can do that.

    Raises:
        CouldNotTest: the machine lacks something, or the node does not come up.
    """
    options = options or NodeOptions()
    plan = options.plan()
    with plan.kind.ready(say):
        preflight.check(plan)
        with plan.kind.start(plan, say) as node:
            forwarding.check(node, plan.network)
            holding = (
                standing.shown(node, options.document(), plan.network.conflist.text)
                if attachable and isinstance(node, EmbeddedNode)
                else nullcontext()
            )
            with holding as hold:
                yield OpenNode(node, plan, hold, is_opener=True)


def standing_nodes(options: NodeOptions | None = None) -> list[str]:
    """Return the ids of the nodes that attach can use. Records of ended ones are removed.

    Args:
        options: only nodes that were started with exactly these, and with their conflist as it is
            now; None for all nodes.

    Raises:
        CouldNotTest: an option names something unusable, or the user is not root.
    """
    checks.root()
    if options is None:
        return standing.listed()
    conflist = options.plan().network.conflist.text
    return [node for node in standing.listed() if standing.has(node, options.document(), conflist)]


@contextmanager
def attach(node: str = "") -> Iterator[OpenNode]:
    """Use a node that another process opened as attachable, with its pods.

    The node stays at least for the length of the block, even if that process ends before. A program
    that runs on such a node itself uses that node.

    Args:
        node: id of the node; by default the only one that stands.

    Raises:
        CouldNotTest: no such node stands, or several do and none is named.
    """
    checks.root()
    joining = standing.entered() if standing.inside() else standing.joined(node or _only())
    with joining as (joined, hold):
        record = hold.record()
        options = NodeOptions.read(record.options)
        # its script ran when the node started, and the node keeps its conflist
        plan = replace(options, cni_conf=str(hold.conflist), node_setup="").plan()
        attached = OpenNode(joined, plan, hold, is_opener=False)
        attached.pods.adopt(record.pods)
        yield attached


def _only() -> str:
    nodes = standing.listed()
    if not nodes:
        raise CouldNotTest("no node stands on this machine", "Start one with `podpath shell`")
    if len(nodes) > 1:
        raise CouldNotTest(f"several nodes stand: {', '.join(nodes)}", "Name one with --join")
    return nodes[0]


@contextmanager
def deploy(
    node: OpenNode, *pods: str | PodSpec, until_node_ends: bool = False
) -> Iterator[Deployment]:
    """Make pods on a node for the length of the block.

    The pods of the process that opened the node stay if another one holds it at the end.

    Args:
        node: the node.
        pods: names of pods, which serve HTTP on port 80 and receive UDP on port 9000, or
            specifications of other ones.
        until_node_ends: True if the pods are never deleted by themselves, but go with the node,
            which may be broken by then.

    Raises:
        DoesNotConform: the plugin failed.
        CouldNotTest: anything else failed.
    """
    names = tuple(pod if isinstance(pod, str) else pod.name for pod in pods)

    def keep() -> bool:
        return until_node_ends or node.is_left_to_others()

    making = first_pods.made(node.node, node.plan.network, node.pods, *pods, keep=keep)
    with making, node.recorded(names, keep):
        yield node.pods


def prove(
    node: OpenNode,
    source: str,
    destination: str,
    *,
    protocol: Protocol = "ping",
    family: Family | None = None,
    count: int = 1,
    size: int | None = None,
) -> Observed:
    """Send traffic from pod to pod, watch every interface, and judge the path.

    Args:
        node: the node.
        source: name of the pod that sends.
        destination: name of the pod that receives.
        protocol: "ping", "http" or "udp".
        family: IP version; by default the first that the pods have.
        count: number of pings.
        size: payload in bytes; by default that of the protocol. For HTTP one of 0, 1460, 65536 and
            4 MiB.

    Returns:
        What was observed; its `differences` is empty if the path is proved.

    Raises:
        CouldNotTest: the traffic cannot be sent, or podpath may have missed packets.
        DoesNotConform: a pod has no address of the family.
    """
    ends = source, destination, family or node.network.families[0]
    if protocol == "ping":
        traffic = node.traffic.ping(*ends, count=count, size=56 if size is None else size)
    elif protocol == "http":
        traffic = node.traffic.http(*ends, size=1460 if size is None else size)
    else:
        traffic = node.traffic.udp(*ends, size=64 if size is None else size)
    return node.observer().observe(traffic)
