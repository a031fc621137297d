"""Check GC: it releases what no valid attachment holds, and nothing else.

Rules: CNI specification 1.1.0, section 2, GC.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from podpath.cni.network import Network
from podpath.contract import answers, capabilities, siblings, valid_links
from podpath.contract.answers import Answer
from podpath.contract.attachments import BESIDE, Attachment, attached, attached_beside
from podpath.contract.runtime import Runtime
from podpath.contract.subjects import Role, Subject, of
from podpath.errors import Unmet
from podpath.lifecycle import strangers
from podpath.model import Difference
from podpath.nodes import inventory
from podpath.nodes.base import Node
from podpath.nodes.inventory import Inventory
from podpath.nodes.pod import PortMapping

Differences = list[Difference]

#: A network that has the same plugins, and no container of this one.
_OTHER_NETWORK = "podpath-other"
#: Capability args that map a port of the node.
PORTS = capabilities.port_args([PortMapping("tcp", 31080, 80)])
#: Things of other programs on the node.
_OTHER_BRIDGE = "podpath-other"
_RESULTS = "/var/lib/cni/results"
_OTHER_RESULT = f"{_RESULTS}/{_OTHER_NETWORK}-container-eth0"
#: Kinds of things that an attachment may hold beside its interface, which GC releases.
_HELD = frozenset({"leases", "rules", "files"})


@dataclass(frozen=True, slots=True)
class Collector:
    """Caller of GC for one subject.

    Attributes:
        runtime: caller of the plugins.
        network: the configuration, and how its plugin wires pods.
        subject: the plugins to call.
        version: cniVersion of each call.
    """

    runtime: Runtime
    network: Network
    subject: Subject
    version: str

    def collect(self, valid: Sequence[Attachment]) -> list[Answer]:
        """Call GC with a list of the attachments that still exist; note the routes that it takes.

        What one call takes, a later one does not find.
        """
        identities = [attachment.identity for attachment in valid]
        routes = valid_links.routes(self.runtime.node, self.network)
        answered = self.runtime.collect_garbage(self.subject, self.version, identities)
        now = valid_links.routes(self.runtime.node, self.network)
        self.runtime.rerouted += valid_links.changes(routes, now)
        return answered

    def now(self) -> Inventory:
        """Read the node's inventory."""
        return inventory.read(self.runtime.node, self.network)


def spared(
    collector: Collector, listed: Attachment, stale: Attachment, mapped: Attachment | None
) -> Differences:
    """Check that GC leaves all of listed containers, and another network, alone.

    A first GC removes leftovers of earlier calls, which would count as lost. The last one, without
    any valid attachment, must leave what no container of this network holds.

    Args:
        collector: the caller of GC.
        listed: container that stays, and gets a second interface, ready for ADD.
        stale: container that vanishes, ready for ADD.
        mapped: another one that stays, with a mapped port, ready for ADD; None without one.

    Raises:
        DoesNotConform: ADD failed, or a plugin does not end in time.
    """
    node, network = collector.runtime.node, collector.network
    collector.collect([])
    rerouted = list(collector.runtime.rerouted)
    if vanished := _vanished(node, [listed, stale]):
        return vanished
    listed.attach()
    with (
        _second(listed) as both,
        _of_other_network(collector),
        _of_other_programs(node),
        strangers.tracked(node) as connections,
    ):
        valid = [*both, *_attached(mapped)]
        held = collector.now()
        stale.attach()
        gone = stale.lose_namespace()
        # a CHECK that fails before GC is no work of GC: CNI-CHECK and CNI-INTERFACES report it
        sound = [one for one in valid if not siblings.checked(one, network)]
        collected: list[Answer] = []
        unlike = valid_links.changed(
            valid, network, lambda: collected.extend(collector.collect(valid))
        )
        differences = [d for d in _lost(collector.now(), held) if not _names(d, gone)]
        differences += [*rerouted, *unlike]
        if vanished := _vanished(node, [listed]):
            return [*differences, *vanished]
        for attachment in sound:
            differences += siblings.checked(attachment, network)
        differences += strangers.forgotten(node, connections)
        for attachment in reversed(valid):
            attachment.delete()
        idle = collector.now()
        collected += collector.collect([])
        differences += _lost(collector.now(), idle)
    return answers.silent([a for a in collected if a.status == 0]) + differences


def kept(collector: Collector, attachment: Attachment) -> Differences:
    """Check that GC releases the second interface of an attached container."""
    before = collector.now()
    with attached_beside(attachment) as second:
        answers.require_success(second.add(), BESIDE)
        collected = collector.collect([attachment])
        now = collector.now().since(before)
    left = [d for d in now if d.kind == "left behind" and d.where in _HELD]
    return answers.succeeded(collected) + left


def _attached(attachment: Attachment | None) -> Iterator[Attachment]:
    # a network may have few addresses
    if attachment is not None and not answers.succeeded(attachment.add()):
        yield attachment


@contextmanager
def _second(first: Attachment) -> Iterator[list[Attachment]]:
    """Yield a container's attachments: two, if the plugin gives it a second interface."""
    if is_single(first):
        yield [first]
        return
    with attached_beside(first) as second:
        yield [first] if answers.succeeded(second.add()) else [first, second]


def is_single(first: Attachment) -> bool:
    """Return whether the plugins refuse a container a second interface: CNI-INTERFACES says so."""
    try:
        with attached_beside(first) as second:
            return bool(answers.succeeded(second.add()))
    except Unmet:
        return True


@contextmanager
def _of_other_network(collector: Collector) -> Iterator[None]:
    """Let a container of another network have an address, if an IPAM plugin can be called."""
    ipam = [s for s in of(collector.network.conflist) if s.role is Role.IPAM]
    usual = collector.runtime
    other = Runtime(usual.node, _OTHER_NETWORK, usual.path, usual.hung)
    with ExitStack() as stack:
        for subject in ipam:
            stack.enter_context(attached(other, subject, collector.version)).add()
        yield


@contextmanager
def _of_other_programs(node: Node) -> Iterator[None]:
    """Let the node have a bridge that no plugin made, and a runtime's result of another network."""
    node.run(["ip", "link", "add", _OTHER_BRIDGE, "type", "bridge"])
    node.run(["sh", "-c", f"mkdir -p {_RESULTS}; echo '{{}}' >{_OTHER_RESULT}"])
    try:
        yield
    finally:
        node.run(["ip", "link", "delete", _OTHER_BRIDGE])
        node.run(["rm", "-f", _OTHER_RESULT])


def _vanished(node: Node, attachments: Sequence[Attachment]) -> Differences:
    """List the namespaces of containers that are gone, though only a runtime deletes them."""
    names = {attachment.name for attachment in attachments} - node.named_namespaces().keys()
    return [Difference("lost", "namespaces", name, "gone") for name in sorted(names)]


def _names(difference: Difference, links: Iterable[str]) -> bool:
    """Return whether what a difference expected is a link, or a thing on it."""
    return not set(links).isdisjoint(difference.expected.split())


def _lost(now: Inventory, before: Inventory) -> Differences:
    """List what vanished, without the namespace that podpath itself took away."""
    ours = ("namespaces", "mounts")
    return [d for d in now.since(before) if d.kind == "lost" and d.where not in ours]
