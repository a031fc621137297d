"""Find what pods leave behind on a node."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from podpath.cni.network import Network
from podpath.errors import CouldNotTest
from podpath.lifecycle.attribution import Attributed, attribute
from podpath.model import Difference
from podpath.nodes import inventory, state_files
from podpath.nodes.base import Node
from podpath.nodes.deployment import Deployment
from podpath.nodes.inventory import Inventory
from podpath.nodes.pod import Pod
from podpath.system import limits, waiting
from podpath.topology import reading

T = TypeVar("T")

#: Number of pods that come and go one after the other: more than ten, as some leaks show late.
MANY = 12
#: Number of looks, at least, before pods of others explain no more of what differs: a pod whose DEL
#: runs is still listed, and a busy machine needs all the patience for one look.
_LOOKS = 3
#: Things in a message.
_MOST_NAMED = 5


def named(node: Node, deleted: Pod) -> list[Difference]:
    """List the files in which plugins still name a deleted pod's sandbox.

    Raises:
        CouldNotTest: a directory of the node cannot be read.
    """
    try:
        naming = state_files.naming(node, deleted.sandbox)
        return [
            Difference("left behind", "files", "gone", f"{deleted.sandbox} in {path}")
            for path in naming
        ]
    except OSError as error:
        raise CouldNotTest(f"the node's files could not be read: {error}") from None


def addresses(node: Node) -> dict[str, frozenset[str]]:
    """Return file -> the addresses in it, on a node of podpath's own; nothing on other nodes.

    Raises:
        CouldNotTest: a directory of the node cannot be read.
    """
    try:
        return {} if node.shared else state_files.addresses(node)
    except OSError as error:
        raise CouldNotTest(f"the node's files could not be read: {error}") from None


def lists(node: Node, pods: Deployment) -> list[Difference]:
    """List the files that gain an address of each of two pods, which are deleted at the same time.

    A file that has the last address beside those of running pods gains one of them alone.

    Raises:
        CouldNotTest: a directory of the node cannot be read, or a pod cannot be made.
        DoesNotConform: the plugin failed.
    """
    before = addresses(node)
    with pods.temporary("transient-1", "transient-2") as both:
        pass
    return appended(before, addresses(node), *both)


def appended(
    before: Mapping[str, frozenset[str]], now: Mapping[str, frozenset[str]], *deleted: Pod
) -> list[Difference]:
    """List the files that gained an address of each deleted pod, and lost none. Pure.

    A file that replaces an address, such as that of the last lease, is no list of pods.

    Args:
        before: addresses in each file before the pods.
        now: the same after their deletion.
        deleted: the pods.
    """
    owned = [_addresses_of(pod) for pod in deleted]
    differences = []
    for path, known in before.items():
        gained = now.get(path, frozenset()) - known
        if known and known <= now.get(path, frozenset()) and all(own & gained for own in owned):
            differences += [
                Difference("left behind", "files", "gone", f"{address} in {path}")
                for own in owned
                for address in sorted(own & gained)
            ]
    return differences


def _addresses_of(pod: Pod) -> set[str]:
    """Return a pod's IP addresses, and the MAC addresses of its links."""
    own = {str(address) for address in pod.network.addresses}
    links = pod.network.result.get("interfaces")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("sandbox"):
            own.add(str(link.get("mac")).lower())
    return own


@dataclass(frozen=True, slots=True)
class Growth:
    """The things that a node gained or lost.

    Attributes:
        differences: the plugin's doing.
        remark: number of differences that other pods caused, in a sentence; empty without any.
    """

    differences: list[Difference]
    remark: str = ""


def growth(node: Node, network: Network, before: Inventory) -> Growth:
    """Find what the node has gained or lost since `before`, its FDB included.

    Waits for a while until the node has settled. On a shared node, things of pods that podpath did
    not create do not count. A thing without an owner counts only if it stays for all that time.

    Raises:
        CouldNotTest: pods that podpath did not create came or went, and may have caused all that
            differs.
    """
    lasting: set[Difference] | None = None
    now, looks = before, 0

    def look() -> Attributed:
        nonlocal lasting, now, looks
        looks += 1
        now = _read(node, network)
        differences = now.since(before) + _stale_fdb(node, network)
        seen = _attributed(differences, node, network, before, now)
        lasting = set(seen.unknown) if lasting is None else lasting & set(seen.unknown)
        return Attributed(seen.ours, seen.foreign, tuple(d for d in seen.unknown if d in lasting))

    settled = waiting.until(look, lambda a: not a.ours and not a.unknown, _patience(node))
    while settled.unknown and looks < _LOOKS:
        settled = look()
    remark = _remark(settled)
    if before.neighbours.activity == now.neighbours.activity:
        return Growth([*settled.ours, *settled.unknown], remark)
    if settled.unknown and not settled.ours:
        raise CouldNotTest(_unattributed(settled), "Repeat the test while fewer pods come and go")
    return Growth([*settled.ours], remark)


def _patience(node: Node) -> float:
    """Return the time in seconds for the node to settle: pods of others take theirs, too."""
    return limits.current().pods_gone * (2 if node.shared else 1)


def _read(node: Node, network: Network) -> Inventory:
    """Read the inventory; again, on a shared node, if a namespace vanished meanwhile."""
    return _patiently(node, lambda: inventory.read(node, network))


def _patiently(node: Node, read: Callable[[], T]) -> T:
    failures: list[CouldNotTest] = []

    def attempt() -> list[T]:
        try:
            return [read()]
        except CouldNotTest as error:
            failures.append(error)
            return []

    if not node.shared:
        return read()
    values = waiting.until(attempt, bool, limits.current().pods_gone)
    if not values:
        raise failures[-1]
    return values[0]


def _attributed(
    differences: list[Difference],
    node: Node,
    network: Network,
    before: Inventory,
    now: Inventory,
) -> Attributed:
    if not node.shared:
        return Attributed(ours=tuple(differences))
    name = network.conflist.name
    return attribute(differences, node.owners(), before.neighbours, now.neighbours, name)


def _remark(settled: Attributed) -> str:
    number = len(settled.foreign)
    return f"{number} differences ignored: other pods on the node came or went" if number else ""


def _unattributed(settled: Attributed) -> str:
    things = [str(difference) for difference in settled.unknown]
    more = len(things) - _MOST_NAMED
    listed = "; ".join(things[:_MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")
    return f"other pods on the node came or went, and these may be theirs: {listed}"


def _stale_fdb(node: Node, network: Network) -> list[Difference]:
    """List the FDB entries of the bridge whose MAC address neither a pod nor the node has."""
    if not network.is_bridged:
        return []
    topology = _patiently(
        node,
        lambda: reading.read(node.network_namespace(), node.named_namespaces(), []),
    )
    spaces = (topology.node, *topology.named.values())
    macs = {link.mac for space in spaces for link in space.interfaces}
    return [
        Difference("left behind", "FDB", "gone", f"{entry.mac} on {entry.port}")
        for entry in topology.node.fdb
        if entry.bridge == network.bridge and entry.mac not in macs
    ]


def settled(
    node: Node, network: Network, ready: Callable[[Inventory], bool] = lambda _: True
) -> Inventory:
    """Return the inventory once it is ready and stays the same; after a time limit, as it is.

    Programs run for a moment on the node of a cluster: kube-proxy's, or a plugin that the kubelet
    calls once more, as it may, after everything is gone. Pods of others may come and go.
    """

    def look() -> tuple[Inventory, Inventory]:
        return _read(node, network), _read(node, network)

    def still(seen: tuple[Inventory, Inventory]) -> bool:
        first, second = seen
        changed = _attributed(second.since(first), node, network, first, second)
        return not changed.ours and not changed.unknown and ready(second)

    return waiting.until(look, still, limits.current().pods_gone)[1]
