"""Checks of several containers at the same time.

Rules: CNI specification 1.1.0, section 3, "Lifecycle & Ordering".
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from podpath.contract import links
from podpath.contract.answers import Answer, succeeded
from podpath.contract.attachments import Attachment
from podpath.errors import DoesNotConform, Unmet
from podpath.model import Difference, canonical

MANY = 4

Differences = list[Difference]


def added(containers: Sequence[Attachment]) -> Differences:
    """Check that ADD of all containers at once succeeds, each with an address of its own.

    Raises:
        Unmet: Several results have an address that the containers' interfaces lack.
        CouldNotTest: The links cannot be listed.
    """
    failed = _at_once(lambda container: container.add(), containers)
    shared = _shared_addresses(containers)
    if shared and (lacking := [d for container in containers for d in _unheld(container)]):
        violation = DoesNotConform("\n".join(map(str, lacking)))
        raise Unmet(violation, "CNI-ADD-INTERFACE", links.LACKING)
    return failed + shared


def _unheld(container: Attachment) -> Differences:
    """List the addresses of the result that the container's interface lacks, if there is one."""
    link = container.state().container_links.get(container.interface)
    held = set(map(canonical, link.addresses)) if link else None
    return [
        Difference("address", "ips of the result", f"{text} on {container.interface}", str(link))
        for text in (canonical(entry["address"]) for entry in container.addresses)
        if held is not None and text not in held
    ]


def _shared_addresses(containers: Iterable[Attachment]) -> Differences:
    differences = []
    held: dict[str, str] = {}
    for container in containers:
        for entry in container.addresses:
            other = held.setdefault(canonical(entry["address"]), container.name)
            if other != container.name:
                seen = f"{other} and {container.name}"
                differences.append(Difference("address", entry["address"], "one container", seen))
    return differences


def deleted(containers: Sequence[Attachment]) -> Differences:
    """Check that DEL of all containers at once succeeds."""
    return _at_once(lambda container: container.delete(), containers)


def _at_once(
    work: Callable[[Attachment], Iterable[Answer]], containers: Sequence[Attachment]
) -> Differences:
    with ThreadPoolExecutor(len(containers)) as pool:
        return [d for answers in pool.map(work, containers) for d in succeeded(answers)]
