"""Measure how a path proof grows with the number of pods on the node."""

import resource
import sys
import time
from contextlib import ExitStack

from results import Goal, Result

from podpath.cni.conflist import DEFAULT
from podpath.cni.network import Network
from podpath.errors import CouldNotTest
from podpath.nodes.deployment import CLIENT, SERVER, Deployment
from podpath.nodes.embedded.node import start
from podpath.nodes.pod import PodSpec
from podpath.paths.observe import Observer
from podpath.paths.traffic import Traffic, Traffics
from podpath.system.randomness import Draws, new_seed

#: Numbers of pods, client and server included.
SIZES = (1, 3, 10, 30, 60, 110, 250)
_GOALS = {110: Goal(0.5), 250: Goal(1.2)}
_AT_ONCE = 4  # pods that are created or deleted at the same time
_KIB_PER_MB = 1000 * 1000 / 1024


def growth(rounds: int) -> list[Result]:
    """Measure an ICMP proof while more and more pods share the node.

    A single pod pings its gateway; otherwise the client pings the server. The other pods are
    sandboxes without a container: each has a network namespace, and all that the plugin gives it.
    The first proof after each growth is not measured, as it reads the new pods for the first time.
    """
    network = Network.read(DEFAULT)
    results: list[Result] = []
    with start(network.conflist, pods=SIZES[-1]) as node, ExitStack() as stack:
        pods = Deployment(node)
        observer = Observer(node, network, pods)
        traffics = Traffics(node, pods, Draws(new_seed(), "benchmarks"))
        stack.enter_context(pods.temporary(CLIENT))
        gateway = network.ipam.gateway(network.families[0])
        for size in SIZES:
            stack.enter_context(_more(pods, size))
            taken = [
                _prove(
                    observer,
                    traffics.ping_gateway(CLIENT, gateway)
                    if size == 1
                    else traffics.ping(CLIENT, SERVER),
                )
                for _ in range(rounds + 1)
            ]
            what = f"growth: {size} {'pod' if size == 1 else 'pods'}"
            seconds, cpu = zip(*taken[1:], strict=True)  # the first one reads the new pods
            results += [
                Result(f"growth.{size}", what, "s", seconds, _GOALS.get(size)),
                Result(f"growth.{size}.cpu", "processor time", "s", cpu),
            ]
            print(*map(_line, results[-2:]), sep=", ", file=sys.stderr, flush=True)
    return [*results, Result("growth.memory", "growth: memory, peak", "MB", [_peak()], Goal(300))]


def _more(pods: Deployment, size: int) -> ExitStack:
    """Create pods until there are as many as `size`; they are deleted when the stack is closed."""
    stack = ExitStack()
    present = {pod.name for pod in pods}
    missing = size - len(present)
    if missing and SERVER not in present:
        stack.enter_context(pods.temporary(SERVER))
        missing -= 1
    others = [PodSpec(f"other-{size - number}", {}) for number in range(missing)]
    stack.enter_context(pods.temporary(*others, parallel=_AT_ONCE))
    return stack


def _line(result: Result) -> str:
    return f"{result.what}: {min(result.samples):.3f} to {max(result.samples):.3f} s"


def _prove(observer: Observer, traffic: Traffic) -> tuple[float, float]:
    """Return the seconds that a proof takes, and those of the processor."""
    begin, cpu = time.monotonic(), time.process_time()
    observed = observer.observe(traffic)
    taken = time.monotonic() - begin, time.process_time() - cpu
    if observed.differences:
        raise CouldNotTest(f"the proof failed, so its time means nothing: {observed.differences}")
    return taken


def _peak() -> float:
    """Return this process's peak of resident memory in MB (getrusage(2))."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KIB_PER_MB
