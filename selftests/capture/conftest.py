"""One real node for the tests of this directory, and ways to disturb what is watched on it."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from podpath.cni.network import Network
from podpath.nodes.base import Node
from podpath.nodes.deployment import BYSTANDER, CLIENT, SERVER, Deployment
from podpath.nodes.embedded.kind import Embedded
from podpath.nodes.embedded.node import start
from podpath.paths import capture
from podpath.paths.observe import Observer
from podpath.paths.traffic import Traffic, Traffics
from podpath.plugin import shared
from podpath.run.plan import Plan
from selftests.capture.disturb import Disturb


@pytest.fixture(scope="package")
def node() -> Iterator[Node]:
    """A node that lives as long as this directory's tests; so long, none has the machine alone."""
    descriptor = os.open(Path(__file__).parent.parent, os.O_RDONLY)
    plan = Plan.read(Embedded(), None, [], None, None)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        with start(plan.network.conflist) as started:
            yield started
    finally:
        os.close(descriptor)


@pytest.fixture(scope="package")
def pods(node: Node) -> Iterator[Deployment]:
    deployment = Deployment(node)
    with deployment.temporary(CLIENT, SERVER, BYSTANDER):
        yield deployment


@pytest.fixture(scope="package")
def network(pytestconfig: pytest.Config) -> Network:
    return shared.plan(pytestconfig).network


@pytest.fixture(scope="package")
def observer(node: Node, pods: Deployment, network: Network) -> Observer:
    return Observer(node, network, pods)


@pytest.fixture
def disturb(node: Node, pods: Deployment) -> Disturb:
    return Disturb(node, pods)


@pytest.fixture
def traffic(node: Node, pods: Deployment, request: pytest.FixtureRequest) -> Traffics:
    return Traffics(node, pods, shared.draws(request.node))


@pytest.fixture
def ping(traffic: Traffics) -> Traffic:
    """The traffic of most tests."""
    return traffic.ping(CLIENT, SERVER, count=3)


@pytest.fixture
def impatient(limit: Callable[..., None]) -> None:
    """Wait less for packets that do not come than a real path deserves."""
    limit(exchange_end=0.2)


@pytest.fixture
def captures(monkeypatch: pytest.MonkeyPatch) -> list[capture.Capture]:
    """The captures that are made, while they run."""
    running: list[capture.Capture] = []
    real = capture.armed

    @contextmanager
    def armed(*arguments: object, **options: object) -> Iterator[capture.Capture]:
        with real(*arguments, **options) as one:  # type: ignore[arg-type]
            running.append(one)
            yield one

    monkeypatch.setattr(capture, "armed", armed)
    return running
