"""The node that a shell is for: the one that stands, or a new one with pods."""

import fcntl
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from podpath.errors import CouldNotTest
from podpath.nodes.deployment import BYSTANDER, CLIENT, SERVER
from podpath.nodes.embedded import standing
from podpath.shell import greeting as greetings
from podpath.shell import provisions, session, terminal
from podpath.system import limits, waiting
from podpath.testing import NodeOptions, OpenNode, attach, deploy, open_node, standing_nodes

#: The pods of a node that a shell starts.
PODS = (CLIENT, SERVER, BYSTANDER)
#: Directory whose lock a process holds while it looks for a node, or starts one.
_TURN = "/run"
_KILLED = 128 + signal.SIGKILL


@contextmanager
def opened(
    options: NodeOptions,
    say: Callable[[str], None],
    *,
    join: str | None = None,
    new: bool = False,
    pods: Sequence[str] = PODS,
) -> Iterator[OpenNode]:
    """Join a node that stands, or start one with pods, for the length of the block.

    The node lives as long as one process does that opened it, and leaves nothing.

    Args:
        options: what the node must be started with.
        say: function that shows progress.
        join: name of a node to join, whatever it was started with.
        new: True to start a node even if one stands.
        pods: pods of a node that is started.

    Raises:
        CouldNotTest: podpath cannot start a node here, or it is not clear which one to join.
        DoesNotConform: the plugin made no pods.
    """
    with ExitStack() as stack:
        with _turn(say):
            node = _entered(stack, options, say, pods, join=join, new=new)
        yield node


def _entered(
    stack: ExitStack,
    options: NodeOptions,
    say: Callable[[str], None],
    pods: Sequence[str],
    *,
    join: str | None,
    new: bool,
) -> OpenNode:
    if standing.inside():
        if new or options != NodeOptions():
            raise CouldNotTest("this is a shell on a node", "Use another window of the host")
        return stack.enter_context(attach())
    if join:
        return stack.enter_context(attach(join))
    if not new and (name := _standing(options)):
        return stack.enter_context(attach(name))
    node = stack.enter_context(open_node(options, say=say, attachable=True))
    if pods:
        say("creating pods")
        stack.enter_context(deploy(node, *pods, until_node_ends=True))
    return node


@contextmanager
def _turn(say: Callable[[str], None]) -> Iterator[None]:
    """Wait while another process looks for a node or starts one, or both would start their own.

    Any user can lock the directory, so the wait is bounded.
    """
    descriptor = os.open(_TURN, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if not _locks(descriptor):
            say("another shell is starting a node")
            waiting.until(lambda: _locks(descriptor), bool, limits.current().node_start)
        yield
    finally:
        os.close(descriptor)


def _locks(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _standing(options: NodeOptions) -> str:
    """Return the name of the node to join; empty if there is none.

    Without options that is any node; with options, one that was started with the same ones.

    Raises:
        CouldNotTest: there are several.
    """
    nodes = standing_nodes(None if options == NodeOptions() else options)
    if len(nodes) > 1:
        raise CouldNotTest(
            f"several nodes stand: {', '.join(nodes)}",
            "Choose one with --join NAME, or start another with --new",
        )
    return nodes[0] if nodes else ""


def run(node: OpenNode, command: str | None = None) -> int:
    """Run a shell, or one command, on a node, and return the exit status. See session.run.

    Raises:
        CouldNotTest: the node has ended by itself meanwhile, or does not take the shell.
    """
    greets = command is None and terminal.is_attended()
    greeting = greeting_of(node) if greets else ""
    status = session.run(node.node, command, name=node.id, greeting=greeting)
    # a node that ends kills its shells, and its keeper needs a moment to say why it ended
    seconds = limits.current().node_death if status == _KILLED else 0.0
    if ended := waiting.until(node.node.ended, bool, seconds):
        raise CouldNotTest(ended, "Start another with `podpath shell`")
    return status


def greeting_of(node: OpenNode) -> str:
    """Return the greeting of a shell on a node."""
    pods = {pod.name: [str(a) for a in pod.network.addresses] for pod in node.pods}
    bridge, watched = greetings.crossed(node.topology(), next(iter(pods))) if pods else ("", "")
    conflist = node.network.conflist
    return greetings.text(
        greetings.Scene(
            name=node.id,
            network=f"{conflist.name} ({' + '.join(conflist.plugins)})",
            pods=pods,
            bridge=bridge,
            watched=watched,
            missing=provisions.missing(),
        )
    )
