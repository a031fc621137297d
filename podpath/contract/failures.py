"""Ways in which ADD fails, and a range of addresses that is used up.

Rules: CNI specification 1.1.0, sections 2, ADD, and 3; documentation of host-local.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from podpath.cni.ipam import HOST_LOCAL, Range
from podpath.cni.network import Network
from podpath.contract import answers, refusals, valid_links
from podpath.contract.answers import Answer
from podpath.contract.attachments import Attachment
from podpath.contract.stand_in import failing_rules, killing_rules, standing_in
from podpath.contract.subjects import Step, Subject
from podpath.errors import DoesNotConform, Unmet
from podpath.model import Address, Difference, shape
from podpath.nodes import inventory, leases
from podpath.nodes.base import Node

#: Function that lets ADD of an attachment fail; its value is False if that is not possible.
Way = Callable[[Attachment], bool]

#: Reasons why ADD cannot be made to fail.
NO_IPAM = "it calls no IPAM plugin"
NO_RULES = "it runs no program that sets rules"
ANY_ARGUMENTS = "it accepts unknown keys of CNI_ARGS without IgnoreUnknown"

#: Requirements on DEL after an ADD that failed, and on what such an ADD changes for others.
_FAILED, _AGAIN = "CNI-DEL-FAILED", "CNI-ADD-AGAIN"

#: Addresses to look at for one that is not leased.
_MOST = 64


def refused_by_ipam(container: Attachment) -> bool:
    """Let the IPAM plugin refuse ADD."""
    with standing_in(container, fails=["ADD"]) as ipam:
        container.add()
        return bool(ipam.calls())


def killed_by_ipam(container: Attachment) -> bool:
    """Kill the plugin after its IPAM plugin has assigned an address."""
    with standing_in(container, kills=["ADD"]) as ipam:
        container.add()
        return bool(ipam.calls())


def killed_at_rules(container: Attachment) -> bool:
    """Kill the plugin when it sets rules."""
    with killing_rules(container) as path:
        return bool(container.add({"PATH": path})[-1].status)


def refused_at_rules(container: Attachment) -> list[Answer]:
    """Let the programs that set rules fail; return the answers, or none if ADD succeeds."""
    with failing_rules(container) as path:
        answered = container.add({"PATH": path})
    return answered if answered[-1].status else []


def no_namespace(container: Attachment) -> bool:
    """Name a network namespace that does not exist."""
    return bool(container.add({"CNI_NETNS": f"{container.netns}-missing"})[-1].status)


def unknown_arguments(container: Attachment) -> bool:
    """Give a key in CNI_ARGS that no plugin knows, without IgnoreUnknown."""
    return bool(container.add({"CNI_ARGS": "PODPATH_UNKNOWN=1"})[-1].status)


def disturbed(present: Attachment, network: Network, add: Callable[[], object]) -> list[Difference]:
    """List what an ADD that fails changes for a container that is attached, and at links of all.

    Addresses and routes that it leaves are for DEL to remove: CNI-DEL-FAILED.

    Args:
        present: the container that is attached.
        network: the configuration, and how its plugin wires pods.
        add: function that calls ADD of another container.

    Raises:
        CouldNotTest: the kernel cannot be asked.
    """
    before = valid_links.read([present], network).settings
    add()
    changed = valid_links.changes(before, valid_links.read([present], network).settings)
    return [difference for difference in changed if not _only_gained(difference)]


def _only_gained(difference: Difference) -> bool:
    """Return whether a list of addresses or routes still has all that it had."""
    before, now = (set(t.split(", ")) - {"none"} for t in (difference.expected, difference.seen))
    return str(difference.where).endswith((" addresses", " routes")) and before <= now


def undone(failed: Attachment) -> bool:
    """Call DEL after an ADD that failed, once more if it fails; return whether it succeeded.

    CNI-DEL-FAILED is about a DEL that fails.
    """
    return any(all(a.status == 0 for a in failed.delete()) for _ in range(2))


def _failing(answered: Sequence[Answer]) -> Answer:
    """Return the answer of the plugin that fails, or the first one."""
    return next((answer for answer in answered if answer.status), answered[0])


def exhausted(full: Attachment, late: Attachment, network: Network) -> list[Difference]:
    """Check an ADD for which no address is left, the DEL after it, and an ADD once one is free.

    Args:
        full: attachment that takes the only address.
        late: attachment of another container, which finds none.
        network: the configuration, and how its plugin wires pods.

    Raises:
        DoesNotConform: ADD of the first container failed, or a plugin does not end in time.
    """
    full.attach()
    before = inventory.read(full.runtime.node, network)
    answered: list[Answer] = []
    differences = disturbed(full, network, lambda: answered.extend(late.add()))
    answer = _failing(answered)
    differences += answers.succeeded(late.delete()) + late.leftovers(network, before)
    differences += answers.succeeded(full.delete())
    return differences or refusals.refused(late, answer) or answers.succeeded(late.add())


def beyond_failed(
    container: Attachment, present: Attachment, network: Network, found: Sequence[Difference]
) -> Sequence[Difference]:
    """Return what is wrong after an ADD, unless it is so after others that failed.

    Args:
        container: attachment whose ADD the IPAM plugin is to refuse.
        present: attachment of another container, ready for ADD.
        network: the configuration, and how its plugin wires pods.
        found: what was found after an ADD that failed for another reason.

    Raises:
        Unmet: each of them is one of CNI-DEL-FAILED or CNI-ADD-AGAIN, apart from the containers'
            names.
    """
    if not found or any(answer.status for answer in present.add()):
        return found
    before = inventory.read(container.runtime.node, network)
    refused: list[bool] = []
    changed = disturbed(present, network, lambda: refused.append(refused_by_ipam(container)))
    if not any(refused):
        return found
    left = answers.succeeded(container.delete()) + container.leftovers(network, before)
    for requirement, usual, why in (
        (_FAILED, left, "every DEL after an ADD that failed has these differences"),
        (_AGAIN, changed + left, "every ADD that failed has these differences"),
    ):
        if set(map(shape, found)) <= set(map(shape, usual)):
            raise Unmet(DoesNotConform("\n".join(map(str, found))), requirement, why)
    return found


def with_one_address(subject: Subject, network: Network, address: Address) -> Subject:
    """Return a subject whose last set of ranges has one address only. Pure."""
    *others, last = network.ipam.sets
    (only,) = (replace(r, first=address, last=address) for r in last if address in r)
    section = {
        **subject.main.section,
        "ipam": _ipam(subject.main.section["ipam"], (*others, (only,))),
    }

    def changed(step: Step) -> Step:
        return replace(step, section=section) if step is subject.main else step

    return replace(subject, steps=tuple(map(changed, subject.steps)))


def _ipam(section: Mapping[str, Any], sets: tuple[tuple[Range, ...], ...]) -> dict[str, Any]:
    of_range = ("subnet", "rangeStart", "rangeEnd", "gateway", "ranges")
    kept = {key: value for key, value in section.items() if key not in of_range}
    return kept | {"ranges": [[_range(r) for r in alternatives] for alternatives in sets]}


def _range(stated: Range) -> dict[str, str]:
    texts = {"subnet": stated.subnet, "rangeStart": stated.first, "rangeEnd": stated.last}
    gateway = {"gateway": stated.gateway} if stated.gateway is not None else {}
    return {key: str(value) for key, value in {**texts, **gateway}.items()}


def free_address(node: Node, network: Network) -> Address | None:
    """Return an address of the last set of ranges that no container has; None without any.

    Raises:
        CouldNotTest: the leases cannot be read.
    """
    if network.ipam.plugin != HOST_LOCAL or network.conflist.delegation or not network.ipam.sets:
        return None
    leased = leases.store(network).leases(node)
    for stated in network.ipam.sets[-1]:
        address = stated.last
        for _ in range(min(stated.usable, _MOST)):
            if address != stated.gateway and str(address) not in leased:
                return address
            address -= 1
    return None
