"""Packets that the node sent another way, and those for which a pod had no MAC address."""

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest

from podpath import profiles
from podpath.model import Direction, Observation, Route, Sighting, Topology
from podpath.paths import diverted, expected, why
from podpath.paths.judgement import Judgement, judge
from podpath.paths.probes import REPLY, REQUEST, Echo

from .. import samples

PTP = samples.network(profile=profiles.for_plugin("ptp"), isGateway=False)
LEFT = ("client", "eth0", Direction.OUT)
ENTERED = ("node", samples.host_end("client"), Direction.IN)
AWAY = ("node", samples.UPLINK, Direction.OUT)


def judged(sightings: Sequence[Sighting]) -> Judgement:
    """A routed ping of the client to the server, of which these sightings are all."""
    base = samples.routed()
    legs = {
        REQUEST: expected.path(base, PTP, "unicast", source="client", destination="server"),
        REPLY: expected.path(base, PTP, "unicast", source="server", destination="client"),
    }
    pair = [(Echo(samples.IDENTIFIER, 1), legs)]
    return judge(pair, Observation(tuple(sightings)), samples.noise())


def seen(*places: tuple[str, str, Direction]) -> list[Sighting]:
    request = samples.echo("client", "server", 8, 1)
    return [samples.sighting(request, place, 1000 * n) for n, place in enumerate(places)]


def with_default_route(device: str = samples.UPLINK) -> Topology:
    """The node with a default route, and none to the server."""
    base = samples.routed()
    kept = [r for r in base.node.routes if samples.address("server") not in r.destination]
    default = Route(ip_network("0.0.0.0/0"), ip_address("192.0.2.1"), device)
    return samples.with_node(base, routes=(*kept, default))


@pytest.mark.parametrize(
    ("topology", "by"),
    [
        (with_default_route(), ", by its route 0.0.0.0/0 via 192.0.2.1 dev uplink0"),
        (with_default_route("other"), ""),
        (samples.routed(), ""),
    ],
    ids=["default-route", "route-by-another-link", "no-such-route"],
)
def test_packet_that_left_by_another_link(topology: Topology, by: str) -> None:
    """The route is named if it leads there."""
    (loss,) = diverted.losses(judged(seen(LEFT, ENTERED, AWAY)), topology, {}, [])

    assert why.sentence(loss) == (
        "echo request 1 (id 7), 56 bytes: not forwarded in namespace node after veth2 in:"
        f" the node sent it out by uplink0{by}"
    )


@pytest.mark.parametrize("places", [(LEFT, ENTERED), (LEFT,)])
def test_packet_that_was_seen_nowhere_else_has_no_such_reason(
    places: tuple[tuple[str, str, Direction], ...],
) -> None:
    assert diverted.losses(judged(seen(*places)), with_default_route(), {}, []) == []


def test_flood_of_a_bridge_is_no_other_way() -> None:
    """A port of a bridge sends what the bridge floods."""
    topology = samples.with_node_link(with_default_route(), samples.UPLINK, master=3)

    assert diverted.losses(judged(seen(LEFT, ENTERED, AWAY)), topology, {}, []) == []


def test_packets_wait_for_a_mac_address() -> None:
    """The answers that lack as well were not asked for."""
    unresolved = {"client": {"10.88.0.3"}, "server": {"10.88.0.2"}}

    (loss,) = diverted.losses(judged([]), samples.routed(), unresolved, [])

    assert why.sentence(loss) == (
        "the packets: not sent in namespace client: no answer to the requests for the MAC"
        " address of 10.88.0.3"
    )


@pytest.mark.parametrize("unresolved", [{}, {"client": {"10.88.0.4"}}, {"server": {"10.88.0.3"}}])
def test_packets_that_wait_for_nothing_have_no_such_reason(
    unresolved: dict[str, set[str]],
) -> None:
    assert diverted.losses(judged([]), samples.routed(), unresolved, []) == []


def test_losses_that_are_explained_are_left_out() -> None:
    judgement = judged(seen(LEFT, ENTERED, AWAY))
    (loss,) = diverted.losses(judgement, with_default_route(), {}, [])
    other = replace(loss, causes=())

    assert diverted.losses(judgement, with_default_route(), {}, [other]) == []
