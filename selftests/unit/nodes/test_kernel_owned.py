"""The kernel's own changes are nobody's leftovers; a plugin's are."""

import pytest

from podpath.nodes import kernel_owned
from podpath.nodes.inventory import Inventory

MTU = "ipv6/conf/cni0/mtu"
FORWARDING = "ipv6/conf/cni0/forwarding:1"


def inventory(mtu: int, *ports: int, configured: int | None = 1400) -> Inventory:
    """The settings of a bridge with these MTUs."""
    lines = [f"{MTU}:{mtu}", FORWARDING, "core/somaxconn:4096"]
    settings = kernel_owned.settings(lines, "cni0", ports, configured)
    return Inventory({"settings": tuple(settings)})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(inventory(1400, 1400), inventory(1500), id="last-port-goes"),
        pytest.param(inventory(1500), inventory(1400, 1400), id="first-port-comes"),
        pytest.param(inventory(1400, 1400, 1500), inventory(1500, 1500), id="smallest-goes"),
        pytest.param(inventory(1400), inventory(1500), id="created-with-an-mtu"),
        pytest.param(inventory(1300, 1400), inventory(1300, 1400), id="set-before"),
        pytest.param(
            Inventory({"settings": ("core/somaxconn:4096",)}),
            inventory(1200, 1200, configured=1200),
            id="too-small-for-ipv6",
        ),
    ],
)
def test_mtu_that_the_kernel_chooses_is_no_difference(before: Inventory, after: Inventory) -> None:
    assert after.since(before) == []


@pytest.mark.parametrize(
    "after", [inventory(1300), inventory(1300, 1400), inventory(1500, 1400), inventory(9000)]
)
def test_mtu_that_a_plugin_leaves_is_a_difference(after: Inventory) -> None:
    """Neither that of the ports, nor that of a bridge without ports."""
    differences = [(d.kind, d.where) for d in after.since(inventory(1400, 1400))]

    assert differences == [("left behind", "settings"), ("lost", "settings")]


def test_other_settings_of_a_bridge_are_compared() -> None:
    before = Inventory({"settings": (FORWARDING,)})
    after = Inventory({"settings": ("ipv6/conf/cni0/forwarding:0",)})

    assert [d.seen for d in after.since(before)] == ["ipv6/conf/cni0/forwarding:0", "gone"]


@pytest.mark.parametrize(
    ("line", "route"),
    [
        ("10.1.0.0/16 dev cni0 linkdown", "10.1.0.0/16 dev cni0"),
        (
            "fd00::/64 dev cni0 metric 1024 dead linkdown pref medium",
            "fd00::/64 dev cni0 metric 1024 pref medium",
        ),
        (
            "default via fe80::1 dev eth0 proto ra expires 1790sec pref medium",
            "default via fe80::1 dev eth0 proto ra pref medium",
        ),
        ("10.1.0.0/16 dev deadlinkdown", "10.1.0.0/16 dev deadlinkdown"),
    ],
)
def test_route_does_not_follow_the_carrier(line: str, route: str) -> None:
    assert kernel_owned.route(line) == route


def test_settings_of_a_module_are_nobodys() -> None:
    """They come with the first rule that needs it; their values count once they are there."""
    before = ["core/somaxconn:500", "ipv4/conf/all/rp_filter:0"]
    loaded = [*before, "netfilter/nf_conntrack_max:262144"]

    assert kernel_owned.of_both(loaded, before) == (before, before)
    assert kernel_owned.of_both(before, loaded) == (before, before)
    raised = ["netfilter/nf_conntrack_max:9"]
    assert kernel_owned.of_both(raised, loaded)[0] == raised


def test_settings_of_a_link_that_stays_behind_count() -> None:
    left = ["ipv4/conf/left/rp_filter:0"]

    assert kernel_owned.of_both(left, []) == (left, [])
