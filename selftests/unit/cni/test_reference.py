"""Every key of every reference plugin is read, refused by name, or known to be harmless."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from podpath.cni import conflist, reference, unsupported
from podpath.errors import CouldNotTest

LIST: dict[str, dict[str, str]] = tomllib.loads(
    Path(__file__).with_name("reference_keys.toml").read_text()
)
ROUTES = {"dst", "gw", *unsupported.ROUTE_ATTRIBUTES}


@pytest.mark.parametrize("plugin", LIST)
def test_every_key_is_in_the_table(plugin: str) -> None:
    """The list is that of the plugins' sources, the table that of podpath."""
    if plugin == "route":
        assert set(LIST[plugin]) == ROUTES
    else:
        named = {name.partition(".")[0] for name in reference.plugins()[plugin].names}
        assert set(LIST[plugin]) == named


@pytest.mark.parametrize("plugin", [p for p in LIST if p != "route"])
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
        ([{}, {"type": "portmap", "conditionsV4": ["-s", "10.0.0.0/8"]}], '"conditionsV4"'),
        ([{}, {"type": "firewall", "ingressPolicy": "isolated"}], '"ingressPolicy"'),
        ([{}, {"type": "bandwidth", "shapedSubnets": ["10.0.0.0/8"]}], '"shapedSubnets"'),
        ([{}, {"type": "tuning", "mac": "02:00:00:00:00:01"}], '"mac" of the plugin "tuning"'),
        ([{}, {"type": "vrf", "vrfname": "red"}], 'the plugin "vrf"'),
    ],
)
def test_refused_keys_are_named(chain: list[dict[str, Any]], words: str) -> None:
    """In the message: the key, and its plugin."""
    with pytest.raises(CouldNotTest, match=f"{words}.* in net.conflist"):
        unsupported.check(_chain(*chain), Path("net.conflist"))


@pytest.mark.parametrize("key", unsupported.ROUTE_ATTRIBUTES)
def test_attributes_of_routes_are_named(key: str) -> None:
    """With the route that has it; 0 is a value, too."""
    chain = _chain({}, ipam={"routes": [{"dst": "0.0.0.0/0", key: 0}]})

    with pytest.raises(CouldNotTest, match=f'"{key}" of the route to 0.0.0.0/0'):
        unsupported.check(chain, Path("net.conflist"))


@pytest.mark.parametrize(
    "chain",
    [
        [{"forceAddress": True, "enabledad": True, "ipMasqBackend": "nftables", "addIf": "true"}],
        [{"args": {"labels": {"app": "x"}}, "dns": {"nameservers": ["10.0.0.1"]}}],
        [{}, {"type": "firewall", "ingressPolicy": "same-bridge", "backend": "iptables"}],
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
