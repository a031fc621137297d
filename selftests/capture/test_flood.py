"""A flood of other traffic on the node: conclusive thanks to the filter, or not; never wrong."""

import re
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from functools import partial

import pytest

from podpath.errors import CouldNotTest
from podpath.nodes.base import Node
from podpath.nodes.deployment import BYSTANDER, CLIENT, SERVER
from podpath.paths import probes
from podpath.paths.observe import Observer
from podpath.paths.traffic import Traffic, Traffics
from selftests.capture import flood
from selftests.capture.disturb import Disturb, then
from selftests.capture.flood import Flood

pytestmark = [pytest.mark.xdist_group("one-node"), pytest.mark.usefixtures("impatient")]

#: Frames of the flood while a probe is watched, however long the machine takes for them.
_MEANWHILE = 2_000
_ENDS = (BYSTANDER, SERVER)
_NOBODY_LISTENS = 9


Start = Callable[[], AbstractContextManager[Flood]]


@pytest.fixture(params=[True, False], ids=["answered", "ignored"])
def start(
    request: pytest.FixtureRequest,
    node: Node,
    observer: Observer,
    traffic: Traffics,
    disturb: Disturb,
    limit: Callable[..., None],
) -> Start:
    """UDP from the bystander to the server, where it is answered with ICMP errors, or ignored."""
    limit(canary=1.0)
    traffic.ping(BYSTANDER, SERVER).send()
    topology = observer.topology()
    macs = [link.mac for pod in _ENDS if (link := topology.of_pod(pod).interface("eth0"))]
    ends = [str(traffic.address(pod)) for pod in _ENDS]
    if not request.param:
        ends[1] = "198.51.100.1"
    frame = flood.datagram((macs[0], macs[1]), (ends[0], ends[1]), _NOBODY_LISTENS)
    host = disturb.host_end(topology, BYSTANDER)
    counter = node.root(f"/sys/class/net/{host}/statistics/rx_packets")
    return partial(flood.flooding, disturb.namespace(BYSTANDER), "eth0", counter, frame)


def _outcome(observer: Observer, sent: Traffic, expression: str | None = None) -> str:
    """Why it could not be tested, or nothing if it conforms; nothing else may come of it."""
    try:
        observed = observer.observe(sent, expression=expression)
    except CouldNotTest as error:
        return str(error)
    assert observed.differences == []
    return ""


@pytest.mark.parametrize("protocol", ["ping", "udp", "http"])
def test_filtered_probe(observer: Observer, traffic: Traffics, start: Start, protocol: str) -> None:
    """The filter keeps the flood from the sniffers."""
    sent = getattr(traffic, protocol)(CLIENT, SERVER)
    with start() as flowing:
        told = _outcome(observer, then(sent, lambda: flowing.wait_for(_MEANWHILE)))
        sys.stdout.write(f"{flowing.rate:.0f} frames a second: {told or 'conclusive'}")


def test_unfiltered_probe(observer: Observer, ping: Traffic, start: Start) -> None:
    """Where everything is watched, other traffic leaves nothing to be said."""
    with start() as flowing:
        sent = then(ping, lambda: flowing.wait_for(_MEANWHILE))
        told = _outcome(observer, sent, probes.EVERYTHING)
        sys.stdout.write(f"{flowing.rate:.0f} frames a second: {told}")

    assert re.search("frames|canaries", told)


def test_unfiltered_probe_when_the_flood_begins_meanwhile(
    observer: Observer, ping: Traffic, start: Start
) -> None:
    with ExitStack() as flowing:

        def begin() -> None:
            flowing.enter_context(start()).wait_for(_MEANWHILE)

        told = _outcome(observer, then(ping, begin), probes.EVERYTHING)
        sys.stdout.write(told)

    assert re.search("frames|canaries", told)
