"""Read whole namespaces, each as one consistent snapshot."""

import os
import select
from collections.abc import Collection, Iterable, Mapping
from contextlib import closing

from podpath.errors import CouldNotTest
from podpath.model import NODE, Namespace, PodNetwork, Topology
from podpath.system import netns, sysctl
from podpath.system.netlink.questions import ChangedMeanwhile, Questions, listener
from podpath.topology.reading import fdb, links, neighbour_tables, routes, rules

_ATTEMPTS = 20


def read(
    node: str,
    named: Mapping[str, str],
    pods: Iterable[PodNetwork],
    foreign_pods: Iterable[PodNetwork] = (),
) -> Topology:
    """Read the node and all its named namespaces.

    Each namespace is one consistent snapshot: a change during the reading starts it again. A
    namespace of a pod that podpath did not create is left out if it vanishes meanwhile.

    Args:
        node: Path of the node's network namespace.
        named: Name of every other namespace -> its path.
        pods: Pods that podpath created.
        foreign_pods: Pods that podpath did not create.

    Raises:
        CouldNotTest: A namespace does not settle or cannot be entered, or the kernel refuses or
            gives a value that is not sound.
    """
    pods, foreign_pods, present = list(pods), list(foreign_pods), dict(named)
    own = {pod.netns for pod in pods}
    while True:
        try:
            return _read({NODE: node, **present}, pods, foreign_pods)
        except CouldNotTest:
            vanished = [
                n for n, path in present.items() if n not in own and not os.path.exists(path)
            ]
            if not vanished:
                raise
            for name in vanished:
                del present[name]


def _read(
    paths: Mapping[str, str], pods: Iterable[PodNetwork], foreign_pods: Iterable[PodNetwork]
) -> Topology:
    inodes = {name: netns.inode(path) for name, path in paths.items()}
    names = iter(paths)
    read = netns.run_in_each(paths.values(), lambda: _consistent(next(names), paths, inodes))
    spaces = dict(zip(paths, read, strict=True))
    return Topology(
        node=spaces.pop(NODE),
        named=spaces,
        pods={pod.name: pod for pod in pods},
        foreign_pods={pod.name: pod for pod in foreign_pods if pod.netns in spaces},
    )


def _consistent(name: str, paths: Mapping[str, str], inodes: Mapping[str, int]) -> Namespace:
    """Read the namespace of this thread, until nothing changes meanwhile."""
    for _ in range(_ATTEMPTS):
        try:
            return _namespace(name, paths, inodes)
        except ChangedMeanwhile:
            continue
        except OSError as error:
            raise CouldNotTest(
                f"the kernel did not tell of the namespace at {paths[name]}: {error}"
            ) from None
    raise CouldNotTest(
        f"the interfaces of namespace {name} changed in each of {_ATTEMPTS} readings",
        "See what adds and removes pods on this node meanwhile",
    )


def _namespace(name: str, paths: Mapping[str, str], inodes: Mapping[str, int]) -> Namespace:
    """Read the namespace of this thread. Raises ChangedMeanwhile."""
    with listener() as changes, closing(Questions()) as kernel:
        all_links, addresses, queues = kernel.links(), kernel.addresses(), kernel.queues()
        bridged = any(link.bridge for link in all_links)
        ports = kernel.ports() if bridged else ()
        settings = sysctl.LinkSettings()
        interfaces = tuple(links.interfaces(all_links, addresses, queues, settings.of, ports))
        names = {interface.index: interface.name for interface in interfaces}
        peers = {i.peer_nsid for i in interfaces if i.peer_nsid is not None}
        space = Namespace(
            name=name,
            inode=inodes[name],
            interfaces=interfaces,
            routes=tuple(routes.routes(kernel.routes(), names)),
            rules=tuple(rules.rules(kernel.rules())),
            neighbours=tuple(neighbour_tables.permanent(kernel.neighbours(), names)),
            fdb=tuple(fdb.entries(kernel.fdb(), names)) if bridged else (),
            nsids=_nsids(kernel, paths, inodes, peers),
            settings=settings.of("all"),
        )
        if select.select([changes], [], [], 0)[0]:
            raise ChangedMeanwhile
        return space


def _nsids(
    kernel: Questions,
    paths: Mapping[str, str],
    inodes: Mapping[str, int],
    peers: Collection[int],
) -> dict[int, int]:
    """Read this namespace's numbers for others that its links name: number -> inode."""
    numbers: dict[int, int] = {}
    for name, path in paths.items():
        if all(number in numbers for number in peers):
            break
        with open(path, "rb") as handle:
            number = kernel.namespace_id(handle.fileno())
        if number is not None:
            numbers[number] = inodes[name]
    return numbers
