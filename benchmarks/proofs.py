"""Compare path proofs with the manual recipe for the same question, on the same pair of pods."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from recipe import Place, connection_closed, follow, pings_complete
from results import Goal, Result

from podpath.cni.conflist import DEFAULT
from podpath.cni.network import Network
from podpath.errors import CouldNotTest
from podpath.model import POD_INTERFACE, CommandResult, Family
from podpath.nodes.base import Node
from podpath.nodes.deployment import CLIENT, HTTP_PORT, MAIN, SERVER, Deployment
from podpath.nodes.embedded.node import start
from podpath.paths.observe import Observer
from podpath.paths.traffic import Traffic, Traffics
from podpath.system import netns, programs
from podpath.system.randomness import Draws, new_seed

_PINGS = 3
_BODY = 1460
_RECIPE_SECONDS = 30


@dataclass(frozen=True)
class Bench:
    """One embedded node with a client and a server, for all proofs.

    Attributes:
        node: The node.
        pods: Its pods.
        observer: Watches traffic between the pods.
        traffics: Makes traffic between the pods.
    """

    node: Node
    pods: Deployment
    observer: Observer
    traffics: Traffics

    def places(self) -> list[Place]:
        """Return the five interfaces between client and server."""
        topology = self.observer.topology()
        named = self.node.named_namespaces()
        node = self.node.network_namespace()
        client, server = topology.host_end(CLIENT), topology.host_end(SERVER)
        master = topology.node.by_index(client.master if client else None)
        if client is None or server is None or master is None:
            raise CouldNotTest("the pods of the benchmark are not joined by a bridge")
        return [
            Place(named[self.pods[CLIENT].network.netns], POD_INTERFACE),
            Place(node, client.name),
            Place(node, master.name),
            Place(node, server.name),
            Place(named[self.pods[SERVER].network.netns], POD_INTERFACE),
        ]

    def execute(self, *command: str) -> CommandResult:
        """Run a program of the host in the client's network namespace, as podpath does."""
        namespace = self.node.namespace_of(self.pods[CLIENT], MAIN)
        done = netns.run_in(
            namespace,
            lambda: subprocess.run(
                command, capture_output=True, check=False, timeout=_RECIPE_SECONDS
            ),
        )
        return CommandResult(done.returncode, done.stdout, done.stderr.decode(errors="replace"))

    @property
    def server(self) -> str:
        """The server's address."""
        return str(self.pods[SERVER].network.address(Family.IPV4))


@contextmanager
def bench() -> Iterator[Bench]:
    """Start a node with the default conflist, to measure proofs on."""
    network = Network.read(DEFAULT)
    with start(network.conflist) as node:
        pods = Deployment(node)
        with pods.temporary(CLIENT, SERVER):
            observer = Observer(node, network, pods)
            yield Bench(node, pods, observer, Traffics(node, pods, Draws(new_seed(), "benchmarks")))


def icmp(on: Bench, rounds: int) -> list[Result]:
    """Compare one ICMP path proof with the recipe for `ping -c 3`.

    The time of a proof begins before the sniffers are armed, and ends with the judgement on one
    echo request and its reply at all interfaces of all namespaces of the node. The recipe (see
    recipe.py) uses the filter `icmp` and `ping -n -c 3`, and ends when every tcpdump has printed
    three requests and three replies.
    """
    return _compare(
        on,
        rounds,
        "icmp-proof",
        Goal(1 / 10, inclusive=True),
        prove=lambda: on.traffics.ping(CLIENT, SERVER),
        expression="icmp",
        send=lambda: on.execute("ping", "-n", "-c", str(_PINGS), on.server),
        complete=pings_complete(_PINGS),
    )


def http(on: Bench, rounds: int) -> list[Result]:
    """Compare one HTTP path proof with the recipe for one `wget`.

    The time of a proof begins before the sniffers are armed, and ends with the judgement on every
    packet of the connection. The recipe (see recipe.py) uses the filter `tcp port 80` and one wget
    of as many bytes, and ends when every tcpdump has printed both FINs and the ACK of each.
    """
    target = f"http://{on.server}:{HTTP_PORT}/{_BODY}"
    return _compare(
        on,
        rounds,
        "http-proof",
        Goal(1 / 5, inclusive=True),
        prove=lambda: on.traffics.http(CLIENT, SERVER, size=_BODY),
        expression=f"tcp port {HTTP_PORT}",
        send=lambda: on.execute(programs.locate("busybox"), "wget", "-q", "-O", "-", target),
        complete=connection_closed,
    )


def _compare(
    on: Bench,
    rounds: int,
    name: str,
    goal: Goal,
    *,
    prove: Callable[[], Traffic],
    expression: str,
    send: Callable[[], CommandResult],
    complete: Callable[[str], bool],
) -> list[Result]:
    """Measure proof and recipe in turns, after one unmeasured run of each.

    A noisy machine so disturbs both. Each round has a ratio, and the median of the ratios is
    compared with the goal. A further line shows the proof's own traffic without sniffers, which is
    the lower limit of any proof.
    """
    by_hand = partial(follow, on.places(), expression, send, complete)
    _prove(on, prove)
    by_hand()
    proofs, recipes, unwatched = [], [], []
    for _ in range(rounds):
        proofs.append(_prove(on, prove))
        recipes.append(by_hand())
        unwatched.append(_send(prove))
    ratios = [p / r for p, r in zip(proofs, recipes, strict=True)]
    return [
        Result(name, f"{name}: proof / recipe", "x", ratios, goal),
        Result(f"{name}.proof", f"{name}: the proof itself", "s", proofs, Goal(0.025)),
        Result(f"{name}.traffic", "its traffic, unwatched", "s", unwatched),
        Result(f"{name}.recipe", "the recipe", "s", recipes),
    ]


def _send(make: Callable[[], Traffic]) -> float:
    traffic = make()
    begin = time.monotonic()
    result = traffic.send()
    taken = time.monotonic() - begin
    if result.status != 0:
        raise CouldNotTest(f"the traffic failed: {result.text}{result.errors}")
    return taken


def _prove(on: Bench, make: Callable[[], Traffic]) -> float:
    begin = time.monotonic()
    observed = on.observer.observe(make())
    taken = time.monotonic() - begin
    if observed.differences:
        raise CouldNotTest(f"the proof failed, so its time means nothing: {observed.differences}")
    return taken
