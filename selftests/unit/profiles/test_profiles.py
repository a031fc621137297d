"""Profiles: the shipped ones are sound, and a malformed one is rejected with line and reason."""

from dataclasses import replace
from pathlib import Path

import pytest

from podpath import profiles
from podpath.errors import CouldNotTest
from podpath.nodes.embedded.kind import Embedded
from podpath.run import checks
from podpath.run.plan import Plan
from selftests.suite import ROOT

PTP, MACVLAN, CALICO, AWS = (
    Path(profiles.__file__).with_name(f"{name}.toml").read_text()
    for name in ("ptp", "macvlan", "calico", "aws")
)
WIRE = ROOT / "selftests/profiles/wire/wire.toml"


@pytest.mark.parametrize(
    ("plugin", "name"),
    [
        ("bridge", "bridge"),
        ("ptp", "ptp"),
        ("macvlan", "macvlan"),
        ("calico", "calico"),
        ("aws-cni", "aws"),
        ("cni-kindnet", "kindnet"),
    ],
)
def test_profile_is_inferred_from_the_plugin_type(plugin: str, name: str) -> None:
    """Each reference plugin has a profile of its name; others have one in their manner."""
    assert profiles.for_plugin(plugin).name == name


def test_plugin_without_a_profile_is_told() -> None:
    """The message lists the remedies."""
    with pytest.raises(CouldNotTest, match=r'plugin type "wire".*--podpath-profile.*bridge'):
        profiles.for_plugin("wire")


@pytest.mark.parametrize("text", ["ptp", str(WIRE)])
def test_profile_is_named_or_in_a_file(text: str) -> None:
    """A shipped one by its name, another one by its path."""
    assert profiles.named(text).name == Path(text).stem


def test_unknown_name_is_told() -> None:
    """The text is neither a profile nor a file."""
    with pytest.raises(CouldNotTest, match=r'no profile "p2p", and no such file.*bridge'):
        profiles.named("p2p")


def test_shipped_profile_of_another_plugin_leaves_forwarding_to_the_administrator() -> None:
    """Its wiring is the same; the plugin need not turn forwarding on, as the profile's own does."""
    assert profiles.given("bridge", "bridge") == profiles.named("bridge")
    other = profiles.given("bridge", "mycni")
    shipped = profiles.named("bridge")
    assert other == replace(shipped, forwarding=profiles.ADMINISTRATOR, is_lent=True)
    assert not profiles.given("uplink", "bridge").is_lent


def test_plan_says_why_it_is_this_profile() -> None:
    """The header of a run shows the origin."""
    conflist = str(ROOT / "examples/ptp.conflist")
    inferred = Plan.read(Embedded(), conflist, [], None, None)
    given = Plan.read(Embedded(), conflist, [], None, None, profile=str(WIRE))

    assert (inferred.network.profile.name, inferred.profile_origin) == (
        "ptp",
        'inferred from the plugin type "ptp"',
    )
    assert (given.network.profile.name, given.profile_origin) == ("wire", f"given as {WIRE}")


def test_what_is_on_no_bridge_has_none() -> None:
    """The bridge's name comes from the profile: its key in the conflist, or its default."""
    routed = Plan.read(Embedded(), str(ROOT / "examples/ptp.conflist"), [], None, None)
    bridged = Plan.read(Embedded(), None, [], None, None)

    assert (routed.network.bridge, bridged.network.bridge) == ("", "cni0")


def test_kind_of_link_says_what_does_not_apply() -> None:
    """Requirements of another kind of link do not apply."""
    veth, macvlan = (profiles.for_plugin(name).not_applicable for name in ("ptp", "macvlan"))

    assert "TOPO-LOWER-LINK" in veth
    assert "TOPO-VETH-PEER" not in veth
    assert "TOPO-LOWER-LINK" not in macvlan
    assert {"TOPO-VETH-PEER", "TOPO-HOST-END", "TOPO-NODE-ADDR"} <= set(macvlan)


def test_mode_that_the_profile_is_not_about_cannot_be_tested(tmp_path: Path) -> None:
    """A profile's paths are for one mode; the conflist may name it, or none."""
    text = (ROOT / "examples/macvlan.conflist").read_text()
    for mode in ("bridge", ""):
        checks.mode(_planned(tmp_path, text.replace('"bridge"', f'"{mode}"')))

    with pytest.raises(CouldNotTest, match=r"asks for mode 'private'.*mode 'bridge'"):
        checks.mode(_planned(tmp_path, text.replace('"bridge"', '"private"')))


def _planned(directory: Path, conflist: str) -> Plan:
    path = directory / "net.conflist"
    path.write_text(conflist)
    return Plan.read(Embedded(), str(path), [], None, None)


def _line(profile: str, text: str) -> int:
    """Return the first line of a profile that contains a text."""
    return next(n for n, line in enumerate(profile.splitlines(), 1) if text in line)


MALFORMED = [
    pytest.param("[host-end]", "[host-end", "at line", id="not-toml"),
    pytest.param('name = "ptp"', "name = 1", '"name" must be a text', id="type"),
    pytest.param("addresses =", "adresses =", "no key 'adresses' here", id="unknown-key"),
    pytest.param("{pod}/{length}", "{pot}/{length}", "nothing is called 'pot'", id="unknown-word"),
    pytest.param('"{gateway}/{all}"]', '"{gateway}/33"]', "filled in, is none", id="no-address"),
    pytest.param('dev = "host-end"', 'dev = "eth0"', "must be one of host-end", id="device"),
    pytest.param('dev = "host-end"', 'dev = "master"', "there is no [master]", id="no-master"),
    pytest.param('request = "to-node"', 'request = "to"', "no path of the kind 'to'", id="no-path"),
    pytest.param("TOPO-FDB", "TOPO-FBD", "no requirement 'TOPO-FBD'", id="requirement"),
    pytest.param('TOPO-FDB = "pods', 'TOPO-FDB = "" # "pods', "must have a reason", id="no-reason"),
    pytest.param('at = "source",      interface = "pod"', 'at = "sauce"', "'sauce'", id="place"),
    pytest.param('after = ["enter"]', 'after = ["entry"]', "no hop 'entry'", id="no-hop"),
    pytest.param("ttl = -1", 'ttl = "-1"', '"ttl" must be a whole number', id="hop-type"),
    pytest.param(', dev = "host-end" }', " }", '"dev" is missing', id="missing"),
    pytest.param("[host-end]", "[lower]\n[host-end]", "a veth lies on nothing", id="lower"),
    pytest.param("ttl = -1", "tll = -1", "no key 'tll' here", id="hop-key"),
]


#: The same of a profile whose pods have macvlan links.
_HOP = 'interface = "lower", direction = "in"'
MALFORMED_STACKED = [
    pytest.param('kind = "macvlan"', 'kind = "tap"', "one of veth, macvlan, ipvlan", id="kind"),
    pytest.param('mode = "bridge"', 'mode = "brige"', "one of bridge, passthru", id="mode"),
    pytest.param("[lower]", "[host-end]\n[lower]", "no host end, and so no [host-end]", id="end"),
    pytest.param(_HOP, 'interface = "source", direction = "in"', "a macvlan has none", id="hop"),
    pytest.param(_HOP, 'interface = "master", direction = "in"', "no [master]", id="no-master"),
    pytest.param('"multicast"\n', '"many"\n', "no path of the kind 'many'", id="no-path"),
    pytest.param(
        "routes = []",
        'routes = [{ to = "{subnet}", dev = "host-end" }]',
        "a route is by a host end, and a macvlan has none",
        id="route",
    ),
    pytest.param(
        'interface = "pod",   direction = "in", after = ["lower"]',
        'interface = "pod",   direction = "in", after = ["lower"], routed = true',
        "a hop is routed by a host end",
        id="routed",
    ),
]


#: The same of profiles whose gateway no interface holds.
MALFORMED_CALICO = [
    pytest.param('base = "ptp"', 'base = "../ptp"', "no profile '../ptp'", id="base"),
    pytest.param('"169.254.1.1", ', '"169.254.1", ', "'169.254.1' does not", id="gateway"),
    pytest.param('"fe80::ec', '"10.0.0.1", "fe80::ec', "one gateway at most", id="two-gateways"),
    pytest.param('family = "ipv4"', 'family = "ip4"', "one of , ipv4, ipv6", id="family"),
    pytest.param('mac = "ee:', 'mac = "EE:', "in lower case", id="mac"),
    pytest.param("proxy-arp = true", "proxy-arp = 1", "must be true or false", id="proxy"),
    pytest.param('"administrator"', '"admin"', "one of plugin, administrator", id="forwarding"),
]
MALFORMED_AWS = [
    pytest.param('mac = "host-end"', 'mac = "node"', "must be a MAC address", id="neighbour"),
    pytest.param('address = "{gateway}"', 'address = "{all}"', "filled in, is none", id="address"),
    pytest.param('table = "main"', 'table = "mine"', "a number, or one of main", id="table"),
    pytest.param('to = "{pod}/{all}", table', "table", 'needs "from" or "to"', id="any"),
    pytest.param('target = "none"', 'target = "none"\nreply = "self"', "only target", id="target"),
]


@pytest.mark.parametrize(
    ("profile", "old", "new", "reason"),
    [
        *(pytest.param(PTP, *one.values, id=one.id) for one in MALFORMED),
        *(pytest.param(MACVLAN, *one.values, id=f"macvlan-{one.id}") for one in MALFORMED_STACKED),
        *(pytest.param(CALICO, *one.values, id=f"calico-{one.id}") for one in MALFORMED_CALICO),
        *(pytest.param(AWS, *one.values, id=f"aws-{one.id}") for one in MALFORMED_AWS),
    ],
)
def test_malformed_profile_is_refused(
    tmp_path: Path, profile: str, old: str, new: str, reason: str
) -> None:
    """One sentence: the file, the line, and what is wrong there."""
    path = tmp_path / "own.toml"
    assert old in profile
    path.write_text(profile.replace(old, new, 1))

    with pytest.raises(CouldNotTest) as told:
        profiles.load(path)

    assert f"the profile {path} is malformed: " in str(told.value)
    assert reason in str(told.value)
    line = _line(profile, old.strip())
    near = {f"line {n}" for n in (line, line + 1)}
    assert any(f"{n}:" in str(told.value) or f"{n}," in str(told.value) for n in near)


def test_profile_on_a_base_has_the_paths_of_the_base() -> None:
    """Tables of the file replace those of the base; paths and inapplicable requirements add up."""
    ptp, calico, aws = (profiles.named(name) for name in ("ptp", "calico", "aws"))

    assert calico.paths == aws.paths == ptp.paths
    assert (calico.name, calico.plugins, calico.resolution) == (
        "calico",
        ("calico",),
        ptp.resolution,
    )
    assert calico.host_end != ptp.host_end
    assert aws.not_applicable == {
        **ptp.not_applicable,
        "PATH-ARP": "pods ask for no MAC address: their neighbours are permanent",
    }


def test_profile_of_ones_own_may_stand_on_a_shipped_one(tmp_path: Path) -> None:
    """Only what differs needs a line."""
    path = tmp_path / "own.toml"
    path.write_text("""
base = "ptp"
name = "own"
plugins = ["own"]
[not-applicable]
PATH-SELF = "its lo is down"
[path]
self = [{ id = "leave", at = "source", interface = "pod", direction = "out" }]
""")
    own, ptp = profiles.load(path), profiles.named("ptp")

    assert own.not_applicable == {**ptp.not_applicable, "PATH-SELF": "its lo is down"}
    assert len(own.paths["self"]) == 1
    assert {**own.paths, "self": ptp.paths["self"]} == ptp.paths
    assert own.host_end == ptp.host_end
