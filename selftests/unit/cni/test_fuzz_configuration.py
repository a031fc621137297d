"""Whatever a configuration file is: it is read and usable, or could not be tested, clearly."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from podpath import profiles
from podpath.cni import conflist, deviations
from podpath.cni.code import Origin, like
from podpath.cni.conflist import Conflist
from podpath.cni.deviations import Program
from podpath.errors import CouldNotTest
from podpath.model import Path as ModelPath
from podpath.paths import expected
from podpath.profiles import Profile
from podpath.system import files

from .. import samples
from ..strategies import ODD_DOCUMENTS, documents, encoded, near, numbers, soundly, texts

CONFLIST = json.loads(conflist.DEFAULT.read_text())
CONFLIST["plugins"][0] |= {"mtu": 1400, "hairpinMode": True, "isDefaultGateway": True}
CONFLIST["plugins"][0]["ipam"]["dataDir"] = "/srv/leases"
CONFLIST["plugins"][0]["ipam"]["routes"].append({"dst": "192.0.2.0/24", "gw": "10.88.0.9"})

PROFILE = tomllib.loads(Path(profiles.__file__).with_name("bridge.toml").read_text())
#: What traffic asks for.
KINDS = ("unicast", "broadcast", "to-node", "from-node", "self")
DEVIATIONS = tomllib.loads(deviations.SHIPPED.read_text())


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file for all examples."""
    return tmp_path_factory.mktemp("configuration") / "some.file"


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


# --- conflists --------------------------------------------------------------------------------


@given(documents | near(CONFLIST).map(encoded) | near(CONFLIST, texts).map(encoded))
@example(encoded(CONFLIST).replace(b"1400", b"NaN"))
@example(encoded(CONFLIST).replace(b'"dst"', b'"dst": "nowhere", "dst"'))
def test_any_conflist_is_usable_or_told(file: Path, content: bytes) -> None:
    """Any bytes, any JSON, a good conflist with anything somewhere in it."""
    read = soundly(conflist.read, _written(file, content))

    if read is not None:
        _check_usable(read)


def _check_usable(read: Conflist) -> None:
    """All that others do with a conflist, without asking again."""
    for name in (*read.plugins, *read.delegates, read.name):
        assert name
        assert "/" not in name
        assert name.isprintable()
    assert read.ipam.lease_directory.startswith("/")
    assert read.mtu is None or 68 <= read.mtu <= 65535
    for one in read.ipam.ranges:
        assert one.first in one
        assert one.usable >= 0
        assert one.gateway in one.subnet
    for family in read.ipam.families if read.ipam.is_stated else ():  # else the pods show them
        assert read.ipam.gateway(family).version == family.value


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("plugins", 0, "type"), "../bridge", '"type" must be the name of a plugin'),
        (("plugins", 0, "ipam", "type"), "..", '"type" must be the name of a plugin'),
        (("plugins", 0, "bridge"), "a/b", '"bridge" must be a name that an interface can have'),
        (("plugins", 0, "bridge"), "a bridge too far", '"bridge" must be a name'),
        (("plugins", 0, "bridge"), "öööööööö", '"bridge" must be a name'),
        (("plugins", 0, "bridge"), "c\0", '"bridge" must be text that can be printed'),
        (("plugins", 0, "bridge"), "\ud800", '"bridge" must be text that can be printed'),
        (("plugins", 0, "mtu"), -1, '"mtu" must be 0, or from 68 to 65535'),
        (("plugins", 0, "mtu"), float("nan"), "NaN is no JSON value"),
        (("plugins", 0, "ipam", "dataDir"), "leases", '"dataDir" must be an absolute path'),
        (("plugins", 0, "ipam", "routes", 0), 5, 'each route must be an object with a "dst"'),
    ],
)
def test_what_no_plugin_could_use_is_told(
    file: Path, place: tuple[str | int, ...], value: object, said: str
) -> None:
    """Before a node is started, and with what is wrong."""
    content = encoded(_with(CONFLIST, place, value))

    with pytest.raises(CouldNotTest, match=said):
        conflist.read(_written(file, content))


def _with(document: Any, place: tuple[str | int, ...], value: object) -> Any:
    copied = json.loads(json.dumps(document))
    inner = copied
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return copied


@pytest.mark.parametrize("read", [conflist.read, deviations.read, profiles.load])
def test_files_without_end_are_refused(read: Any) -> None:
    """Nothing is read to its end that may have none."""
    with pytest.raises(CouldNotTest, match="File too large"):
        read(Path("/dev/zero"))


def test_large_file_is_refused(file: Path) -> None:
    """What is longer than any conflist is not parsed."""
    with pytest.raises(CouldNotTest, match="File too large"):
        conflist.read(_written(file, b" " * (files.LIMIT + 1)))


# --- TOML -------------------------------------------------------------------------------------

_toml_values = st.recursive(
    st.booleans() | numbers.filter(lambda n: abs(n) < 2**63) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


def toml(document: dict[str, Any]) -> bytes:
    """A document as TOML: tables in line, which is all that these tests need."""
    lines = (f"{json.dumps(key)} = {_toml(value)}" for key, value in document.items())
    return "\n".join(lines).encode(errors="surrogateescape")


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{json.dumps(k)} = {_toml(v)}' for k, v in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value)


def _tables(good: dict[str, Any]) -> st.SearchStrategy[bytes]:
    """Good ones with something wrong in them, and what is no TOML, or no table that is known."""
    odd = st.sampled_from([*ODD_DOCUMENTS, b"path = 1", b"x = " + b"[" * 100_000, b"a = 1\na = 2"])
    disturbed = near(good, _toml_values).filter(lambda d: isinstance(d, dict))
    return disturbed.map(toml) | odd | st.binary(max_size=40)


@given(_tables(DEVIATIONS))
@example(b"deviation = 5")
@example(b'deviation = [{ "\\n" = "" }]')
@example(b'"\\n" = 1')
@example(toml(DEVIATIONS).replace(b"LIFE-REUSE", b"\\u001b\\n"))
def test_any_deviations_are_read_or_told(file: Path, content: bytes) -> None:
    """Any bytes, any TOML, a good file with anything somewhere in it."""
    bridge = Program("bridge", "bridge", like("bridge"))
    found = soundly(deviations.applying, _written(file, content), [bridge])

    assert found is None or all(one.plugin == "bridge" for one in found)


def test_deviation_from_a_requirement_of_a_vendor(file: Path) -> None:
    """Its id must be declared, and podpath's ids stay what they are."""
    declared = DEVIATIONS["deviation"][0]
    content = toml({"deviation": [declared, {**declared, "requirement": "ACME-DSCP"}]})
    known = deviations.read(_written(file, content), own={"ACME-DSCP"})

    assert [one.requirement for one in known] == [declared["requirement"], "ACME-DSCP"]
    for own in ((), {"ACME-DSPC"}):
        with pytest.raises(CouldNotTest, match="the unknown requirement 'ACME-DSCP'"):
            deviations.read(file, own)


@given(st.text("[]!-*?a", max_size=12))
@example("*a" * 40)
@example("[z-a]")
def test_any_pattern_of_origins_is_one(file: Path, pattern: str) -> None:
    """Every text is a pattern, and none takes long."""
    content = toml({"deviation": [{**_declared("bridge"), "origin": pattern}]})
    bridge = Program("bridge", "bridge", Origin(package="a" * 100 + "b"))
    found = deviations.applying(_written(file, content), [bridge])

    assert len(found) <= 1


@pytest.mark.parametrize(
    ("plugins", "case", "occurs"),
    [
        (("bridge",), "bridge-1.0.0-gateway", True),
        (("bridge", "portmap"), "chain-1.0.0-gateway", True),
        (("portmap",), "portmap-1.0.0-gateway", False),
        (("bridge",), "bridge-1.0.0-lease", False),
    ],
)
def test_deviation_occurs_in_some_tests(plugins: tuple[str, ...], case: str, occurs: bool) -> None:
    """In those that are about its plugin, with the parameters that it names."""
    one = deviations.Deviation("LIFE-REUSE", "bridge", "why", "where", "*", cases=("*-gateway",))

    assert one.occurs_in(plugins, case) is occurs


@given(_tables(PROFILE))
@example(toml({**PROFILE, "not-applicable": {"\x1f": "why"}}))
@example(toml({**PROFILE, "path": {}}))
@example(toml({**PROFILE, "path": {"unicast": []}}))
@example(toml({**PROFILE, "path": {"unicast": [{"id": "x", "sideways": 1}]}}))
def test_any_profile_is_usable_or_told(file: Path, content: bytes) -> None:
    """What is read gives paths, or could not be tested, whatever it says of hops."""
    profiles.load.cache_clear()
    read = soundly(profiles.load, _written(file, content))
    for kind in KINDS if read else ():
        path = soundly(_path, read, kind)
        assert path is None or path.hops


def _path(profile: Profile, kind: str) -> ModelPath:
    base = samples.topology()
    network = samples.network(profile=profile)
    return expected.path(base, network, kind, source="client", destination="server")


@pytest.mark.parametrize(
    ("section", "occurs"),
    [
        ({"type": "ptp", "ipMasq": True}, True),
        ({"type": "ptp", "ipMasq": False}, False),
        ({"type": "ptp", "ipMasq": "yes"}, False),
        ({"type": "ptp"}, False),
        ({"type": "ptp", "ipMasq": True, "macspoofchk": False}, True),
        ({"type": "ptp", "ipMasq": True, "macspoofchk": True}, False),
        ({"type": "bridge", "ipMasq": True}, False),
    ],
)
def test_deviation_occurs_as_the_plugin_is_configured(
    file: Path, section: dict[str, Any], occurs: bool
) -> None:
    """What is left of masquerading is not left where the plugin does not masquerade."""
    declared = {**_declared("ptp"), "origin": "*", "settings": ["ipMasq", "!macspoofchk"]}
    path = _written(file, toml({"deviation": [declared]}))
    configured = section if section["type"] == "ptp" else {}
    ptp = Program("ptp", "ptp", Origin(checksum="0"), configured)

    assert bool(deviations.applying(path, [ptp])) is occurs


def _declared(plugin: str) -> dict[str, Any]:
    """A user's deviation, as TOML gives it, but for what it is about."""
    texts = {"requirement": "LIFE-REUSE", "plugin": plugin, "reason": "why", "source": "where"}
    return dict(texts)
