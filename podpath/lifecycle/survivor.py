"""Keep a transfer and pings running while pods come and go."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from podpath.errors import CouldNotTest, DoesNotConform, Unmet
from podpath.model import CommandResult, Difference, Family
from podpath.nodes import image
from podpath.nodes.base import Node
from podpath.nodes.deployment import CLIENT, HTTP_PORT, MAIN, SERVER, Deployment
from podpath.paths import self_report
from podpath.paths.traffic import Traffics
from podpath.paths.traffic.programs import counted, url
from podpath.system import limits, proc, waiting
from podpath.system.proc import Endpoint, Socket


def disturbances(
    node: Node, pods: Deployment, traffic: Traffics, family: Family
) -> list[Difference]:
    """List how pods that come and go disturb a transfer and pings.

    The server sends numbered lines until it learns that the pods are gone, then a last one.

    Raises:
        CouldNotTest: the pings did not begin, or a program in a pod could not be run.
        Unmet: no connection was established, or no ping was answered.
    """
    target = traffic.address(SERVER, family)
    lines = url(target, image.STREAM, HTTP_PORT)
    stream = f"wget -q -O /tmp/got '{lines}'; echo $?; sed -n '$=; $p' /tmp/got"
    ping = ["/bin/ping", "-n", "-q", "-i", "0.02", str(target)]
    pings = f"{' '.join(ping)} & while [ ! -e /tmp/go ]; do usleep 5000; done; kill -INT $!; wait"

    def run(pod: str, *command: str) -> CommandResult:
        return node.execute(pods[pod], MAIN, command, limits.current().transfer)

    run(CLIENT, "rm", "-f", "/tmp/go")
    run(SERVER, "rm", "-f", image.ENOUGH)
    with ThreadPoolExecutor(2) as pool:
        transfer = pool.submit(run, CLIENT, "/bin/sh", "-c", stream)
        try:
            if not _begun(lambda: _connections(node, pods), transfer):
                run(CLIENT, "killall", "wget")
                fault = f"no connection from {CLIENT} to {SERVER} was established"
                raise Unmet(DoesNotConform(fault), "PATH-HTTP", "no transfer began")
            before = _connections(node, pods)
            pinging = pool.submit(run, CLIENT, "/bin/sh", "-c", pings)
            # Otherwise it might begin after the pods are gone, and prove nothing.
            if not _begun(lambda: _sockets(node, pods, "raw", "icmp", "raw6", "icmp6"), pinging):
                raise CouldNotTest(f"ping did not begin in pod {CLIENT}", limits.current().remedy)
            with pods.temporary("passer-1", "passer-2"):
                pass
            with pods.temporary("passer-3"):
                pass
            after = _connections(node, pods)
        finally:
            run(CLIENT, "touch", "/tmp/go")
            run(SERVER, "touch", image.ENOUGH)
        stalled = not waiting.until(transfer.done, bool, limits.current().measures.stall)
        if stalled:
            run(CLIENT, "killall", "wget")
        ended = transfer.result()
    differences = []
    where = f"{CLIENT} -> {SERVER}"
    sent, received, _ = counted(pinging.result())
    if not received:  # nor was the first one answered, which no pod that came can have disturbed
        fault = f"no ping from {CLIENT} to {SERVER} was answered"
        raise Unmet(DoesNotConform(fault), "PATH-ICMP", "no ping was answered")
    if lost := max(sent - received - 1, 0):  # the last one may be on its way when ping is ended
        differences.append(Difference("lost", where, "a reply to each ping", f"{lost} without"))
    if before != after:
        differences.append(Difference("connection", where, "the same, established", "gone"))
    return differences + transferred(ended, where, stalled=stalled)


def transferred(ended: CommandResult, where: str, *, stalled: bool = False) -> list[Difference]:
    """Check the output of a program that prints its status, the number of lines, and the last line.

    Args:
        ended: end of the program: its status and output.
        where: place of the difference.
        stalled: podpath ended the program, because no more data came.

    Raises:
        CouldNotTest: the program was not run, or was killed.
    """
    status, lines, last = (*ended.text.split(), "", "", "")[:3]
    if not status.isdigit():
        raise CouldNotTest(f"wget in pod {CLIENT} was not run: {ended.errors.strip()[-200:]}")
    if (killed := self_report.killed(int(status))) and not stalled:
        raise CouldNotTest(f"wget in pod {CLIENT} did not end by itself: {killed}")
    # a connection that stays open after the last line has carried all: PATH-HTTP is about its end
    if last == "end" and (stalled or status == "0"):
        return []
    seen = f"{lines or 'no'} lines, the last one {last!r} {ended.errors.strip()[-200:]}".strip()
    if stalled:
        seen += f", and nothing more for {limits.current().measures.stall:.0f} s"
    return [Difference("transfer", where, "all that the server sent", seen)]


def _begun(seen: Callable[[], object], program: "Future[CommandResult]") -> bool:
    """Wait until a program's effect is seen; return False if the program ends without it."""
    seconds = limits.current().transfer_start
    return waiting.until(lambda: (bool(seen()), program.done()), any, seconds)[0]


def _sockets(node: Node, pods: Deployment, *tables: str) -> list[Socket]:
    """List the client's sockets, as the kernel does."""
    directory = node.root(f"/proc/{pods[CLIENT].pids[MAIN]}/net")
    return [socket for table in tables for socket in proc.sockets(_text(directory / table))]


def _text(table: Path) -> str:
    """Return a table's text; empty if the kernel does not have it, such as IPv6's."""
    try:
        return table.read_text() if table.exists() else ""
    except OSError as error:
        raise CouldNotTest(f"the connections of pod {CLIENT} could not be read: {error}") from None


def _connections(node: Node, pods: Deployment) -> set[tuple[Endpoint, Endpoint]]:
    """Return the client's established connections to HTTP servers."""
    return {
        (socket.local, socket.remote)
        for socket in _sockets(node, pods, "tcp", "tcp6")
        if socket.remote[1] == HTTP_PORT and socket.state == proc.ESTABLISHED
    }
