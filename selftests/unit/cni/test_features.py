"""Features: what a conflist asks for, what is claimed or waived, what a test counts for."""

import json
from dataclasses import replace
from typing import Any

import pytest

from podpath.cni import features, unsupported
from podpath.cni.conflist import DEFAULT, parse
from podpath.cni.features import FEATURES, WAIVED
from podpath.cni.network import Network
from podpath.errors import CouldNotTest
from podpath.model import Family
from podpath.requirements import CORE, REQUIREMENTS, Ability
from selftests.suite import ROOT

from .. import samples

DUAL = Network.read(ROOT / "examples" / "dual-stack.conflist")
IPV6 = Network.read(ROOT / "examples" / "ipv6.conflist")


def chosen(network: Network, option: str = "") -> dict[str, str]:
    return features.chosen(network, "any", ~Ability.NONE, option)


def in_use(network: Network, option: str = "") -> set[str]:
    reasons = chosen(network, option)
    assert list(reasons) == list(FEATURES)
    return {name for name, why in reasons.items() if not why}


def test_every_requirement_is_of_the_core_or_of_a_feature() -> None:
    assert {r.feature for r in REQUIREMENTS.values()} <= {CORE, *FEATURES}


def test_every_feature_has_something_to_look_at() -> None:
    """IPv6 is looked at by the core's own tests, once more."""
    for name, feature in FEATURES.items():
        own = features.requirements(name)
        assert own or feature.shown or name == "ipv6"
        assert all(REQUIREMENTS[i].feature == CORE for i in feature.shown)


def test_one_conflist_can_ask_for_every_feature() -> None:
    """And podpath takes it: a feature that is always refused would only add to the list."""
    document = json.loads((ROOT / "examples" / "features.conflist").read_text())
    document["plugins"][0] |= {
        "hairpinMode": True,
        "portIsolation": True,
        "vlanTrunk": [{"id": 7}],
        "ipam": DUAL.conflist.section["ipam"],
    }
    network = replace(samples.network(), conflist=parse(json.dumps(document)))

    unsupported.check(network.conflist, DEFAULT)
    assert in_use(network) == set(FEATURES)


@pytest.mark.parametrize(
    ("key", "value", "name"),
    [
        ("hairpinMode", True, "hairpin"),
        ("ipMasq", True, "ipmasq"),
        ("portIsolation", True, "isolation"),
        ("vlan", 7, "vlan"),
        ("vlanTrunk", [{"id": 7}], "vlan"),
    ],
)
def test_feature_is_detected_from_the_conflist(key: str, value: Any, name: str) -> None:
    assert name not in in_use(samples.network(None, samples.PROFILE, **{key: type(value)()}))
    assert name in in_use(samples.network(None, samples.PROFILE, **{key: value}))


def test_ipv6_is_detected_by_its_ranges() -> None:
    assert "ipv6" not in in_use(samples.network())
    assert "ipv6" in in_use(DUAL)
    assert "ipv6" in in_use(IPV6)


def test_feature_that_is_waived_says_so() -> None:
    """One that nobody asked for is not waived: there is nothing to waive."""
    network = samples.network(hairpinMode=True)
    reasons = chosen(network, "-hairpin,-ipv6")

    assert reasons["hairpin"] == WAIVED
    assert "does not ask for it" in reasons["ipv6"]


def test_feature_that_is_claimed_and_configured_is_in_use() -> None:
    assert "hairpin" in in_use(samples.network(hairpinMode=True), " +Hairpin ")


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("+ipv6", 'claims the feature "ipv6", but the conflist does not ask for it'),
        ("hairpin", "Write +hairpin or -hairpin"),
        ("+harpin", "Did you mean hairpin?"),
        ("+quux", "There are: hairpin, "),
        ("-core", "the core is always tested"),
        ("+hairpin,-hairpin", "both claims and waives hairpin"),
    ],
)
def test_what_cannot_be_done_is_refused(option: str, message: str) -> None:
    """In one sentence, with the remedy."""
    with pytest.raises(CouldNotTest) as error:
        chosen(samples.network(hairpinMode=True), option)

    assert message in str(error.value)


def test_only_addresses_that_pods_have_cannot_be_waived() -> None:
    with pytest.raises(CouldNotTest, match="no other addresses"):
        chosen(IPV6, "-ipv6")


@pytest.mark.parametrize(
    ("network", "family", "expected"),
    [
        pytest.param(DUAL, Family.IPV4, (CORE,), id="ipv4"),
        pytest.param(DUAL, Family.IPV6, ("ipv6",), id="ipv6-beside-ipv4"),
        pytest.param(IPV6, Family.IPV6, (CORE, "ipv6"), id="ipv6-alone"),
        pytest.param(DUAL, None, (CORE,), id="of-no-version"),
    ],
)
def test_test_counts_for_the_core_in_one_ip_version(
    network: Network, family: Family | None, expected: tuple[str, ...]
) -> None:
    """What is tested in both counts for the feature in IPv6."""
    assert features.of_test(["PATH-ICMP"], family, network) == expected


def test_test_counts_for_a_feature_that_it_shows_where_that_is_configured() -> None:
    hairpin = samples.network(hairpinMode=True)

    assert features.of_test(["PATH-ARP"], Family.IPV4, hairpin) == (CORE, "hairpin")
    assert features.of_test(["PATH-ARP"], Family.IPV4, samples.network()) == (CORE,)
    assert features.of_test(["K8S-HAIRPIN"], None, hairpin) == ("hairpin",)


def test_capabilities_of_any_shape_are_no_claim() -> None:
    """A runtime hands over only what is true (CNI specification 1.1.0, section 3)."""
    for capabilities in ("{}", "[]", '"portMappings"', '{"portMappings": 1}'):
        text = DEFAULT.read_text().replace('{"portMappings": true}', capabilities)
        assert "portmap" not in in_use(replace(samples.network(), conflist=parse(text)))
    assert "portmap" in in_use(samples.network())


def test_profile_that_does_not_say_the_way_of_its_packets() -> None:
    """One of a vendor's own need not."""
    bare = samples.network(profile=replace(samples.PROFILE, paths={}))
    why = chosen(bare)["ipmasq"]

    assert why == "the profile bridge has no path of the kind outward"
