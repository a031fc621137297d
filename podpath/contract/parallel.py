"""Checks of several containers at the same time.

Rules: CNI specification 1.1.0, section 3, "Lifecycle & Ordering".
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from podpath.contract.answers import Answer, succeeded
from podpath.contract.attachments import Attachment
from podpath.model import Difference, canonical

MANY = 4

Differences = list[Difference]


def added(containers: Sequence[Attachment]) -> Differences:
    """Check that ADD of all containers at once succeeds, each with an address of its own."""
    differences = _at_once(lambda container: container.add(), containers)
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
