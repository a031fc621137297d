"""Flows without sniffers: whether the packets that were dropped explain all that were lost."""

from dataclasses import replace

import pytest

from podpath.model import Packet
from podpath.paths import unwatched

from .. import samples

SEGMENT = samples.tcp("client", "server")
FRAGMENT = replace(SEGMENT, protocol="ip", kind=6, ports=None, fragment=(1480, False))
FLOW = ("tcp", SEGMENT.ports[0] if SEGMENT.ports else 0)


@pytest.mark.parametrize(
    ("flows", "dropped", "explained"),
    [
        pytest.param([FLOW], [SEGMENT], True, id="its-port"),
        pytest.param([("udp", FLOW[1])], [SEGMENT], False, id="other-protocol"),
        pytest.param([FLOW, ("tcp", 7)], [SEGMENT], False, id="other-port"),
        pytest.param([FLOW, ("tcp", 7)], [SEGMENT, FRAGMENT], True, id="fragment-of-the-other"),
        pytest.param([("tcp", 7), ("tcp", 8)], [FRAGMENT], False, id="one-fragment-for-two"),
        pytest.param([("udp", 7)], [FRAGMENT], False, id="fragment-of-other-protocol"),
        pytest.param([], [], True, id="nothing-lost"),
    ],
)
def test_dropped_packets_explain_the_flows_that_are_lost(
    flows: list[tuple[str, int]], dropped: list[Packet], explained: bool
) -> None:
    assert unwatched.are_dropped(flows, dropped) is explained
