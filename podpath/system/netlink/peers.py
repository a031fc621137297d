"""Find the interfaces of a network namespace whose peers are in others."""

from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path

from podpath.system import netns
from podpath.system.netlink.links import LinkMessage
from podpath.system.netlink.questions import ChangedMeanwhile, Questions

_ATTEMPTS = 20


def of(namespace: str, others: Mapping[str, str]) -> dict[str, list[tuple[str, str]]]:
    """Return the interfaces of a namespace that lead to each of several others.

    A namespace that vanishes meanwhile leads to none.

    Args:
        namespace: path of the namespace.
        others: name of another namespace -> its path.

    Returns:
        Name of the other namespace -> name and MAC address of each interface.

    Raises:
        CouldNotTest: the namespace cannot be entered.
        OSError: the kernel refuses or does not answer.
    """
    return netns.run_in(namespace, lambda: _read(others))


def _read(others: Mapping[str, str]) -> dict[str, list[tuple[str, str]]]:
    with closing(Questions()) as kernel:
        links = _links(kernel)
        return {name: _leading_to(_number(kernel, path), links) for name, path in others.items()}


def _links(kernel: Questions) -> Sequence[LinkMessage]:
    for _ in range(_ATTEMPTS):
        with suppress(ChangedMeanwhile):
            return kernel.links()
    return []


def _number(kernel: Questions, path: str) -> int | None:
    try:
        with Path(path).open("rb") as handle:
            return kernel.namespace_id(handle.fileno())
    except OSError:  # the namespace has vanished
        return None


def _leading_to(number: int | None, links: Sequence[LinkMessage]) -> list[tuple[str, str]]:
    if number is None:
        return []
    return [(link.name, link.mac) for link in links if link.peer_nsid == number]
