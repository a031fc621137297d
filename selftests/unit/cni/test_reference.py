"""Every key of every reference plugin is read, refused by name, or known to be harmless."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from podpath.cni import conflist, reference, routes, unsupported
from podpath.errors import CouldNotTest

LIST: dict[str, dict[str, str]] = tomllib.loads(
    Path(__file__).with_name("reference_keys.toml").read_text()
)


@pytest.mark.parametrize("plugin", LIST)
def test_every_key_is_in_the_table(plugin: str) -> None:
    """The list is that of the plugins' sources, the table that of podpath."""
    named = {name.partition(".")[0] for name in reference.plugins()[plugin].names}

    assert set(LIST[plugin]) == named


@pytest.mark.parametrize("plugin", LIST)
def test_every_refused_key_is_refused_by_name(plugin: str) -> None:
    """A key that the table calls refused is in the list of what no profile covers."""
    keys = reference.plugins()[plugin]

    assert [key for key in keys.refused if not unsupported.refuses(plugin, key)] == []
    assert all(keys.harmless.values())
    assert not keys.harmless.keys() & (keys.read | keys.refused)


def _chain(*sections: dict[str, Any], ipam: dict[str, Any] | None = None) -> conflist.Conflist:
    document = json.loads(conflist.DEFAULT.read_text())
    document["plugins"][0]["ipam"] |= ipam or {}
    document["plugins"] = [document["plugins"][0] | sections[0], *sections[1:]]
    return conflist.parse(json.dumps(document))


def test_keys_of_reference_plugins_are_read_in_any_case() -> None:
    """As their JSON decoder does; the runtime gets the document as it is written."""
    read = _chain({"ipmasq": False, "HAIRPINMODE": True, "type": "bridge"})

    assert read.hairpin
    assert read.section["ipMasq"] is False
    assert '"HAIRPINMODE"' in read.text
    assert reference.canonical({"type": "acme", "IPMASQ": 1}) == {"type": "acme", "IPMASQ": 1}


@pytest.mark.parametrize(
    ("chain", "words"),
    [
        ([{"disableContainerInterface": True}], '"disableContainerInterface"'),
        ([{"args": {"cni": {"mac": "02:00:00:00:00:01"}}}], '"args.cni"'),
        ([{}, {"type": "portmap", "conditionsV4": ["-i", "eth0"]}], '"conditionsV4"'),
        ([{"type": "ptp"}, {"type": "firewall", "ingressPolicy": "isolated"}], '"ingressPolicy"'),
        ([{}, {"type": "bandwidth", "shapedSubnets": ["10.0.0.0/8"]}], '"shapedSubnets"'),
        ([{}, {"type": "tuning", "mac": "02:00:00:00:00:01"}], '"mac" of the plugin "tuning"'),
        ([{}, {"type": "vrf", "vrfname": "red"}], 'the plugin "vrf"'),
    ],
)
def test_refused_keys_are_named(chain: list[dict[str, Any]], words: str) -> None:
    """In the message: the key, and its plugin."""
    with pytest.raises(CouldNotTest, match=f"{words}.* in net.conflist"):
        unsupported.check(_chain(*chain), Path("net.conflist"))


@pytest.mark.parametrize("key", routes.ATTRIBUTES)
def test_attributes_of_routes_came_with_a_release(key: str) -> None:
    """An older release ignores them: the key is named, and the release; 0 is no value."""
    chain = _chain({}, ipam={"routes": [{"dst": "0.0.0.0/0", key: 5}]})
    without = _chain({}, ipam={"routes": [{"dst": "0.0.0.0/0", key: 0}]})

    named = [(f"ipam.routes.{key}", "1.6.0")]
    assert list(reference.too_new(chain.section, "1.5.1")) == named
    assert list(reference.too_new(chain.section, "1.6.0")) == []
    assert list(reference.too_new(without.section, "1.5.1")) == []


def test_a_value_came_with_a_release() -> None:
    """A release that knows the key may not know each of its values."""
    wall = {"type": "firewall", "ingressPolicy": "isolated"}

    named = [("ingressPolicy", "1.7.0")]
    assert list(reference.too_new(wall, "1.6.2")) == named
    assert list(reference.too_new(wall | {"ingressPolicy": "same-bridge"}, "1.1.1")) == []


def test_keys_of_ipam_came_with_a_release() -> None:
    section = {"type": "macvlan", "ipam": {"type": "dhcp", "priority": 50}}

    assert list(reference.too_new(section, "1.1.1")) == [("ipam.priority", "1.6.0")]


@pytest.mark.parametrize(
    "chain",
    [
        [{"forceAddress": True, "enabledad": True, "ipMasqBackend": "nftables", "addIf": "true"}],
        [{"args": {"labels": {"app": "x"}}, "dns": {"nameservers": ["10.0.0.1"]}}],
        [{}, {"type": "firewall", "ingressPolicy": "same-bridge", "backend": "iptables"}],
        [{}, {"type": "firewall", "ingressPolicy": "isolated"}],
        [{}, {"type": "portmap", "conditionsV4": ["!", "-s", "10.0.0.0/8"]}],
        [{}, {"type": "portmap", "externalSetMarkChain": "KUBE-MARK-MASQ", "backend": "nftables"}],
        [{}, {"type": "tuning", "txQLen": 500, "promisc": True, "dataDir": "/run/tuning"}],
        [{}, {"type": "tuning", "mtu": 1400}, {"type": "portmap", "masqAll": True}],
    ],
)
def test_harmless_keys_are_taken(chain: list[dict[str, Any]]) -> None:
    """What distributions write, and what has no effect on a path."""
    unsupported.check(_chain(*chain), Path("net.conflist"))


def test_plugins_that_are_none_of_the_reference_plugins() -> None:
    assert reference.others(["portmap", "acme", "tuning", "istio-cni"]) == ("acme", "istio-cni")


@pytest.mark.parametrize(
    ("chained", "sentence"),
    [
        (["portmap"], ""),
        (["acme", "portmap"], 'The chained plugin "acme" may have caused it; .* its effect'),
        (["acme", "istio-cni"], 'The chained plugins "acme", "istio-cni" may .* their effects'),
    ],
)
def test_unknown_chained_plugins_may_have_caused_a_difference(
    chained: list[str], sentence: str
) -> None:
    assert re.fullmatch(sentence, reference.suspicion(chained))
