"""A flood of other traffic on the node: conclusive thanks to the filter, or not; never wrong."""

import re
import sys
from collections.abc import Iterator

import pytest

from podpath import probes
from podpath.errors import CouldNotTest
from podpath.nodes import base
from podpath.nodes.base import Node
from podpath.observe import Observer
from podpath.pods import BYSTANDER, CLIENT, SERVER, Deployment
from podpath.traffic import Traffic, Traffics
from selftests.capture import flood
from selftests.capture.disturb import Disturb, then
from selftests.capture.flood import Flood

pytestmark = pytest.mark.xdist_group("one-node")

#: Frames of the flood while a probe is watched, however long the machine takes for them.
_MEANWHILE = 2_000


@pytest.fixture(params=[9, 9000], ids=["nobody-listens", "somebody-listens"])
def flooded(
    request: pytest.FixtureRequest,
    node: Node,
    observer: Observer,
    pods: Deployment,
    traffic: Traffics,
    disturb: Disturb,
) -> Iterator[Flood]:
    """UDP from the bystander to the server; where nobody listens, ICMP errors come back."""
    traffic.ping(BYSTANDER, SERVER).send()
    topology = observer.topology()
    macs = [topology.of_pod(pod).interface("eth0") for pod in (BYSTANDER, SERVER)]
    assert macs[0]
    assert macs[1]
    ends = [str(pods[pod].network.addresses[0]) for pod in (BYSTANDER, SERVER)]
    frame = flood.datagram((macs[0].mac, macs[1].mac), (ends[0], ends[1]), request.param)
    host = disturb.host_end(topology, BYSTANDER)
    counter = base.root(node, f"/sys/class/net/{host}/statistics/rx_packets")
    with flood.flooding(disturb.namespace(BYSTANDER), "eth0", counter, frame) as flowing:
        yield flowing


def _outcome(
    observer: Observer, sent: Traffic, flooded: Flood, expression: str | None = None
) -> str:
    """Why it could not be tested, or nothing if it conforms; nothing else may come of it."""
    sent = then(sent, lambda: flooded.wait_for(_MEANWHILE))
    try:
        observed = observer.observe(sent, expression=expression)
    except CouldNotTest as error:
        return str(error)
    assert observed.differences == []
    return ""


@pytest.mark.parametrize("protocol", ["ping", "udp", "http"])
def test_filtered_probe(
    observer: Observer,
    traffic: Traffics,
    flooded: Flood,
    protocol: str,
) -> None:
    """The filter keeps the flood from the sniffers."""
    told = _outcome(observer, getattr(traffic, protocol)(CLIENT, SERVER), flooded)

    sys.stdout.write(f"{flooded.rate:.0f} frames a second: {told or 'conclusive'}")
    assert flooded.frames > _MEANWHILE


def test_unfiltered_probe(
    observer: Observer,
    ping: Traffic,
    flooded: Flood,
) -> None:
    """Where everything is watched, other traffic leaves nothing to be said."""
    told = _outcome(observer, ping, flooded, probes.EVERYTHING)

    sys.stdout.write(f"{flooded.rate:.0f} frames a second: {told}")
    assert flooded.frames > _MEANWHILE
    assert re.search("frames|canaries", told)
