"""Places: their text, and that those of a hop and a sighting are comparable."""

import pytest

from podpath.model import Direction, Hop, Place

from .. import samples


@pytest.mark.parametrize(
    ("place", "text"),
    [
        pytest.param(Place("node", "cni0", Direction.IN), "node cni0 in", id="direction"),
        pytest.param(Place("node", "cni0"), "node cni0", id="both-directions"),
        pytest.param(
            Place("client", "", Direction.OUT),
            "client (an interface that vanished) out",
            id="vanished",
        ),
    ],
)
def test_place_has_one_text(place: Place, text: str) -> None:
    assert str(place) == f"{place}" == text


def test_hop_and_sighting_of_one_interface_have_one_place() -> None:
    hop = Hop("client", "eth0", Direction.OUT, ttl=-1)
    seen = samples.sighting(samples.tcp("client", "server"))

    assert hop.place == seen.place == Place("client", "eth0", Direction.OUT)
