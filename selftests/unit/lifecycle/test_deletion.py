"""Leftovers of many pods follow from those of any pod, if there is nothing else."""

from ipaddress import ip_network

import pytest

from podpath.lifecycle import deletion
from podpath.model import Difference


def left(where: str, what: str) -> Difference:
    return Difference("left behind", where, "gone", what)


ANY = [left("files", "/var/lib/cni/left-17"), left("leases", "10.88.0.5 4f00")]


@pytest.mark.parametrize(
    ("found", "alike"),
    [
        pytest.param([left("files", "/var/lib/cni/left-99")], True, id="another-name"),
        pytest.param([left("files", f"/var/lib/cni/left-{n}") for n in "123"], True, id="many"),
        pytest.param([left("leases", "10.88.0.9 77aa"), ANY[0]], True, id="all-of-it"),
        pytest.param([left("rules", "-A POSTROUTING")], False, id="another-thing"),
        pytest.param([Difference("lost", *("files", "/x1", "gone"))], False, id="lost"),
        pytest.param([ANY[0], left("processes", "sleep")], False, id="one-more"),
    ],
)
def test_differences_are_compared_without_names(found: list[Difference], alike: bool) -> None:
    assert deletion.is_alike(found, ANY) is alike


def test_what_others_find_on_the_node_is_what_any_pod_leaves() -> None:
    """A route is told in the words of each requirement."""
    any_pod = [left("routing", "198.51.100.2 dev cni0 scope link")]
    on_node = left("routes of the node", "198.51.100.11/32 via the link dev cni0")

    assert deletion.is_of_same_kind([on_node], any_pod)
    assert not deletion.is_of_same_kind([on_node, left("files", "/run/x")], any_pod)
    assert not deletion.is_of_same_kind(
        [Difference("lost", "routes of the node", "x", "")], any_pod
    )


@pytest.mark.parametrize(
    ("where", "seen", "is_left"),
    [
        ("node eth0 length of the transmit queue", "eth0 length of the transmit queue: 7", True),
        ("node eth1 length of the transmit queue", "eth0 length of the transmit queue: 7", False),
        ("lower link of pod client promiscuous", "eth0 promiscuous", True),
        ("lower link of pod client queues", "eth0 promiscuous", False),
    ],
)
def test_setting_of_a_link_that_any_deletion_leaves(where: str, seen: str, is_left: bool) -> None:
    """LIFE-OTHERS names the link by the pods that lie on it."""
    changed = Difference("changed", where, "False", "True")

    assert deletion.is_of_same_kind([changed], [left("links", seen)]) is is_left


def test_setting_of_a_link_that_any_deletion_puts_back() -> None:
    """An ADD has changed it, and no deletion leaves it."""
    changed = Difference("changed", "node eth0 MTU", "1500", "1400")

    assert not deletion.is_of_same_kind([changed], [left("links", "eth0 MTU: 1500")])
    assert deletion.is_of_same_kind([changed], [left("links", "eth0 MTU: 1300")])


def test_configured_entry_that_any_deletion_leaves() -> None:
    entries = Difference("changed", "configured FDB entries of cni0", "none", "02:00 on veth2")

    assert deletion.is_of_same_kind([entries], [left("FDB", "02:00 on veth3")])
    assert not deletion.is_of_same_kind([entries], [left("files", "/run/x")])


def test_address_of_a_bridge_that_any_deletion_leaves() -> None:
    """LIFE-OTHERS tells it of the node, of the bridge, and of the gateway."""
    of_any = [left("addresses", "198.51.100.7/32 on cni0")]
    found = [
        left("addresses of the node", "198.51.100.9/32 on cni0"),
        Difference(
            "changed", "node cni0 addresses", "10.88.0.1/24", "10.88.0.1/24, 198.51.100.7/32"
        ),
        Difference("gateway address", "node cni0", "10.88.0.1/24", "10.88.0.1/24, 198.51.100.7/32"),
    ]

    assert deletion.is_of_same_kind(found, of_any)
    assert not deletion.is_of_same_kind(found[1:], [left("addresses", "198.51.100.7/32 on lo")])


@pytest.mark.parametrize(
    ("thing", "keeps"),
    [
        (left("addresses", "10.88.0.5/32 on cni0"), True),
        (left("addresses", "198.51.100.7/32 on cni0"), False),
        (left("neighbours", "10.88.0.5 dev cni0 lladdr 02:00:00:00:00:05 NOARP"), True),
        (left("routing", "blackhole 10.88.0.5 table 4444"), True),
        (left("leases", "10.88.0.5 4f00"), False),
    ],
)
def test_address_that_any_deletion_keeps_from_the_next_pod(thing: Difference, keeps: bool) -> None:
    assert deletion.keeps_addresses([thing], [ip_network("10.88.0.0/24")]) is keeps


@pytest.mark.parametrize(
    ("expected", "seen", "is_kept"),
    [
        ("ADD, CHECK, DEL", "ADD, CHECK", True),
        ("ADD, DEL", "ADD", True),
        ("ADD, CHECK, DEL", "ADD, DEL", False),
        ("ADD, CHECK, DEL", "ADD", False),
    ],
)
def test_call_of_ipam_that_any_deletion_lacks(expected: str, seen: str, is_kept: bool) -> None:
    found = [Difference("delegate", "host-local", expected, seen)]

    assert deletion.is_kept_from_ipam(found, ANY) is is_kept
    assert not deletion.is_kept_from_ipam(found, [left("rules", "-A POSTROUTING")])
