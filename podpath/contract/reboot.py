"""Check what a reboot leaves of attachments: their state on disk, and nothing in the kernel.

Rules: CNI specification 1.1.0, section 2, DEL: a missing namespace is no error, and the resources
of the container are released; a runtime that starts again calls DEL for each lost container.
"""

import re
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from ipaddress import ip_interface
from types import MappingProxyType

from podpath.cni.features import FEATURES
from podpath.cni.network import Network
from podpath.cni.versions import since
from podpath.contract import answers, capabilities, links, siblings, valid_links
from podpath.contract.attachments import Attachment, attached
from podpath.contract.runtime import Runtime
from podpath.contract.subjects import Subject
from podpath.errors import CouldNotTest, DoesNotConform, Unmet
from podpath.model import NODE, Difference
from podpath.nodes import inventory, state_files
from podpath.nodes.base import Node
from podpath.nodes.inventory import Inventory
from podpath.nodes.pod import PortMapping
from podpath.paths import reached
from podpath.paths.reached import Mapped
from podpath.system import limits, netns, sysctl, waiting

#: Containers that run when the node reboots: one for DEL, one for DEL without its result.
OLD = 2
#: Ports of the node that lead to a container before the reboot, and to another one after it.
_PORTS = (PortMapping("tcp", 28090, 8090), PortMapping("udp", 29010, 9010))
#: Directories that a reboot empties, and those of which the new node has its own.
_NOT_KEPT = ("/run/", "/tmp/", "/dev/", "/etc/cni/")
#: Settings of a link that each container has its own of.
_ADDRESSES = " addresses"
_OWN = (" MAC", _ADDRESSES, " master", " routes", " backup_port")
#: Settings of a link that are among its marks.
_MARKS = (" promiscuous",)

Differences = list[Difference]
#: Kind of thing -> texts, as an inventory has them.
Things = Mapping[str, tuple[str, ...]]


def rebooted(
    runtime: Runtime, subject: Subject, network: Network, version: str, after: Node
) -> Differences:
    """Attach containers, take their state to a node that has just started, and continue there.

    A new container must get its network first, then DEL of the old ones must release what they
    had, and leave the new one alone.

    Args:
        runtime: caller of the plugins on the node before the reboot.
        subject: the plugins to call.
        network: the configuration, and how its plugin wires pods.
        version: cniVersion of each call.
        after: a node that has never had a pod.

    Raises:
        DoesNotConform: ADD before the reboot failed, or a plugin does not end in time.
        CouldNotTest: the state cannot be copied.
    """
    served = _served(runtime, subject, network, version)
    with ExitStack() as stack:
        alone = [stack.enter_context(attached(runtime, subject, version)) for _ in range(OLD)]
        usual = _usual(alone[0], network) + _usual(alone[1], network, forget=True)
        known = {(d.kind, d.where) for d in usual}
        lost = [stack.enter_context(attached(runtime, subject, version)) for _ in range(OLD)]
        for attachment in lost:
            attachment.attach()
        is_sound = not siblings.checked(lost[0], network)  # else CNI-CHECK reports it
        _copy(list(state_files.paths(runtime.node)), runtime.node, after)
        restarted = Runtime(after, runtime.network_name, runtime.path, runtime.hung, is_usual=False)
        new = stack.enter_context(attached(restarted, subject, version))
        earlier = inventory.read(runtime.node, network)
        held = _held(earlier, lost[0])
        wired = _wired(lost[0], network)
        if refused := answers.succeeded(new.add()):
            return refused
        before = inventory.read(after, network)
        lacking = lacks(held, _held(before, new))
        lacking += valid_links.changes(wired, _wired(new, network))
        if ("left behind", "routing") in known:
            lacking = [d for d in lacking if not str(d.where).endswith(" routes")]
        old = [attachment.after_reboot(restarted) for attachment in lost]
        differences = answers.succeeded(old[0].delete() + old[1].delete(forget=True))
        if version in since("1.1.0") and not network.conflist.disable_gc:
            collected = restarted.collect_garbage(subject, version, [new.identity])
            differences += answers.succeeded(collected)
        differences += _after_del(after, network, before, old, earlier.things)
        differences = [d for d in differences if (d.kind, d.where) not in known]
        lacking += differences + (siblings.checked(new, network) if is_sound else [])
        return lacking or _unreached(served, restarted, subject, network, version)


def lacks(held: Mapping[str, int], now: Mapping[str, int]) -> Differences:
    """List the kinds of things of which a new container has fewer than one before the reboot. Pure.

    Args:
        held: kind of thing -> number of things that named a container before the reboot.
        now: the same of a container after it.
    """
    return [
        Difference("missing", kind, f"{number} of a container, as before the reboot", str(seen))
        for kind, number in held.items()
        if (seen := now.get(kind, 0)) < number
    ]


def _served(
    runtime: Runtime,
    subject: Subject,
    network: Network,
    version: str,
    wanted: frozenset[str] = frozenset(),
) -> frozenset[str]:
    """Return who reaches the mapped ports of a container of its own, if the conflist maps ports.

    Raises:
        Unmet: ADD failed.
    """
    if not FEATURES["portmap"].detect(network.conflist):
        return frozenset()
    with attached(runtime, subject, version, capabilities.port_args(_PORTS)) as container:
        container.attach()
        addresses = tuple(ip_interface(str(a["address"])).ip for a in container.addresses)
        namespace = runtime.node.named_namespaces()[container.name]
        return reached.reached(runtime.node, Mapped(namespace, addresses, _PORTS), wanted)


def _unreached(
    served: frozenset[str], runtime: Runtime, subject: Subject, network: Network, version: str
) -> Differences:
    """List who does not reach mapped ports after the reboot as before.

    Raises:
        DoesNotConform: ADD failed.
    """
    try:
        now = _served(runtime, subject, network, version, served) if served else served
    except Unmet as error:
        raise DoesNotConform(error.message, error.output) from None
    return reached.lost(served, now, "the reboot")


def _wired(attachment: Attachment, network: Network) -> dict[str, str]:
    """Return the settings of a container's links and of the links of all, alike for each container.

    They are without what each has its own of: MAC address, addresses, the bridge's index, and a
    port that takes over, which is another container's; and without marks of links of all, and
    addresses but gateways', which DEL of an earlier container may have left. Forwarding is among
    them.
    """
    node = attachment.runtime.node
    ends = links.host_ends(node, attachment.name)
    found = {}
    for name, value in valid_links.read([attachment], network).settings.items():
        own = not any(name.startswith(f"{NODE} {link} ") for link in network.shared_links)
        if name.endswith(_OWN if own else _MARKS):
            continue
        words = ["host end" if word in ends else word for word in name.split(" ")]
        found[" ".join(words)] = _gateways(value, network) if name.endswith(_ADDRESSES) else value
    forwarding = netns.run_in(node.network_namespace(), partial(sysctl.of_link, "all")).forwarding
    return found | {f"{NODE} forwards {f.text}": str(f in forwarding) for f in network.families}


def _gateways(addresses: str, network: Network) -> str:
    """Return those of a link's addresses that may be gateways'. Pure."""
    held = [a for a in addresses.split(", ") if a != "none"]
    return ", ".join(a for a in held if network.may_be_gateway(ip_interface(a))) or "none"


def _held(present: Inventory, attachment: Attachment) -> dict[str, int]:
    """Count the rules, leases and routes of the node that name a container or its address."""
    names = [re.compile(rf"(?<![\w.:]){re.escape(n)}(?![\w.:])") for n in attachment.known_by()]
    return {
        kind: sum(any(name.search(thing) for name in names) for thing in present.things[kind])
        for kind in ("rules", "leases", "routing")
    }


def _usual(attachment: Attachment, network: Network, *, forget: bool = False) -> Differences:
    """List what DEL of a container without its namespace fails to do on a node that runs on.

    CNI-DEL-GONE is about that, not LIFE-REBOOT.

    Args:
        attachment: attachment of a container.
        network: the configuration, and how its plugin wires pods.
        forget: whether DEL is given no previous result either.
    """
    attachment.attach()
    attachment.lose_namespace()
    before = inventory.read(attachment.runtime.node, network)
    differences = answers.succeeded(attachment.delete(forget=forget))
    return differences + _after_del(attachment.runtime.node, network, before, [attachment])


def _after_del(
    node: Node,
    network: Network,
    before: Inventory,
    old: Sequence[Attachment],
    earlier: Things = MappingProxyType({}),
) -> Differences:
    """List what DEL left, and took: the kernel, and programs of the node, may need a moment.

    Args:
        node: the node.
        network: the configuration, and how its plugin wires pods.
        before: what the node had before DEL.
        old: the containers of DEL.
        earlier: what was there before the reboot.
    """
    return waiting.until(
        lambda: _of_old(inventory.read(node, network), before, old, earlier),
        lambda differences: not differences,
        limits.current().attachment_gone,
    )


def _of_old(
    now: Inventory, before: Inventory, old: Sequence[Attachment], earlier: Things
) -> Differences:
    """List what DEL left of the old containers, and what of the new one it took. Pure.

    What was there before the reboot, and names no old container, may be a daemon's of the plugin,
    which brings it back a moment after ADD has started it.
    """
    names = [name for attachment in old for name in attachment.known_by()]
    left = [
        Difference("left behind", kind, "gone", thing)
        for kind, things in now.things.items()
        for thing in things
        if any(attachment.container in thing for attachment in old)
    ]

    def is_usual(difference: Difference) -> bool:
        if difference.kind == "lost":
            return any(name in difference.expected for name in names)
        was_there = difference.seen in earlier.get(str(difference.where), ())
        return was_there and not any(name in difference.seen for name in names)

    return left + [d for d in now.since(before) if not is_usual(d)]


def _copy(paths: Sequence[str], node: Node, other: Node) -> None:
    """Copy files from a node to another one, by its own programs: no link leads out of them."""
    kept = [path.removeprefix("/") for path in paths if not path.startswith(_NOT_KEPT)]
    pack = ["tar", "-C", "/", "--no-recursion", "-cf", "-", *kept]
    seconds = limits.current().command
    try:
        packed = subprocess.run(
            node.entering(pack), capture_output=True, check=False, timeout=seconds
        )
        unpacked = subprocess.run(
            other.entering(["tar", "-C", "/", "-xf", "-"]),
            input=packed.stdout,
            capture_output=True,
            check=False,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired as late:
        raise CouldNotTest(f"{late}", limits.current().remedy) from None
    for ended in (packed, unpacked):
        if ended.returncode != 0:
            why = ended.stderr.decode(errors="replace").strip()
            raise CouldNotTest(f"the state of a node could not be copied: {why}")
