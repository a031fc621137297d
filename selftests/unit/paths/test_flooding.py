"""A bridge that had forgotten a MAC address is told apart from one that floods what it knows."""

from dataclasses import replace

from podpath.model import NODE, Direction, FdbEntry, Observation, Sighting, Topology
from podpath.paths import flooding
from podpath.paths.judgement import Judgement, judge
from podpath.paths.probes import Echo

from .. import samples

KNOWN = frozenset({samples.mac("client"), samples.mac("server")})


def judged(*more: Sighting, lost: int = 0) -> Judgement:
    """A ping, seen as it must be and at further places, without the last sightings."""
    seen = samples.exchange(1)
    seen = [*seen[: len(seen) - lost], *more]
    expected = [(Echo(samples.IDENTIFIER), samples.paths())]
    return judge(expected, Observation(tuple(seen)), samples.noise())


def flooded() -> Sighting:
    """The request, sent to a third pod, too."""
    request = samples.exchange(1)[2]
    end, time = samples.host_end("bystander"), request.time + 10
    return replace(request, namespace=NODE, interface=end, direction=Direction.OUT, time=time)


def test_packet_for_an_unknown_mac_address_is_flooded() -> None:
    assert flooding.is_all(judged(flooded()), KNOWN - {samples.mac("server")})


def test_packet_for_a_known_mac_address_must_not_be() -> None:
    assert not flooding.is_all(judged(flooded()), KNOWN)


def test_loss_is_no_flooding() -> None:
    assert not flooding.is_all(judged(flooded(), lost=1), frozenset())
    assert not flooding.is_all(judged(lost=1), frozenset())


def test_nothing_that_differs_is_no_flooding() -> None:
    assert not flooding.is_all(judged(), frozenset())


def unlearned(base: Topology) -> Topology:
    """The sample, whose bridge has no entry of the server."""
    entries: list[FdbEntry] = [e for e in base.node.fdb if e.mac != samples.mac("server")]
    return samples.with_node(base, fdb=tuple(entries))


def violated(topology: Topology) -> str:
    """The requirement that the flooding follows from; empty for a finding of its own."""
    judgement = judged(flooded())
    found = flooding.cause(judgement, judgement.differences, topology, samples.network())
    return found.requirement if found else ""


def test_flooding_follows_from_a_port_that_learns_nothing() -> None:
    base = unlearned(samples.topology())
    port = base.node.interface(samples.host_end("server"))
    assert port is not None
    assert port.port is not None
    deaf = replace(port.port, learning=False)

    assert violated(samples.with_node_link(base, port.name, port=deaf)) == "TOPO-BRIDGE-PORT"


def test_flooding_follows_from_a_bridge_that_forgets() -> None:
    assert violated(unlearned(samples.topology())) == "TOPO-FDB"


def test_flooding_of_what_the_bridge_knows_is_a_finding_of_its_own() -> None:
    assert violated(samples.topology()) == ""
