"""Conflists: what is read from them, and what is said of malformed ones."""

import json
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from podpath.cni import conflist
from podpath.cni.fields import Malformed
from podpath.cni.ipam import Range
from podpath.cni.routes import ConfiguredRoute
from podpath.errors import CouldNotTest
from podpath.model import Family

from .. import samples

Document = dict[str, Any]


def default() -> Document:
    document: Document = json.loads(conflist.DEFAULT.read_text())
    return document


def test_default_conflist() -> None:
    """Bridge cni0 with gateway and masquerading, host-local with a default route, portmap."""
    read = conflist.read(conflist.DEFAULT)

    assert read.text == conflist.DEFAULT.read_text()
    assert (read.name, read.version) == ("podpath", "1.0.0")
    assert read.plugins == ("bridge", "portmap")
    assert read.delegates == ("bridge", "portmap", "host-local")
    assert (read.is_gateway, read.is_default_gateway) == (True, False)
    assert (read.hairpin, read.isolated, read.mtu) == (False, False, None)
    assert read.ipam.families == (Family.IPV4,)
    assert read.ipam.routes == (ConfiguredRoute(ip_network("0.0.0.0/0"), None),)
    assert read.ipam.lease_directory == "/var/lib/cni/networks/podpath"


def test_default_range() -> None:
    """Without rangeStart, rangeEnd and gateway, as host-local chooses them."""
    (one,) = conflist.read(conflist.DEFAULT).ipam.ranges

    assert one == Range(
        ip_network("10.88.0.0/24"),
        ip_address("10.88.0.1"),
        ip_address("10.88.0.254"),
        ip_address("10.88.0.1"),
    )
    assert one.usable == 253
    assert ip_address("10.88.0.254") in one
    assert ip_address("10.88.0.255") not in one
    assert ip_address("::a58:2") not in one


def test_dual_stack() -> None:
    """Ranges of both IP versions give both families, each with its gateway."""
    ranges = [[{"subnet": "fd00::/64"}], [{"subnet": "10.0.0.0/28", "gateway": "10.0.0.9"}]]
    read = samples.conflist({"ranges": ranges})

    assert read.ipam.families == (Family.IPV4, Family.IPV6)
    assert read.ipam.gateway(Family.IPV4) == ip_address("10.0.0.9")
    assert read.ipam.gateway(Family.IPV6) == ip_address("fd00::1")
    assert read.ipam.ranges_of(Family.IPV4)[0].usable == 13


def test_no_gateway_without_a_range() -> None:
    """To ask for the gateway of a family without a range is the caller's mistake."""
    with pytest.raises(LookupError, match="no IPv6 range"):
        samples.conflist().ipam.gateway(Family.IPV6)


def test_default_gateway_is_a_gateway() -> None:
    """isDefaultGateway implies isGateway."""
    assert samples.conflist(isGateway=False, isDefaultGateway=True).is_gateway


def test_single_subnet_of_old() -> None:
    """host-local still takes its range from the section itself."""
    read = samples.conflist({"ranges": None, "subnet": "10.1.0.0/24", "rangeEnd": "10.1.0.9"})

    assert [(str(r.first), str(r.last)) for r in read.ipam.ranges] == [("10.1.0.1", "10.1.0.9")]


def test_data_directory() -> None:
    """dataDir is where the leases are."""
    ipam = samples.conflist({"dataDir": "/srv/leases"}).ipam

    assert ipam.lease_directory == "/srv/leases/podpath"


def test_single_conf_is_wrapped() -> None:
    """A single plugin's .conf becomes a conflist of one, as libcni makes it."""
    single = default()["plugins"][0] | {"name": "net", "cniVersion": "0.3.1"}
    read = conflist.parse(json.dumps(single))

    assert (read.name, read.version, read.plugins) == ("net", "0.3.1", ("bridge",))
    assert json.loads(read.text) == {"name": "net", "cniVersion": "0.3.1", "plugins": [single]}


@pytest.mark.parametrize("position", [0, 1, 2])
def test_loopback_is_never_the_main_plugin(position: int) -> None:
    """The main plugin creates the pods' interfaces, wherever loopback is."""
    document = default()
    document["plugins"].insert(position, {"type": "loopback"})
    read = conflist.parse(json.dumps(document))

    assert read.main_plugin == "bridge"
    assert read.section["ipam"]
    assert "loopback" in read.delegates


@pytest.mark.parametrize(
    ("changes", "version"),
    [
        ({"cniVersions": ["0.3.1", "1.1.0"]}, "1.1.0"),
        ({"cniVersions": ["0.3.1", "9.0.0"]}, "1.0.0"),
        ({"cniVersion": None, "cniVersions": ["0.4.0", "0.3.1"]}, "0.4.0"),
        ({"cniVersion": None}, "0.1.0"),
        ({"cniVersion": "9.0.0"}, "9.0.0"),
    ],
)
def test_version_is_the_highest_known_one(changes: Document, version: str) -> None:
    """Like libcni, podpath takes the highest of all versions that it knows."""
    read = conflist.parse(json.dumps(default() | changes))

    assert read.version == version
    other = read.in_versions("0.4.0", read.version)
    assert (other.version, other.contract_version) == ("0.4.0", read.version)
    assert json.loads(other.text)["cniVersion"] == "0.4.0"
    assert "cniVersions" not in other.text
    assert other.written == read.written


def test_switches_of_the_runtime() -> None:
    """libcni reads disableCheck and disableGC as booleans and as texts."""
    read = conflist.parse(json.dumps(default() | {"disableCheck": "True", "disableGC": True}))

    assert (read.disable_check, read.disable_gc) == (True, True)
    assert not conflist.read(conflist.DEFAULT).disable_check


def test_mtu_as_text_where_the_plugin_may_take_it() -> None:
    """The AWS VPC CNI has its MTU as a text; the reference plugins refuse one."""
    assert samples.conflist(type="aws-cni", mtu="9001").mtu == 9001
    assert samples.conflist(type="aws-cni", mtu="").mtu is None


def test_several_sets_of_one_family() -> None:
    """A pod gets one address of each set; the gateway may be outside of the subnet."""
    ranges = [
        [{"subnet": "10.0.0.0/24", "gateway": "169.254.1.1"}, {"subnet": "10.2.0.0/24"}],
        [{"subnet": "10.1.0.0/24"}],
        [{"subnet": "fd00::/64"}],
    ]
    ipam = samples.conflist({"ranges": ranges}).ipam

    assert [len(s) for s in ipam.sets_of(Family.IPV4)] == [2, 1]
    assert [len(s) for s in ipam.sets_of(Family.IPV6)] == [1]
    assert ipam.gateway(Family.IPV4) == ip_address("169.254.1.1")
    assert ipam.ranges[0].usable == 254


def test_directory_as_a_runtime_reads_it(tmp_path: Path) -> None:
    """The first file by name, whatever lies beside, except the loopback's own."""
    (tmp_path / "00-loopback.conf").write_text('{"name": "lo", "type": "loopback"}')
    (tmp_path / "05-old.conflist.bak").write_text("{")
    (tmp_path / "06-directory.conf").mkdir()
    assert conflist.in_directory(tmp_path) is None
    (tmp_path / "20-other.conflist").write_text("{")
    (tmp_path / "10-net.conflist").write_text(conflist.DEFAULT.read_text())

    assert conflist.in_directory(tmp_path) == tmp_path / "10-net.conflist"


def _main(**changes: Any) -> Callable[[Document], None]:
    return lambda document: document["plugins"][0].update(changes)


def _ipam(**changes: Any) -> Callable[[Document], None]:
    return lambda document: document["plugins"][0]["ipam"].update(changes)


def _top(**changes: Any) -> Callable[[Document], None]:
    return lambda document: document.update(changes)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param(lambda d: d.pop("plugins"), "neither a conflist", id="no-plugins"),
        pytest.param(_top(plugins=[]), "objects that each have a", id="empty-plugins"),
        pytest.param(_top(plugins=None), "objects that each have a", id="null-plugins"),
        pytest.param(_top(plugins={}), '"plugins" must be a list', id="plugins-object"),
        pytest.param(_top(plugins=["bridge"]), "objects that each have a", id="plugin-text"),
        pytest.param(_top(plugins=[{}]), "objects that each have a", id="plugin-no-type"),
        pytest.param(_top(plugins=[{"type": 1}]), '"type" must be a text', id="type-number"),
        pytest.param(lambda d: d.pop("name"), '"name" is missing', id="no-name"),
        pytest.param(_top(name=""), '"name" is missing', id="empty-name"),
        pytest.param(_top(name=5), '"name" must be a text', id="name-number"),
        pytest.param(_top(cniVersion=1), '"cniVersion" must be a text', id="version-number"),
        pytest.param(_top(cniVersions="1.0.0"), '"cniVersions" must be', id="versions-text"),
        pytest.param(_top(cniVersions=[1]), '"cniVersions" must be', id="versions-number"),
        pytest.param(_top(disableCheck="no"), '"disableCheck" must be true or', id="switch-text"),
        pytest.param(_top(disableGC=1), '"disableGC" must be true or false', id="switch-number"),
        pytest.param(_top(plugins=[{"type": "loopback"}]), "only plugin is", id="loopback-alone"),
        pytest.param(_main(bridge=7), '"bridge" must be a text, not 7', id="bridge-number"),
        pytest.param(_main(isGateway="yes"), '"isGateway" must be true or false', id="flag-text"),
        pytest.param(_main(isGateway=1), '"isGateway" must be true or false', id="flag-number"),
        pytest.param(_main(mtu="1500"), '"mtu" must be a whole number', id="mtu-text"),
        pytest.param(_main(type="acme", mtu="1500 "), '"mtu" must be a', id="mtu-no-number"),
        pytest.param(_main(mtu=True), '"mtu" must be a whole number, not true', id="mtu-bool"),
        pytest.param(_main(ipam=None), 'no "ipam" with a "type"', id="no-ipam"),
        pytest.param(_main(ipam={}), 'no "ipam" with a "type"', id="empty-ipam"),
        pytest.param(_main(ipam="host-local"), '"ipam" must be an object', id="ipam-text"),
        pytest.param(_ipam(ranges=[]), 'no "ranges" and no "subnet"', id="no-ranges"),
        pytest.param(_ipam(ranges={}), '"ranges" must be a list', id="ranges-object"),
        pytest.param(
            _ipam(ranges=[{"subnet": "10.0.0.0/24"}]), "list of lists", id="ranges-not-nested"
        ),
        pytest.param(_ipam(ranges=[["10.0.0.0/24"]]), 'object with a "subnet"', id="range-text"),
        pytest.param(_ipam(ranges=[[]]), "must have a range", id="empty-set"),
        pytest.param(
            _ipam(ranges=[[{"subnet": "10.0.0.0/24"}, {"subnet": "fd00::/64"}]]),
            "one set must have the same IP version",
            id="mixed-set",
        ),
        pytest.param(
            _ipam(ranges=[[{"subnet": "10.0.0.0/24"}], [{"subnet": "10.0.0.0/16"}]]),
            "10.0.0.1-10.0.0.254 and 10.0.0.1-10.0.255.254 overlap",
            id="overlap",
        ),
        pytest.param(
            _ipam(ranges=[[{"subnet": "10.0.0.9/24"}]]), "has host bits set", id="host-bits"
        ),
        pytest.param(
            _ipam(ranges=[[{"subnet": "10.0.0.0/24", "gateway": "fd00::1"}]]),
            "another IP version",
            id="gateway-family",
        ),
        pytest.param(_ipam(ranges=[[{}]]), 'object with a "subnet"', id="range-no-subnet"),
        pytest.param(_ipam(ranges=[[{"subnet": "10.0.0/99"}]]), "range .*10.0.0/99", id="subnet"),
        pytest.param(_ipam(ranges=[[{"subnet": 10}]]), '"subnet" must be', id="subnet-number"),
        pytest.param(_ipam(ranges=[[{"subnet": "10.0.0.0/32"}]]), "range ", id="subnet-of-one"),
        pytest.param(
            _ipam(ranges=[[{"subnet": "10.0.0.0/24", "rangeStart": "x"}]]),
            "range .*'x' does not appear",
            id="range-start",
        ),
        pytest.param(
            _ipam(ranges=[[{"subnet": "10.0.0.0/24", "gateway": "10.0.0.256"}]]),
            "range .*10.0.0.256",
            id="range-gateway",
        ),
        pytest.param(_ipam(routes={}), '"routes" must be a list', id="routes-object"),
        pytest.param(_ipam(routes=["0.0.0.0/0"]), "route ", id="route-text"),
        pytest.param(_ipam(routes=[{}]), "route ", id="route-empty"),
        pytest.param(_ipam(routes=[{"dst": "nowhere"}]), "route .*nowhere", id="route-dst"),
        pytest.param(
            _ipam(routes=[{"dst": "0.0.0.0/0", "gw": "door"}]), "route .*door", id="route-gw"
        ),
    ],
)
def test_malformed_conflist_could_not_be_tested(
    tmp_path: Path, change: Callable[[Document], None], reason: str
) -> None:
    """One sentence names the file and the reason, and the remedy follows."""
    document = default()
    change(document)
    path = tmp_path / "some.conflist"
    path.write_text(json.dumps(document))

    with pytest.raises(CouldNotTest, match=f"some.conflist is not a usable conflist: .*{reason}"):
        conflist.read(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", "not JSON", id="empty"),
        pytest.param(b"{", "not JSON", id="unfinished"),
        pytest.param(b"[" * 100_000, "not JSON", id="deep"),
        pytest.param(b"[]", "neither a conflist", id="list"),
        pytest.param(b"null", "neither a conflist", id="null"),
        pytest.param(b"\xff\xfe{}", "cannot be read: not text", id="not-text"),
        pytest.param(b'{"type": "bridge"}', '"name" is missing', id="single-without-name"),
    ],
)
def test_file_that_is_no_conflist_could_not_be_tested(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    """Neither text nor JSON nor a list: each is told apart."""
    path = tmp_path / "some.conflist"
    path.write_bytes(content)

    with pytest.raises(CouldNotTest, match=reason):
        conflist.read(path)


def test_file_that_is_not_there_could_not_be_tested(tmp_path: Path) -> None:
    """The system's own reason is given, for a missing file as for a directory."""
    with pytest.raises(CouldNotTest, match="cannot be read: No such file"):
        conflist.read(tmp_path / "none.conflist")
    with pytest.raises(CouldNotTest, match="cannot be read: Is a directory"):
        conflist.read(tmp_path)


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
_KEYS = [
    ("name",), ("cniVersion",), ("plugins",), ("plugins", 0), ("plugins", 0, "type"),
    ("plugins", 0, "bridge"), ("plugins", 0, "mtu"), ("plugins", 0, "hairpinMode"),
    ("plugins", 0, "ipam"), ("plugins", 0, "ipam", "type"), ("plugins", 0, "ipam", "dataDir"),
    ("plugins", 0, "ipam", "subnet"), ("plugins", 0, "ipam", "ranges"),
    ("plugins", 0, "ipam", "ranges", 0), ("plugins", 0, "ipam", "ranges", 0, 0),
    ("plugins", 0, "ipam", "ranges", 0, 0, "subnet"),
    ("plugins", 0, "ipam", "ranges", 0, 0, "rangeStart"),
    ("plugins", 0, "ipam", "ranges", 0, 0, "gateway"),
    ("plugins", 0, "ipam", "routes"), ("plugins", 0, "ipam", "routes", 0),
    ("plugins", 0, "ipam", "routes", 0, "dst"), ("plugins", 0, "ipam", "routes", 0, "gw"),
    ("plugins", 1), ("plugins", 1, "type"),
]  # fmt: skip


def _read(path: Path, text: str) -> None:
    path.write_text(text)
    with suppress(CouldNotTest):
        conflist.read(path)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file for all examples."""
    return tmp_path_factory.mktemp("conflists") / "some.conflist"


@given(_values)
@settings(max_examples=50)
def test_arbitrary_documents_are_conflists_or_could_not_be_tested(file: Path, value: Any) -> None:
    """Whatever the document, nothing else comes of it."""
    _read(file, json.dumps(value))


@given(st.sampled_from(_KEYS), _values)
@example(("plugins", 0, "ipam", "ranges", 0, 0, "subnet"), "::/0")
@example(("plugins", 0, "ipam", "ranges", 0, 0, "subnet"), "0.0.0.0/31")
@example(("plugins", 0, "mtu"), 10**400)
def test_any_value_at_any_key_is_read_or_told(
    file: Path, keys: tuple[str | int, ...], value: Any
) -> None:
    """A good conflist in which one value is replaced by anything."""
    document = default()
    place: Any = document
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value

    _read(file, json.dumps(document))


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        ({"type": "bridge", "ipMasq": "true"}, '"ipMasq" must be true or false, not "true"'),
        ({"type": "ptp", "ipmasq": 1}, '"ipMasq" must be true or false, not 1'),
        ({"type": "portmap", "snat": "yes"}, 'not "yes", in plugin "portmap"'),
    ],
)
def test_switch_of_a_reference_plugin_is_true_or_false(
    section: dict[str, Any], reason: str
) -> None:
    """The plugin's JSON decoder refuses another value, and each ADD fails."""
    document = json.loads(conflist.DEFAULT.read_text())
    document["plugins"] = [
        {**next((p for p in document["plugins"] if p["type"] == "bridge"), {}), **section}
        if section["type"] != "portmap"
        else document["plugins"][0],
        *([section] if section["type"] == "portmap" else []),
    ]
    with pytest.raises(Malformed, match=reason):
        conflist.parse(json.dumps(document))


def test_switch_of_another_plugin_may_be_a_text() -> None:
    document = json.loads(conflist.DEFAULT.read_text())
    document["plugins"].append({"type": "acme", "ipMasq": "true", "snat": "yes"})

    assert conflist.parse(json.dumps(document)).plugins[-1] == "acme"


@pytest.mark.parametrize(
    "written",
    [
        '{"kind": "NetworkAttachmentDefinition", "spec": {"config": "{}"}}',
        "apiVersion: k8s.cni.cncf.io/v1\nkind: NetworkAttachmentDefinition\n",
    ],
    ids=["json", "yaml"],
)
def test_manifest_that_holds_a_conflist(written: str) -> None:
    with pytest.raises(Malformed, match='"config" is the conflist'):
        conflist.parse(written)


def test_two_plugins_that_make_the_interface_are_refused() -> None:
    document = json.loads(conflist.DEFAULT.read_text())
    document["plugins"].append({**document["plugins"][0], "type": "macvlan"})

    with pytest.raises(Malformed, match='"bridge" and "macvlan" both make the pods\' interface'):
        conflist.parse(json.dumps(document))


@pytest.mark.parametrize(
    ("main", "ipam", "chained", "expected"),
    [
        ({}, {}, [], ()),
        ({"dns": {"domain": "x"}}, {}, ["portmap"], ({"domain": "x"},)),
        ({}, {"type": "static", "dns": {"search": ["x"]}}, [], ({"search": ["x"]},)),
        ({}, {"resolvConf": "/etc/resolv.conf"}, [], None),
        ({}, {"type": "dhcp"}, [], None),
        ({}, {}, ["dnsname"], None),
    ],
)
def test_dns_settings_that_plugins_may_report(
    main: Document, ipam: Document, chained: list[str], expected: tuple[Document, ...] | None
) -> None:
    """Those of the conflist, unless another plugin, a file or a server may have more."""
    document = default()
    bridge = document["plugins"][0]
    bridge.update(main)
    bridge["ipam"].update(ipam)
    document["plugins"] = [bridge, *({"type": name} for name in chained)]

    assert conflist.parse(json.dumps(document)).dns == expected
