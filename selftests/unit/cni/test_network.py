"""Networks: what a conflist means with the profile of its plugin."""

import json
from dataclasses import replace
from ipaddress import ip_interface
from pathlib import Path

import pytest

from podpath import profiles
from podpath.cni import conflist
from podpath.cni.network import Network
from podpath.errors import CouldNotTest
from podpath.model import Family
from selftests.suite import ROOT

from .. import samples

PTP, MACVLAN = profiles.for_plugin("ptp"), profiles.for_plugin("macvlan")
CALICO = profiles.named("calico")
PROFILE = samples.PROFILE


def test_profile_is_that_of_the_plugin_or_the_given_one() -> None:
    """By the type of the conflist's first plugin."""
    ptp = ROOT / "examples" / "ptp.conflist"

    assert Network.read(conflist.DEFAULT).profile == PROFILE
    assert Network.read(ptp).profile == PTP
    assert Network.read(ptp, "macvlan").profile.name == MACVLAN.name


def test_plugin_without_a_profile(tmp_path: Path) -> None:
    path = tmp_path / "some.conflist"
    path.write_text(conflist.DEFAULT.read_text().replace('"bridge",', '"unheard-of",', 1))

    with pytest.raises(
        CouldNotTest, match='no profile covers the plugin type "unheard-of"'
    ) as told:
        Network.read(path)
    assert "docs/new-profile.md" in told.value.remedy
    assert "--podpath-profile bridge" in told.value.remedy


def test_bridge_has_the_configured_name_or_the_profiles() -> None:
    """Where the profile has none, the conflist's key means nothing."""
    assert samples.network().bridge == "cni0"
    assert samples.network(bridge="br1").bridge == "br1"
    assert samples.network(bridge="").bridge == "cni0"
    assert samples.network(profile=PTP, bridge="br1").bridge == ""
    assert [samples.network(profile=p).is_bridged for p in (PROFILE, PTP)] == [True, False]


def test_bridge_has_the_gateway_if_it_is_configured() -> None:
    """Where there is no bridge, the node always has it."""
    assert samples.network().has_gateway
    assert not samples.network(isGateway=False).has_gateway
    assert samples.network(profile=PTP, isGateway=False).has_gateway


def test_gateway_of_the_profile_replaces_that_of_the_range() -> None:
    """The node answers for a gateway of the range, and does not hold one of the profile."""
    ptp, calico = (samples.network(profile=p, isGateway=False) for p in (PTP, CALICO))
    gateways = [n.ipam.gateway(Family.IPV4) for n in (ptp, calico)]

    assert list(map(str, gateways)) == ["10.88.0.1", "169.254.1.1"]
    assert [n.is_held(g) for n, g in zip((ptp, calico), gateways, strict=True)] == [True, False]
    assert not samples.network(isGateway=False).is_held(gateways[0])


def test_lower_link_is_the_configured_one_or_that_of_the_default_route() -> None:
    """A profile without one has none, whatever the conflist says."""
    base = samples.stacked()

    assert samples.network(profile=MACVLAN).lower(base) == samples.UPLINK
    assert samples.network(profile=MACVLAN, master="ens1").lower(base) == "ens1"
    assert samples.network(master="ens1").lower(base) == ""


def test_mode_is_the_configured_one_or_the_profiles() -> None:
    assert samples.network(profile=MACVLAN).mode == "bridge"
    assert samples.network(profile=MACVLAN, mode="vepa").mode == "vepa"
    assert samples.network(mode="vepa").mode == ""


def test_families_are_those_of_the_ranges() -> None:
    ranges = [[{"subnet": "fd00::/64"}], [{"subnet": "10.0.0.0/24"}]]

    assert samples.network({"ranges": ranges}).families == (Family.IPV4, Family.IPV6)


def test_rules_with_a_condition_exist_where_the_conflist_meets_it() -> None:
    """The bridge's connected route needs isGateway; hops back to the sender, hairpinMode."""
    conditional = {k: r for k, hops in PROFILE.paths.items() for r in hops if r.when == "hairpin"}
    assert conditional
    for kind, rule in conditional.items():
        assert rule in samples.network(hairpinMode=True).hops(kind)
        assert rule not in samples.network().hops(kind)

    assert samples.network().node_routes == PROFILE.node_routes
    assert samples.network(isGateway=False).node_routes == ()


def test_path_that_the_profile_does_not_have() -> None:
    bare = replace(PROFILE, paths={})

    with pytest.raises(CouldNotTest, match='the profile bridge has no path of the kind "unicast"'):
        samples.network(profile=bare).hops("unicast")


def test_commands_that_the_conflist_turns_off_are_not_applicable() -> None:
    """A runtime never calls CHECK or GC then, so no test does."""
    document = json.loads(conflist.DEFAULT.read_text()) | {"disableCheck": True}
    network = Network(conflist.parse(json.dumps(document)), profiles.for_plugin("bridge"))

    assert "disableCheck" in network.not_applicable["CNI-CHECK-LISTED"]
    assert "CNI-GC" not in network.not_applicable
    assert "TOPO-HOST-END" in network.not_applicable


@pytest.mark.parametrize(
    ("address", "stated", "may_be"),
    [
        ("10.88.0.1/24", True, True),
        ("10.88.0.1/32", True, False),
        ("10.88.0.5/32", True, False),
        ("198.51.100.7/32", True, False),
        ("10.88.0.5/32", False, False),
        ("10.99.0.1/24", False, True),
    ],
)
def test_address_that_a_link_of_all_pods_may_hold(address: str, stated: bool, may_be: bool) -> None:
    """Where pods have shown the ranges, another one may come with its gateway."""
    written = samples.conflist()
    ipam = replace(written.ipam, is_stated=stated)
    network = Network(replace(written, ipam=ipam), PROFILE)

    assert network.may_be_gateway(ip_interface(address)) is may_be
