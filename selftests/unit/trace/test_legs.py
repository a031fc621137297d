"""Legs of a trace, made of sightings."""

from dataclasses import replace
from ipaddress import ip_address

from podpath.model import NODE, Direction, Hop, Namespace, Packet, Path, Place, Sighting, Topology
from podpath.model.topology import Bridge, Interface
from podpath.paths.probes import REQUEST
from podpath.trace import legs
from podpath.trace.result import Mark
from selftests.unit.trace.samples import ENDS, PLACES

CLIENT, SERVER, POD = map(ip_address, ("10.88.0.2", "10.96.0.1", "10.88.0.3"))
PING = Packet("icmp", "a", "b", CLIENT, SERVER, ttl=64, kind=8, number=(7, 1), size=56)
TOPOLOGY = Topology(Namespace(NODE, 1), {}, {})


def seen(*places: Place, packet: Packet = PING, at: int = 0) -> list[tuple[str, Sighting]]:
    """Return sightings of a packet at places, a microsecond apart."""
    return [
        (REQUEST, Sighting(p.namespace, p.interface, p.direction or Direction.IN, at + n, packet))
        for n, p in enumerate(places)
    ]


def path(*places: Place) -> dict[str, Path]:
    hops = [Hop(p.namespace, p.interface, p.direction or Direction.IN) for p in places]
    return {REQUEST: Path("client -> server", tuple(hops))}


def test_without_a_path_steps_are_in_order_of_time() -> None:
    (leg,) = legs.legs(seen(*PLACES), {}, TOPOLOGY, ENDS)

    assert [step.place for step in leg.steps] == list(PLACES)
    assert {step.mark for step in leg.steps} == {Mark.SEEN}
    assert leg.arrived


def test_bridge_that_gets_its_copy_last_says_so() -> None:
    """As with TCP: its time would otherwise contradict the order of the hops."""
    bridge = Interface(
        2, "cni0", "bridge", "c", 1500, up=True, bridge=Bridge(stp=False, ageing=300)
    )
    topology = Topology(Namespace(NODE, 1, (bridge,)), {}, {})
    late = [(r, replace(s, time=9) if s.interface == "cni0" else s) for r, s in seen(*PLACES)]

    (leg,) = legs.legs(late, path(*PLACES), topology, ENDS)
    (usual,) = legs.legs(seen(*PLACES), path(*PLACES), topology, ENDS)

    assert leg.steps[2].notes == ("bridge, 0 ports", "gets its copy after forwarding")
    assert usual.steps[2].notes == ("bridge, 0 ports",)


def test_missing_hop_is_marked_in_its_place() -> None:
    without = [p for p in PLACES if p.interface != "cni0"]

    (leg,) = legs.legs(seen(*without), path(*PLACES), TOPOLOGY, ENDS)

    assert [s.place.interface for s in leg.steps if s.mark == Mark.MISSING] == ["cni0"]
    assert [step.place for step in leg.steps] == list(PLACES)


def test_unexpected_place_stands_where_its_time_belongs() -> None:
    without = [p for p in PLACES if p.interface != "cni0"]

    (leg,) = legs.legs(seen(*PLACES), path(*without), TOPOLOGY, ENDS)

    assert [step.place for step in leg.steps] == list(PLACES)
    assert [s.place.interface for s in leg.steps if s.mark == Mark.UNEXPECTED] == ["cni0"]


def test_changes_on_the_way_are_notes() -> None:
    routed = replace(PING, mac_source="c", mac_destination="d", ttl=63, destination=POD)
    sightings = seen(*PLACES[:2]) + seen(*PLACES[3:], packet=routed, at=10)

    (leg,) = legs.legs(sightings, {}, TOPOLOGY, ENDS)

    assert leg.packets == 1
    assert [step.ttl for step in leg.steps] == [64, None, 63, 63]
    assert leg.steps[2].notes == ("to 10.88.0.3 now", "routed: new MACs")


def test_other_packets_of_the_leg_are_counted() -> None:
    second = replace(PING, number=(7, 2))
    third = replace(PING, number=(7, 3))
    sightings = (
        seen(*PLACES)
        + seen(*PLACES, packet=second, at=100)
        + seen(*PLACES[:2], packet=third, at=200)
    )

    (leg,) = legs.legs(sightings, {}, TOPOLOGY, ENDS)

    assert (leg.packets, leg.alike) == (3, 2)


def test_nothing_sent_has_no_leg_without_a_path() -> None:
    assert legs.legs([], {}, TOPOLOGY, ENDS) == ()
