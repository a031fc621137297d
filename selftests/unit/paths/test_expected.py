"""Expected paths of the bridge profile, from a hand-written topology."""

import pytest

from podpath.errors import DoesNotConform
from podpath.model import NODE, Direction, Path, Place

from .. import samples

IN, OUT = Direction.IN, Direction.OUT


def places(path: Path) -> list[Place]:
    return [hop.place for hop in path.hops]


def orders(path: Path) -> list[tuple[int, ...]]:
    return [hop.after for hop in path.hops]


def test_unicast_goes_over_both_host_ends_and_the_bridge() -> None:
    """Pod to pod: five hops, the bridge's ordered after the port of entry only."""
    path = samples.path("unicast", "client", "server")

    assert path.name == "client -> server"
    assert places(path) == [
        ("client", "eth0", OUT),
        (NODE, "veth2", IN),
        (NODE, "cni0", IN),
        (NODE, "veth3", OUT),
        ("server", "eth0", IN),
    ]
    assert orders(path) == [(), (0,), (1,), (1,), (3,)]


def test_a_bridge_leaves_packets_as_they_are() -> None:
    """No hop of a unicast path changes the TTL or the MAC addresses."""
    path = samples.path("unicast", "client", "server")

    assert {(hop.ttl, hop.rewritten) for hop in path.hops} == {(0, False)}


def test_broadcast_reaches_all_other_pods_each_after_its_own_port() -> None:
    """The plural hops are one a pod, and a pod's eth0 comes after that pod's host end."""
    path = samples.path("broadcast", "client")

    assert path.name == "client -> every pod"
    assert places(path) == [
        ("client", "eth0", OUT),
        (NODE, "veth2", IN),
        (NODE, "cni0", IN),
        (NODE, "veth4", OUT),
        (NODE, "veth3", OUT),
        ("bystander", "eth0", IN),
        ("server", "eth0", IN),
    ]
    assert orders(path) == [(), (0,), (1,), (1,), (1,), (3,), (4,)]


def test_path_to_the_node_ends_at_the_bridge() -> None:
    """Pod to the bridge's own address: no other pod's port is crossed."""
    path = samples.path("to-node", "server")

    assert path.name == "server -> node"
    assert places(path) == [("server", "eth0", OUT), (NODE, "veth3", IN), (NODE, "cni0", IN)]
    assert orders(path) == [(), (0,), (1,)]


def test_path_from_the_node_starts_at_the_bridge() -> None:
    """The bridge's own address to a pod: out of the bridge, out of the port, into the pod."""
    path = samples.path("from-node", destination="server")

    assert path.name == "node -> server"
    assert places(path) == [(NODE, "cni0", OUT), (NODE, "veth3", OUT), ("server", "eth0", IN)]
    assert orders(path) == [(), (0,), (1,)]


def test_path_to_oneself_stays_on_lo() -> None:
    """A pod's packet to its own address leaves and arrives on lo."""
    path = samples.path("self", "client", "client")

    assert path.name == "client -> client"
    assert places(path) == [("client", "lo", OUT), ("client", "lo", IN)]
    assert orders(path) == [(), (0,)]


@pytest.mark.parametrize("pod", ["client", "server"])
def test_pod_without_a_host_end_does_not_conform(pod: str) -> None:
    """A pod whose eth0 has no peer in the node has no path, and the error names the pod."""
    unwired = samples.with_pod_link(samples.topology(), pod, peer_nsid=None)

    with pytest.raises(DoesNotConform, match=f"pod {pod}: its eth0 has no peer"):
        samples.path("unicast", "client", "server", unwired)


def test_bystander_without_a_host_end_has_no_part_in_unicast() -> None:
    """How a third pod is wired does not matter to the path of two others."""
    unwired = samples.with_pod_link(samples.topology(), "bystander", peer_nsid=None)

    path = samples.path("unicast", "client", "server", unwired)

    assert path == samples.path("unicast", "client", "server")


def test_pod_without_a_namespace_does_not_conform() -> None:
    """A pod whose namespace is not listed on the node has no path."""
    gone = samples.with_pod_network(samples.topology(), "server", netns="cni-dead")

    with pytest.raises(DoesNotConform, match="server has no named namespace"):
        samples.path("unicast", "client", "server", gone)
