"""Routes of one interface of a container among those of others."""

from podpath.contract import valid_links, ways

NEXT_HOPS = {
    "dst": "default",
    "metric": 1024,
    "nexthops": [
        {"gateway": "fd00:88::1", "dev": "net1", "weight": 1},
        {"gateway": "fd00:88::1", "dev": "net2", "weight": 1},
    ],
}


def test_route_of_two_gateways_belongs_to_both_interfaces() -> None:
    """The kernel joins the default routes of two interfaces: the first one's is still there."""
    alone = {"dst": "default", "gateway": "fd00:88::1", "dev": "net1", "metric": 1024}

    joined = {device: text for text, device in ways.by_device([NEXT_HOPS])}

    assert [text for text, _ in ways.by_device([alone])] == [joined["net1"]]
    assert joined.keys() == {"net1", "net2"}


def test_routes_of_the_kernel_are_left_out() -> None:
    routes = [
        {"dst": "fe80::/64", "dev": "net1"},
        {"type": "local", "dst": "10.88.0.2", "dev": "net1", "table": "local"},
        {"type": "multicast", "dst": "ff00::/8", "dev": "net1"},
    ]

    assert list(ways.by_device(routes)) == []


def test_lost_routes_name_what_was_done() -> None:
    (difference,) = ways.lost({"default net1", "10.88.0.0/24 net1"}, {"10.88.0.0/24 net1"}, "DEL")

    assert (difference.expected, difference.seen) == ("default net1", "gone after DEL")


def test_settings_that_changed() -> None:
    before = {"node veth1 state": "up", "node cni0 STP": "False"}

    changed = valid_links.changes(before, {"node veth1 state": "down", "node cni0 STP": "False"})

    assert [str(d) for d in changed] == ["changed at node veth1 state: expected up, saw down"]
