"""Compare reading the topology with pyroute2's reading of the same tables and namespaces."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from proofs import Bench
from results import Goal, Result

from podpath.system import netns


def topology(on: Bench, rounds: int) -> list[Result]:
    """Divide the processor time of reading the node and its pods by that of pyroute2's calls.

    pyroute2's calls only decode the tables; podpath also makes its own values of them.
    """
    paths = [on.node.network_namespace(), *on.node.named_namespaces().values()]
    ours, theirs = [], []
    for number in range(rounds + 1):
        own = _taken(on.observer.topology)
        called = _taken(lambda: [netns.run_in(path, _tables) for path in paths])
        if number:  # the first round imports modules and fills caches
            ours.append(own)
            theirs.append(called)
    ratios = [own / called for own, called in zip(ours, theirs, strict=True)]
    return [
        Result(
            "topology", "topology: all namespaces, by pyroute2's own calls", "x", ratios, Goal(1)
        ),
        Result("topology.cpu", "processor time", "ms", [1000 * taken for taken in ours]),
    ]


def _taken(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def _tables() -> list[list[Any]]:
    from pyroute2 import IPRoute

    with IPRoute() as netlink:
        calls: list[Callable[[], Any]] = [
            *(netlink.get_links, netlink.get_addr, netlink.get_qdiscs, netlink.get_routes),
            *(netlink.get_rules, partial(netlink.fdb, "dump")),
        ]
        return [list(call()) for call in calls]
