"""What of a conflist no profile knows, and what is none of podpath's business."""

import json
from pathlib import Path
from typing import Any

import pytest

from podpath.cni import conflist, unsupported
from podpath.cni.network import Network
from podpath.errors import CouldNotTest

_PATH = Path("net.conflist")


def _chain(*changes: dict[str, Any]) -> conflist.Conflist:
    document = json.loads(conflist.DEFAULT.read_text())
    document["plugins"][0] |= changes[0]
    document["plugins"] += changes[1:]
    return conflist.parse(json.dumps(document))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([{"type": "acme", "vlan": 7}], '"vlan" of the plugin "acme" in net.conflist lets pods'),
        ([{}, {"type": "tc-redirect-tap"}], 'the plugin "tc-redirect-tap" in net.conflist leads'),
        ([{}, {"type": "tuning", "mac": "02:00:00:00:00:01"}], '"mac" of the plugin "tuning"'),
        (
            [{}, {"type": "bandwidth", "egressRate": 1, "egressBurst": 1}],
            '"egressRate" of the plugin "bandwidth"',
        ),
        ([{}, {"type": "shaper", "ingressRate": 1}], '"ingressRate" of the plugin "shaper"'),
        ([{}, {"type": "sbr"}], 'the plugin "sbr" in net.conflist routes'),
    ],
)
def test_conflist_that_no_profile_knows(changes: list[dict[str, Any]], said: str) -> None:
    """What it is, and in which plugin."""
    with pytest.raises(CouldNotTest, match=said):
        unsupported.check(_chain(*changes), _PATH)


@pytest.mark.parametrize(
    ("route", "is_refused"),
    [
        ({"dst": "10.88.0.0/16"}, True),
        ({"dst": "10.88.7.0/24"}, True),
        ({"dst": "10.0.0.0/8"}, False),
        ({"dst": "10.88.0.0/16", "priority": 50}, False),
        ({"dst": "10.88.0.0/16", "gw": "0.0.0.0"}, False),
    ],
)
def test_route_by_the_gateway_to_the_pods_own_network(
    route: dict[str, Any], *, is_refused: bool
) -> None:
    """As in Concourse's chain: the node routes the packets, and redirects their sender."""
    ipam = {"type": "host-local", "subnet": "10.88.0.0/16", "routes": [route]}
    read = _chain({"ipam": ipam})

    if not is_refused:
        unsupported.check(read, _PATH)
        return
    with pytest.raises(CouldNotTest, match="leads pods to each other by the gateway"):
        unsupported.check(read, _PATH)


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        ({"type": "vlan", "master": "eth0", "vlanId": 7}, "one pod of this network"),
        ({"type": "vlan", "linkInContainer": True, "vlanId": 7}, "looks for the lower link in"),
        ({"type": "macvlan", "linkInContainer": True}, "looks for the lower link in the pod"),
        ({"type": "host-device", "device": "eth1"}, "moves one link of the node into one pod"),
        ({"type": "dummy"}, "no packet reaches another pod"),
        ({"type": "tap"}, "no virtual machines"),
    ],
)
@pytest.mark.parametrize("profile", ["", "bridge"])
def test_plugin_that_no_profile_can_cover(
    section: dict[str, Any], reason: str, profile: str, tmp_path: Path
) -> None:
    """The reason comes before that no profile covers it, and with any profile."""
    path = tmp_path / "net.conflist"
    document = json.loads(conflist.DEFAULT.read_text())
    document["plugins"][0] |= section
    path.write_text(json.dumps(document))

    with pytest.raises(CouldNotTest, match=rf'the plugin "{section["type"]}" in .* {reason}'):
        Network.read(path, profile)


@pytest.mark.parametrize(
    "changes",
    [
        [{}],
        [{"mtu": 1400, "vlan": 0}],
        [{"vlan": 7, "vlanTrunk": [{"id": 8}]}],
        [{}, {"type": "tuning", "sysctl": {"net.core.somaxconn": "500"}}],
        [{}, {"type": "other", "vlan": 7, "mtu": 1400}],
    ],
)
def test_conflist_that_profiles_know(changes: list[dict[str, Any]]) -> None:
    """Settings of the first plugin that paths do not depend on, and other plugins' own."""
    unsupported.check(_chain(*changes), _PATH)
