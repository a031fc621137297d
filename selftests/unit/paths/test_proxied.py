"""Requests for neighbours that a bridge keeps from ports, as a switch of these says."""

from dataclasses import replace

import pytest

from podpath.model import Direction, Hop, Packet, Path, Topology
from podpath.paths import proxied
from podpath.paths.crossing import Crossing, compare
from podpath.paths.judgement import Judgement

from .. import samples

_REQUEST = replace(samples.echo("server", "client", 8, 1), protocol="arp", kind=1, number=None)
_ENDS = {pod: samples.host_end(pod) for pod in samples.PODS}


def _switched(*pods: str) -> Topology:
    """Ports of pods for which the bridge answers itself."""
    base = samples.topology()
    for pod in pods:
        end = base.host_end(pod)
        assert end is not None
        assert end.port is not None
        port = replace(end.port, switches={**end.port.switches, "proxy_arp_wifi": True})
        base = samples.with_node_link(base, end.name, port=port)
    return base


def _flooded(packet: Packet) -> Crossing:
    """A packet of the server that the bridge sent to no port."""
    hops = (
        Hop("server", "eth0", Direction.OUT),
        Hop("node", _ENDS["server"], Direction.IN),
        Hop("node", samples.BRIDGE, Direction.IN),
        Hop("node", _ENDS["client"], Direction.OUT),
        Hop("client", "eth0", Direction.IN),
    )
    seen = [samples.sighting(packet, hop.place, n) for n, hop in enumerate(hops[:3])]
    return compare(Path("server -> client", hops), seen)


@pytest.mark.parametrize(
    ("topology", "packet", "is_told"),
    [
        (_switched("client"), _REQUEST, True),
        (_switched("bystander"), _REQUEST, False),
        (_switched(), _REQUEST, False),
        (_switched("client"), samples.echo("server", "client", 8, 1), False),
    ],
    ids=["its-port", "another-port", "no-switch", "no-request"],
)
def test_request_that_a_bridge_keeps_from_a_port_follows_from_its_switch(
    topology: Topology, packet: Packet, *, is_told: bool
) -> None:
    crossing = _flooded(packet)
    judgement = Judgement((crossing,), crossing.differences, 0, 0, (crossing.path,))

    found = proxied.cause(judgement, crossing.differences, topology, samples.network())

    assert bool(found) is is_told
    assert found is None or found.requirement == "TOPO-BRIDGE-PORT"
