"""Known deviations belong to code, wherever a program has it from."""

from pathlib import Path

import pytest

from podpath.cni import code, deviations
from podpath.cni.code import LIBCNI, PLUGINS, SKEL, Code, Origin
from podpath.cni.delegation import delegated
from podpath.cni.deviations import Program
from podpath.errors import CouldNotTest
from podpath.model.gobuild import GoBuild
from podpath.requirements import REQUIREMENTS

BUILD_VERSION = f"-s -X github.com/{PLUGINS}/pkg/utils/buildversion.BuildVersion=v1.1.1"
BRIDGE = f"github.com/{PLUGINS}/plugins/main/bridge"
LINKS_SKEL = frozenset({code.SKEL_FUNCTIONS})


@pytest.mark.parametrize(
    ("build", "package", "codes"),
    [
        pytest.param(
            GoBuild(BRIDGE, {f"github.com/{LIBCNI}": "v1.0.1"}, {"-ldflags": BUILD_VERSION}),
            "",
            [Code(PLUGINS, "bridge", "1.1.1")],
            id="release",
        ),
        pytest.param(
            GoBuild(BRIDGE, {f"github.com/{PLUGINS}": "v1.9.1"}),
            "",
            [Code(PLUGINS, "bridge", "1.9.1")],
            id="go-install",
        ),
        pytest.param(
            GoBuild(BRIDGE, {f"github.com/{PLUGINS}": "(devel)"}),
            "",
            [Code(PLUGINS, "bridge")],
            id="version-unknown",
        ),
        pytest.param(
            GoBuild(BRIDGE, functions=LINKS_SKEL),
            "containernetworking-plugins 1.1.1+ds1-3+b5",
            [Code(PLUGINS, "bridge", "1.1.1"), Code(LIBCNI, SKEL)],
            id="debian",
        ),
        pytest.param(
            GoBuild(f"github.com/{PLUGINS}"), "", [Code(PLUGINS, "acme")], id="all-in-one"
        ),
        pytest.param(
            GoBuild("acme.example/cni", {f"github.com/{LIBCNI}": "v1.3.0"}, functions=LINKS_SKEL),
            "",
            [Code(LIBCNI, SKEL, "1.3.0")],
            id="vendor",
        ),
        pytest.param(
            GoBuild("acme.example/cni", {f"github.com/{LIBCNI}": "v1.3.0"}), "", [], id="no-skel"
        ),
        pytest.param(GoBuild(f"github.com/{PLUGINS}-fork/plugins/main/bridge"), "", [], id="fork"),
    ],
)
def test_code_of_a_build(build: GoBuild, package: str, codes: list[Code]) -> None:
    assert list(code.of(build, "acme", package)) == codes


@pytest.mark.parametrize(
    ("version", "ids"),
    [
        ("1.1.1", {"bridge LIFE-REUSE", "bandwidth CNI-CHECK", "bridge CNI-CHECK"}),
        ("1.2.0", {"bridge LIFE-REUSE", "bandwidth CNI-CHECK", "bridge CNI-CHECK"}),
        ("1.3.0", {"bridge LIFE-REUSE", "bandwidth CNI-CHECK"}),
        ("1.9.0", {"bridge LIFE-REUSE", "bandwidth CNI-CHECK", "bridge CNI-CHECK"}),
        ("1.9.1", {"bridge LIFE-REUSE", "bridge CNI-CHECK"}),
        ("2.0.0", {"bridge LIFE-REUSE", "bridge CNI-CHECK"}),
        ("", {"bridge LIFE-REUSE", "bandwidth CNI-CHECK", "bridge CNI-CHECK"}),
    ],
)
def test_shipped_deviations_belong_to_versions(version: str, ids: set[str]) -> None:
    """A program that does not say its version may have the deviations of each."""
    programs = [
        Program(name, name, Origin(codes=(Code(PLUGINS, name, version),)))
        for name in ("bridge", "bandwidth")
    ]
    known = {
        f"{one.plugin} {one.requirement}"
        for one in deviations.applying(deviations.SHIPPED, programs)
    }

    assert known & {"bridge LIFE-REUSE", "bandwidth CNI-CHECK", "bridge CNI-CHECK"} == ids


def test_deviations_of_libcni_belong_to_every_plugin_that_links_it() -> None:
    acme = Program("acme", "acme", Origin(codes=(Code(LIBCNI, SKEL, "1.3.0"),)))
    known = deviations.applying(deviations.SHIPPED, [acme])

    assert {one.requirement for one in known} == {"CNI-VERSION-ECHO", "CNI-ENVIRONMENT"}
    assert {one.plugin for one in known} == {"acme"}


def test_program_of_unknown_code_has_no_deviations() -> None:
    programs = [Program("bridge", "bridge", Origin(checksum="0123456789abcdef"))]

    assert deviations.applying(deviations.SHIPPED, programs) == ()


@pytest.mark.parametrize(
    ("configuration", "left"), [({}, True), ({"ipMasq": True}, True), ({"ipMasq": False}, False)]
)
def test_delegate_passes_its_deviations_on(configuration: dict[str, bool], left: bool) -> None:
    """A key that the delegating plugin may add can be on; one that is off stays off."""
    bridge = Origin(codes=(Code(PLUGINS, "bridge", "1.9.1"),))
    known = deviations.applying(
        deviations.SHIPPED, [Program("flannel", "bridge", bridge, configuration)]
    )
    cases = [one.cases for one in known if one.requirement == "CNI-DEL-GONE"]

    assert {one.plugin for one in known} == {"flannel"}
    assert any("*-namespace-removed" in some for some in cases) is left


def test_adopted_plugin_has_the_deviations_of_the_reference(tmp_path: Path) -> None:
    """Those that are shipped, beside those of the user's own file."""
    own = tmp_path / "deviations.toml"
    own.write_text("")
    acme = Program("acme", "bridge", code.like("bridge"), {"ipMasq": True}, adopted=True)
    known = deviations.applying(own, [acme])

    assert {one.plugin for one in known} == {"acme"}
    assert {"LIFE-REUSE", "CNI-VERSION-ECHO", "CNI-DEL-GONE"} <= {one.requirement for one in known}
    assert all(one.shipped for one in known)


@pytest.mark.parametrize(
    ("identifier", "case", "codes", "plugin"),
    [
        ("LIFE-REUSE", "ipv4", (), "bridge"),
        ("CNI-ENVIRONMENT", "bridge-1.0.0-bad-container", (), "skel"),
        ("CNI-ENVIRONMENT", "bridge-1.0.0-no-namespace", (), ""),
        ("CNI-ENVIRONMENT", "bridge-1.0.0-bad-container", (Code(LIBCNI, SKEL),), ""),
        ("TOPO-MTU", "", (), ""),
    ],
)
def test_failure_of_unknown_code_may_be_the_references(
    identifier: str, case: str, codes: tuple[Code, ...], plugin: str
) -> None:
    found = deviations.alike(identifier, case, ["bridge"], {"bridge": Origin(codes=codes)})

    assert (found[1].plugin if found else "") == plugin


@pytest.mark.parametrize(
    ("section", "plugins"),
    [
        ({"type": "bridge"}, []),
        ({"type": "flannel"}, ["bridge"]),
        ({"type": "flannel", "delegate": {"hairpinMode": True}}, ["bridge"]),
        ({"type": "flannel", "delegate": {"type": "ptp"}}, ["ptp"]),
        (
            {"type": "multus", "delegates": [{"type": "flannel"}, {"type": "macvlan"}]},
            ["flannel", "bridge", "macvlan"],
        ),
        ({"type": "acme", "delegate": "ptp", "delegates": 1}, []),
    ],
)
def test_delegates_of_a_section(section: dict[str, object], plugins: list[str]) -> None:
    assert [plugin for plugin, _ in delegated(section)] == plugins


def test_deviation_is_about_an_origin_or_a_code(tmp_path: Path) -> None:
    file = tmp_path / "deviations.toml"
    texts = 'requirement = "TOPO-MTU"\nplugin = "a"\nreason = "b"\nsource = "c"\n'
    for subjects in ("", 'origin = "*"\ncode = "acme/cni"\n'):
        file.write_text(f"[[deviation]]\n{texts}{subjects}")
        with pytest.raises(CouldNotTest, match="one of origin, code"):
            deviations.read(file)


def test_shipped_deviations_name_known_code() -> None:
    shipped = deviations.read(deviations.SHIPPED)

    assert {one.code for one in shipped} == {PLUGINS, LIBCNI}
    assert all(one.shipped and one.requirement in REQUIREMENTS for one in shipped)
