"""Self-tests of `podpath check`: each mistake is found, and nothing else is called one."""

import json
from pathlib import Path, PurePath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podpath import cli
from podpath.check import document, positions, review
from podpath.check.findings import Level, Verdict
from podpath.check.review import Review
from podpath.cni import conflist
from selftests.real import table
from selftests.unit.check import cases
from selftests.unit.check.cases import Case

_PATH = PurePath("10-net.conflist")


def _review(document: object, path: PurePath = _PATH) -> Review:
    text = document if isinstance(document, str) else json.dumps(document, indent=2)
    return review.of_text(text, path)


def _static(address: str) -> dict[str, Any]:
    return {"type": "static", "addresses": [{"address": address}]}


def _notes(reviewed: Review) -> list[str]:
    return [f.text for f in reviewed.findings if f.level == Level.NOTE]


def test_right_configuration() -> None:
    """The one of which the cases are changes."""
    assert _review(cases.right()).verdict == Verdict.RIGHT


@pytest.mark.parametrize("case", cases.CASES, ids=lambda case: case.name)
def test_each_mistake_is_found_alone(case: Case) -> None:
    reviewed = _review(case.document())

    assert reviewed.verdict == Verdict.WRONG
    assert [case.says in mistake.text for mistake in reviewed.mistakes] == [True], reviewed.mistakes
    assert reviewed.mistakes[0].line > 0


@pytest.mark.parametrize("case", cases.CASES, ids=lambda case: case.name)
def test_each_mistake_is_told_once(case: Case) -> None:
    """It may also be the reason why podpath cannot test the network."""
    reviewed = _review(case.document())
    text = "\n".join(document.lines(reviewed))

    assert text.count(reviewed.mistakes[0].text) == 1


@pytest.mark.parametrize("entry", table.read(), ids=lambda entry: entry.file)
def test_configurations_that_people_have_are_right(entry: table.Entry) -> None:
    """One of them is filled in by a daemon, and says so."""
    reviewed = review.of_file(entry.path)
    expected = Verdict.UNJUDGED if entry.file == "kube-router.conflist" else Verdict.RIGHT

    assert (reviewed.verdict, reviewed.mistakes) == (expected, ())


def test_line_of_a_mistake() -> None:
    """The line of the key."""
    text = (
        '{"name": "n", "cniVersion": "1.0.0",\n "plugins": [\n  {"type": "ptp",\n   "mtu": "9"}]}'
    )

    assert {mistake.line for mistake in _review(text).mistakes} == {3, 4}


@pytest.mark.parametrize(
    ("text", "line", "remedy"),
    [
        ('{\n "name": "n",\n}', 3, "Remove the comma before the bracket"),
        ('{\n // bridge\n "name": "n"}', 2, "JSON has no comments: remove it"),
        ('{\n "name": "n"\n "plugins": []}', 3, "Write a comma before it"),
        ("{\n 'name': 1}", 2, 'Write texts between " and "'),
        ('\ufeff{"name": "n"}', 1, "Save the file without a byte order mark"),
        ("", 1, ""),
    ],
    ids=["comma", "comment", "no-comma", "quotes", "bom", "empty"],
)
def test_mistakes_in_json(text: str, line: int, remedy: str) -> None:
    (mistake,) = _review(text).mistakes

    assert (mistake.line, mistake.remedy) == (line, remedy)


def test_key_that_stands_twice() -> None:
    text = json.dumps(cases.right()).replace('"isGateway": true', '"mtu": 1400, "mtu": 1500')
    (mistake,) = _review(text).mistakes

    assert mistake.text == '"mtu" stands twice in one object, and only the last one counts'


@pytest.mark.parametrize(
    ("name", "single"), [("10-net.conf", False), ("10-net.conflist", True)], ids=["conf", "list"]
)
def test_file_of_another_format_than_its_name(name: str, single: bool) -> None:
    """The runtime does not load it."""
    whole = cases.right()
    alone = {"cniVersion": "1.0.0", "name": "net", **whole["plugins"][0]}
    (mistake,) = _review(alone if single else whole, PurePath(name)).mistakes

    assert "load it" in mistake.text
    assert mistake.line > 0


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ('{"name": "n", "plugins": [{"type": "bridge", "mtu": __MTU__}]}', "placeholder __MTU__"),
        ({"name": "{{ .Name }}", "type": "bridge"}, "placeholder {{ .Name }} in line 2"),
        ("apiVersion: k8s.cni.cncf.io/v1\nkind: NetworkAttachmentDefinition", "copy it to a file"),
        ({"cniVersion": "1.0.0", "type": "bridge"}, 'it has no "name"'),
        ({"cniVersion": "1.1.0", "name": "n"}, "in files of their own"),
        ({"cniVersion": "1.0.0", "name": "n", "type": "tuning"}, "a part of a network"),
    ],
    ids=["bare", "template", "nad", "no-name", "head", "part"],
)
def test_what_is_not_judged(document: object, reason: str) -> None:
    """A program completes it, so it is not called wrong."""
    reviewed = _review(document, PurePath("net.conf"))

    assert reviewed.verdict == Verdict.UNJUDGED
    assert reason in reviewed.reason


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (cases.main(addIf="true"), 'bridge does not read "addIf"'),
        (cases.chained("portmap"), '"capabilities": {"portMappings": true}'),
        (cases.chained("bandwidth"), "it does nothing"),
        (cases.ipam(routes=[]), "no IPv4 default route"),
        (cases.main(isGateway=False), "the node does not hold the gateway 10.9.0.1"),
        (cases.main(isGateway=False, ipMasq=True), '"ipMasq" has no effect'),
        (cases.main(portIsolation=True), "before 1.7.0 ignore"),
        (cases.without("ipam"), "no address"),
        (cases.ipam(dataDir="leases"), "relative"),
    ],
)
def test_notes(change: cases.Change, note: str) -> None:
    """What works, and may surprise, is no mistake."""
    changed = cases.right()
    change(changed)
    reviewed = _review(changed)

    assert reviewed.verdict == Verdict.RIGHT
    assert [n for n in _notes(reviewed) if note in n], reviewed.findings


def test_plugin_that_podpath_does_not_know() -> None:
    """Its own keys are nobody's mistake, and the path is said to be unknown."""
    other = {"type": "cilium-cni", "enable-debug": False, "mtu": "1450", "ipam": {"type": "x"}}
    reviewed = _review({"cniVersion": "0.3.1", "name": "cilium", "plugins": [other]})

    assert reviewed.findings == ()
    assert 'no profile covers the plugin type "cilium-cni"' in reviewed.untested
    assert list(document.lines(reviewed))[-1].endswith(
        'no mistakes; no path is drawn: no profile covers the plugin type "cilium-cni"'
    )


@pytest.mark.parametrize(
    ("plugin", "features", "undecided"),
    [
        ({"type": "flannel"}, ("core",), ("ipmasq", "ipv6")),
        ({"type": "flannel", "delegate": {"ipMasq": True}}, ("core", "ipmasq"), ("ipv6",)),
        ({"type": "calico", "ipam": {"type": "calico-ipam"}}, ("core",), ("ipv6",)),
        ({"type": "bridge", "ipam": _static("10.9.0.2/24")}, ("core",), ()),
        ({"type": "bridge", "ipam": _static("fd00::2/64")}, ("core", "ipv6"), ()),
    ],
)
def test_features_that_the_node_decides_on(
    plugin: dict[str, Any], features: tuple[str, ...], undecided: tuple[str, ...]
) -> None:
    """A daemon, or a file of the node; what masquerades by it is not drawn."""
    reviewed = _review({"cniVersion": "1.0.0", "name": "net", "plugins": [plugin]})

    assert (reviewed.features, reviewed.undecided) == (features, undecided)
    assert ("outward" in reviewed.ways) == ("ipmasq" in features)


@pytest.mark.parametrize(
    "ranges", [{"subnet": "usePodCidr"}, {"ranges": [[{"subnet": "usePodCidr"}]]}, {}]
)
def test_networks_that_a_plugin_puts_in(ranges: dict[str, Any]) -> None:
    """Calico does, and its profile draws the path."""
    plugin = {"type": "calico", "ipam": {"type": "host-local", **ranges}}
    reviewed = _review({"cniVersion": "1.0.0", "name": "net", "plugins": [plugin]})

    assert (reviewed.verdict, reviewed.untested) == (Verdict.RIGHT, "")
    assert reviewed.ways


def test_configuration_of_lo_alone() -> None:
    """Such a file is beside most others."""
    reviewed = _review(
        {"cniVersion": "1.0.0", "name": "lo", "type": "loopback"}, PurePath("a.conf")
    )

    assert reviewed.verdict == Verdict.RIGHT
    assert list(document.lines(reviewed))[-1].endswith("it makes no interface for pods")


def test_drawing_of_a_bridge() -> None:
    lines = list(document.lines(review.of_file(conflist.DEFAULT)))

    assert "    eth0  -> vethA -> cni0 -> vethB -> eth0" in lines
    assert "    eth0  -> vethA -> cni0 -> uplink" in lines
    assert lines[-1] == f"{conflist.DEFAULT}: no mistakes"


@pytest.mark.parametrize(
    ("changes", "way"),
    [
        (cases.main(type="ptp"), ["eth0", "vethA", "vethB", "eth0"]),
        (cases.main(type="macvlan", master="up0"), ["eth0", "up0", "eth0"]),
        (cases.main(vlan=7), ["eth0", "vethA", "cni0", "vethB", "eth0"]),
    ],
    ids=["ptp", "macvlan", "vlan"],
)
def test_way_of_each_kind(changes: cases.Change, way: list[str]) -> None:
    changed = cases.right()
    changes(changed)

    assert [hop.interface for hop in _review(changed).ways["unicast"]] == way


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Text and JSON; the exit status is that of the worst file."""
    right, wrong = tmp_path / "a.conflist", tmp_path / "b.conflist"
    right.write_text(json.dumps(cases.right()))
    wrong.write_text(json.dumps(cases.right() | {"cniVersion": "9.9.9"}))

    assert cli.main(["check", str(right)]) == 0
    assert cli.main(["check", "--quiet", str(tmp_path)]) == 1
    assert capsys.readouterr().out.endswith(f"{wrong}: wrong (1 mistake)\n")
    assert cli.main(["check", "--json", str(right), str(tmp_path / "none")]) == 6
    files: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["files"]
    assert [f["verdict"] for f in files] == ["no mistakes", "not judged"]
    assert files[0]["profile"] == "bridge"
    assert files[0]["paths"]["unicast"][2] == {
        "at": "node",
        "interface": "cni0",
        "direction": "in",
        "note": "bridge",
    }


def test_profile_of_the_users(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It draws the path of a plugin that no shipped profile covers."""
    file = tmp_path / "net.conflist"
    changed = cases.right()
    cases.main(type="acme")(changed)
    file.write_text(json.dumps(changed))

    assert cli.main(["check", "--profile", "ptp", str(file)]) == 0
    assert "eth0  -> vethA -> vethB -> eth0" in capsys.readouterr().out
    assert cli.main(["check", "--profile", "none", str(file)]) == 6


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 70000) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(
    key=st.sampled_from(["type", "ipam", "mtu", "vlan", "capabilities", "delegate"]), value=_JSON
)
def test_any_value_gives_a_review(key: str, value: object) -> None:
    """Never a traceback."""
    for plugin in ("bridge", "flannel", "multus", "tuning", "portmap", "acme"):
        changed = cases.right()
        cases.main(**{"type": plugin, key: value})(changed)
        assert list(document.lines(_review(changed)))


@given(
    key=st.sampled_from(["ranges", "routes", "subnet", "gateway", "type", "addresses"]), value=_JSON
)
def test_any_address_gives_a_review(key: str, value: object) -> None:
    for kind in ("host-local", "static"):
        changed = cases.right()
        cases.ipam(**{"type": kind, key: value})(changed)
        assert list(document.lines(_review(changed)))


@given(_JSON)
def test_any_document_gives_a_review(value: object) -> None:
    assert list(document.lines(_review(json.dumps(value))))


@given(_JSON)
def test_every_value_has_a_line(value: object) -> None:
    """The lines are those of Python's own indentation: one a value and one a closing bracket."""
    text = json.dumps(value, indent=1)
    lines = positions.of(text).lines

    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())
