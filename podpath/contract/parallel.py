"""Checks of several containers at the same time.

Rules: CNI specification 1.1.0, section 3, "Lifecycle & Ordering".
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from podpath.contract.answers import Answer, entries, succeeded
from podpath.contract.attachments import Attachment
from podpath.model import Difference

MANY = 4

Differences = list[Difference]


def added(containers: Sequence[Attachment]) -> Differences:
    """Check that ADD of all containers at once succeeds, each with an address of its own."""
    found = _at_once(lambda one: one.add(), containers)
    held: dict[str, str] = {}
    for one in containers:
        for entry in entries(one.result or {}, "ips", "address"):
            other = held.setdefault(entry["address"], one.name)
            if other != one.name:
                seen = f"{other} and {one.name}"
                found.append(Difference("address", entry["address"], "one container", seen))
    return found


def deleted(containers: Sequence[Attachment]) -> Differences:
    """Check that DEL of all containers at once succeeds."""
    return _at_once(lambda one: one.delete(), containers)


def _at_once(
    work: Callable[[Attachment], Iterable[Answer]], containers: Sequence[Attachment]
) -> Differences:
    with ThreadPoolExecutor(len(containers)) as pool:
        return [d for answers in pool.map(work, containers) for d in succeeded(answers)]
