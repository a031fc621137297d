"""Owners of what differs on a node: podpath's pods, pods of others, or nobody in particular."""

import pytest

from podpath.lifecycle.attribution import attribute
from podpath.model import Difference
from podpath.nodes.belongings import Belongings, Neighbours, Owners

_OURS = "a" * 64
_CAME, _WENT, _STAYS = "b" * 64, "c" * 64, "d" * 64
#: sha512 of "podpath" and the id, as the reference plugins name chains.
_CHAIN_OF_OURS = "CNI-DN-8e60e6edea90ba4c999af"


def _pod(name: str, sandbox: str, host_end: str, *addresses: str) -> Belongings:
    netns = f"cni-{sandbox[:8]}"
    return Belongings(name, frozenset({sandbox, netns, host_end}), frozenset(addresses))


OWNERS = Owners(
    ours=(_pod("transient", _OURS, "veth00000001", "10.88.0.7", "0a:00:00:00:00:07"),),
    foreign={
        _CAME: _pod("shop/a", _CAME, "veth00000002", "10.88.0.8"),
        _WENT: _pod("shop/b", _WENT, "veth00000003", "10.88.0.9"),
        _STAYS: _pod("shop/c", _STAYS, "veth00000004", "10.88.0.10"),
    },
)
BEFORE = Neighbours(live=frozenset({_WENT, _STAYS}))
NOW = Neighbours(live=frozenset({_CAME, _STAYS}))


def _owner(kind: str, where: str, thing: str) -> str:
    expected, seen = (thing, "gone") if kind == "lost" else ("gone", thing)
    sorts = attribute([Difference(kind, where, expected, seen)], OWNERS, BEFORE, NOW, "podpath")
    return next(name for name in ("ours", "foreign", "unknown") if getattr(sorts, name))


@pytest.mark.parametrize(
    ("where", "thing"),
    [
        ("interfaces", "veth00000001"),
        ("bridge ports", "veth00000001"),
        ("namespaces", "cni-aaaaaaaa"),
        ("leases", f"10.88.0.7 {_OURS}"),
        ("cached results", f"podpath-{_OURS}-eth0"),
        ("files", f"/var/lib/cni/results/podpath-{_OURS}-eth0"),
        ("mounts", "/run/netns/cni-aaaaaaaa nsfs"),
        ("processes", f"sleep for container {_OURS}"),
        ("routing", "10.88.0.7 dev veth00000001 scope link"),
        ("rules", f'table ip nat chain POSTROUTING: comment "name: podpath id: {_OURS}"'),
        ("rules", "table ip filter chain FORWARD: ip saddr 10.88.0.7 counter drop"),
        ("rules", "table ip kube-router: element 10.88.0.7"),
        ("FDB", "0a:00:00:00:00:07 on veth00000009"),
    ],
)
def test_leftover_of_our_own_pod_counts_beside_others(where: str, thing: str) -> None:
    assert _owner("left behind", where, thing) == "ours"


@pytest.mark.parametrize(
    ("kind", "where", "thing"),
    [
        ("left behind", "interfaces", "veth00000002"),
        ("left behind", "leases", f"10.88.0.8 {_CAME}"),
        # an address that was ours before
        ("left behind", "leases", f"10.88.0.7 {_CAME}"),
        ("lost", "interfaces", "veth00000003"),
        ("lost", "namespaces", "cni-cccccccc"),
        ("lost", "rules", "table ip filter chain POLICY: ip daddr 10.88.0.9 accept"),
        ("left behind", "rules", "table ip nat chain KUBE-SEP-X: ip saddr 10.88.0.10 accept"),
        ("lost", "rules", "-A KUBE-SERVICES -d 10.96.0.9/32 -j KUBE-SVC-Y"),
        ("lost", "rules", "table ip kube-proxy chain services: drop"),
    ],
)
def test_things_of_pods_that_came_or_went_do_not_count(kind: str, where: str, thing: str) -> None:
    assert _owner(kind, where, thing) == "foreign"


@pytest.mark.parametrize(
    ("kind", "where", "thing"),
    [
        ("left behind", "processes", "sleep"),
        ("left behind", "rules", "table ip filter chain FORWARD: accept"),
        ("lost", "settings", "ipv4/ip_forward:1"),
        # longer addresses
        ("left behind", "rules", "table ip filter chain FORWARD: ip saddr 10.88.0.7.1 drop"),
        ("left behind", "FDB", "0a:00:00:00:00:07:01 on veth00000009"),
        ("left behind", "rules", "table ip filter chain FORWARD: ip saddr 10.88.0.77 drop"),
        # rules of a pod that stays may change, as those of a network policy do
        ("left behind", "rules", 'table ip filter chain POLICY: iifname "veth00000004" accept'),
    ],
)
def test_things_of_nobody_in_particular(kind: str, where: str, thing: str) -> None:
    assert _owner(kind, where, thing) == "unknown"


@pytest.mark.parametrize("where", ["interfaces", "bridge ports"])
def test_pod_that_stays_must_keep_its_things(where: str) -> None:
    """The plugin took them away when it deleted another pod."""
    assert _owner("lost", where, "veth00000004") == "ours"


@pytest.mark.parametrize("rest", ["", ": ip daddr 10.88.0.0/24 counter accept"])
def test_chain_names_its_container(rest: str) -> None:
    """nft(8) lists neither the comment nor the container of a rule."""
    thing = f"table ip nat chain {_CHAIN_OF_OURS}{rest}"

    assert _owner("left behind", "rules", thing) == "ours"


def test_address_that_two_pods_had_proves_nothing() -> None:
    owners = Owners(
        ours=OWNERS.ours, foreign={_CAME: _pod("shop/a", _CAME, "veth00000002", "10.88.0.7")}
    )
    difference = Difference("left behind", "rules", "gone", "table ip x: ip saddr 10.88.0.7")

    assert attribute([difference], owners, BEFORE, NOW, "podpath").unknown == (difference,)
