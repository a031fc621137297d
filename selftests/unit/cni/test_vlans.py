"""The VLANs that a bridge plugin gives to ports, as a conflist asks for them."""

from typing import Any

import pytest

from podpath.cni import vlans
from podpath.cni.fields import Malformed
from podpath.cni.vlans import Vlans


def _texts(section: dict[str, Any]) -> list[str]:
    return [str(vlan) for vlan in vlans.of(section).of_pod]


@pytest.mark.parametrize(
    ("section", "texts"),
    [
        ({"vlan": 100}, ["100 PVID untagged"]),
        ({"vlan": 1}, ["1 PVID untagged"]),
        ({"vlan": 100, "preserveDefaultVlan": True}, ["1 untagged", "100 PVID untagged"]),
        ({"vlan": 1, "preserveDefaultVlan": True}, ["1 PVID untagged"]),
        ({"vlan": 100, "preserveDefaultVlan": False}, ["100 PVID untagged"]),
        ({"vlanTrunk": [{"id": 7}]}, ["1 PVID untagged", "7"]),
        ({"vlanTrunk": [{"id": 1}, {"id": 7}]}, ["1 PVID untagged", "7"]),
        (
            {"vlan": 5, "vlanTrunk": [{"id": 7}, {"minID": 8, "maxID": 9}]},
            ["5 PVID untagged", "7", "8", "9"],
        ),
        (
            {"vlan": 5, "vlanTrunk": [{"id": 7, "minID": 8, "maxID": 8}]},
            ["5 PVID untagged", "7", "8"],
        ),
    ],
)
def test_ports_of_pods(section: dict[str, Any], texts: list[str]) -> None:
    """The last entry of the plugin's code wins: a trunk without "vlan" has VLAN 1 as its own."""
    assert _texts(section) == texts


@pytest.mark.parametrize("section", [{}, {"vlan": 0}, {"vlan": None}, {"vlanTrunk": []}])
def test_no_vlan(section: dict[str, Any]) -> None:
    assert not vlans.of(section)


def test_port_of_the_gateway_is_in_no_vlan_of_a_trunk() -> None:
    """It is in VLAN 1 where ports of pods stay in it."""
    assert list(map(str, Vlans(100, frozenset({7})).of_gateway)) == ["100 PVID untagged"]
    kept = Vlans(100, frozenset({7}), keeps_default=True).of_gateway
    assert list(map(str, kept)) == ["1 untagged", "100 PVID untagged"]


@pytest.mark.parametrize(
    ("section", "taken", "number"),
    [
        ({"vlan": 100}, (), 1),
        ({"vlan": 1}, (), 2),
        ({"vlan": 100, "preserveDefaultVlan": True}, (), 2),
        ({"vlanTrunk": [{"id": 2}]}, (), 3),
        ({"vlan": 100}, (1, 2), 3),
    ],
)
def test_vlan_of_nobody(section: dict[str, Any], taken: tuple[int, ...], number: int) -> None:
    assert vlans.of(section).free(taken) == number


@pytest.mark.parametrize(
    "section",
    [
        {"vlan": -1},
        {"vlan": 4095},
        {"vlan": "100"},
        {"vlan": 7, "vlanTrunk": [{"id": 7}]},
        {"vlanTrunk": {"id": 7}},
        {"vlanTrunk": [7]},
        {"vlanTrunk": [{"id": 4095}]},
        {"vlanTrunk": [{"id": -1}]},
        {"vlanTrunk": [{"minID": 7}]},
        {"vlanTrunk": [{"maxID": 7}]},
        {"vlanTrunk": [{"minID": 8, "maxID": 7}]},
        {"vlan": 7, "preserveDefaultVlan": "yes"},
    ],
)
def test_malformed(section: dict[str, Any]) -> None:
    """The plugin refuses it, or its effect depends on the plugin's order."""
    with pytest.raises(Malformed, match=r"vlan|preserveDefaultVlan"):
        vlans.of(section)
