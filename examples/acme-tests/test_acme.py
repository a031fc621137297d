"""What Acme promises beyond podpath's own requirements."""

from podpath.testing import both_directions, each_family, requirement


@requirement("ACME-DSCP")
@each_family
@both_directions
def test_dscp_survives(observe, traffic, source, destination, family):
    """A packet's DSCP is the same at both ends."""
    assert observe(traffic.ping(source, destination, family)).differences == []
