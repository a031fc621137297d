"""Which kind of node is started, and how: the one place that knows all of them."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from podpath.nodes.base import Node
from podpath.nodes.cluster import host, kind, shared_lock
from podpath.nodes.embedded import node
from podpath.run.plan import Plan

Say = Callable[[str], None]


def start(plan: Plan, say: Say = lambda _: None) -> AbstractContextManager[Node]:
    """A node with the plugins and the conflist that are tested."""
    if plan.node == "kind":
        return kind.start(plan.cluster, plan.conflist, _chain(plan), say)
    if plan.node == "host":
        return host.start(plan.conflist, plan.cluster.kubeconfig, plan.pod_image, say)
    return node.start(plan.conflist, plan.plugin_directories, say)


def start_fresh(plan: Plan) -> AbstractContextManager[Node]:
    """A node on which no pod has ever been. Not of the kind host: it has one node."""
    if plan.node == "kind":
        chain = _chain(plan)
        return kind.start(plan.cluster, plan.conflist, chain, lambda _: None, fresh=True)
    return node.start(plan.conflist, plan.plugin_directories)


@contextmanager
def held(plan: Plan, say: Say) -> Iterator[None]:
    """What all processes of a run share, for the length of the block: kind's cluster."""
    if plan.node != "kind":
        yield
        return
    try:
        with kind.held(plan.cluster, plan.conflist, _chain(plan), say):
            yield
    finally:
        kind.sweep(
            say, plan.cluster.kind
        )  # what workers had of their own, who were not given the time to end


def turn(plan: Plan) -> AbstractContextManager[None]:
    """A test's turn: on a node that processes share, what one does, the others would see."""
    if plan.node == "embedded":
        return nullcontext()
    return shared_lock.turn(_state(plan))


def _state(plan: Plan) -> Path:
    return host.STATE if plan.node == "host" else kind.CLUSTERS / plan.cluster.name


def _chain(plan: Plan) -> dict[str, str]:
    return kind.chain(plan.plugins, plan.plugin_directories)
