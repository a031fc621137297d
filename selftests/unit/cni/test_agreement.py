"""CNI versions: what a runtime and plugins know, and what is tested then."""

import json
import os
import shlex
from pathlib import Path

import pytest

from podpath.cni import conflist, version_query
from podpath.cni.agreement import Agreement, Party, agree
from podpath.cni.versions import VERSIONS, until
from podpath.errors import CouldNotTest
from podpath.nodes import containerd

OLD = Party("containerd 1.6", until("1.0.0"))
NEW = Party("containerd 2.1", VERSIONS)
UNKNOWN = Party("the runtime", ())
SPEAKS_ALL = Party('"bridge"', VERSIONS)
SPEAKS_OLD = Party('"portmap"', until("1.0.0"))
SPEAKS_LATE = Party('"bandwidth"', VERSIONS[2:])


def _conflist(version: str, *versions: str) -> conflist.Conflist:
    document = json.loads(conflist.DEFAULT.read_text()) | {"cniVersion": version}
    return conflist.parse(json.dumps(document | ({"cniVersions": [*versions]} if versions else {})))


@pytest.mark.parametrize("runtime", [OLD, NEW, UNKNOWN])
def test_version_that_all_know_is_kept(runtime: Party) -> None:
    """Nothing changes, and so there is no reason."""
    assert agree(_conflist("1.0.0"), runtime, [SPEAKS_ALL]) == Agreement("1.0.0", "1.0.0")


@pytest.mark.parametrize(
    ("versions", "runtime", "plugins", "expected"),
    [
        (["1.1.0"], OLD, [SPEAKS_ALL], ("1.0.0", "1.1.0")),
        (["1.1.0"], OLD, [SPEAKS_ALL, SPEAKS_OLD], ("1.0.0", "1.0.0")),
        (["1.1.0"], NEW, [SPEAKS_ALL, SPEAKS_OLD], ("1.0.0", "1.0.0")),
        (["1.1.0", "0.4.0"], OLD, [SPEAKS_ALL], ("0.4.0", "1.1.0")),
        (["0.2.0"], OLD, [SPEAKS_ALL, SPEAKS_LATE], ("0.3.0", "0.3.0")),
        (["2.0.0"], NEW, [SPEAKS_ALL], ("1.1.0", "1.1.0")),
        (["1.1.0"], UNKNOWN, [Party('"acme"', ())], ("1.1.0", "1.1.0")),
    ],
)
def test_nearest_common_version_is_used(
    versions: list[str], runtime: Party, plugins: list[Party], expected: tuple[str, str]
) -> None:
    """Pods in the nearest version that all know; the contract in the conflist's, if it can be."""
    agreed = agree(_conflist(*versions), runtime, plugins)

    assert (agreed.pods, agreed.contract) == expected


def test_reason_names_who_does_not_know_the_version() -> None:
    """The header shows it."""
    reason = agree(_conflist("1.1.0"), OLD, [SPEAKS_ALL, SPEAKS_OLD]).reason

    assert reason == (
        "the conflist has 1.1.0, but containerd 1.6 knows CNI 0.1.0 to 1.0.0;"
        ' "portmap" knows CNI 0.1.0 to 1.0.0'
    )


def test_no_common_version_could_not_be_tested() -> None:
    """Each one's versions, and the remedy."""
    with pytest.raises(CouldNotTest, match=r'containerd 1.6 .* 1.0.0; "acme" knows CNI 1.1.0.*Use'):
        agree(_conflist("1.1.0"), OLD, [Party('"acme"', ("1.1.0",))])


@pytest.mark.parametrize(
    ("release", "newest"),
    [
        ("containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1", "1.0.0"),
        ("containerd github.com/containerd/containerd 1.7.24~ds1", "1.0.0"),
        ("containerd github.com/containerd/containerd/v2 2.1.9+unknown", "1.1.0"),
        ("containerd github.com/containerd/containerd 1.5.9", "0.4.0"),
    ],
)
def test_containerd_reads_results_by_release(release: str, newest: str) -> None:
    """The newest version of the libcni that is in each release."""
    assert containerd.party(release).versions == until(newest)


@pytest.mark.parametrize(
    ("answer", "versions"),
    [
        ('{"cniVersion": "1.0.0", "supportedVersions": ["0.4.0", "1.0.0"]}', ("0.4.0", "1.0.0")),
        ('{"supportedVersions": "1.0.0"}', ()),
        ('{"supportedVersions": [1]}', ()),
        ("[]", ()),
        ("usage: plugin", ()),
        ("[" * 100_000, ()),
    ],
)
def test_versions_in_an_answer(answer: str, versions: tuple[str, ...]) -> None:
    """What is no list of versions is none."""
    assert version_query.listed(answer) == versions


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes namespaces")
def test_plugin_is_queried_without_rights(tmp_path: Path) -> None:
    """A plugin that writes files and kills all processes that it can see changes nothing."""
    made = tmp_path / "made"
    plugin = tmp_path / "plugin"
    plugin.write_text(
        f"#!/bin/sh\ntouch {shlex.quote(str(made))}\nkill -9 -1\n"
        'test "$CNI_COMMAND" = VERSION && echo \'{"supportedVersions": ["1.0.0"]}\'\n'
    )
    plugin.chmod(0o755)

    assert version_query.supported(str(tmp_path / "none")) == ()
    assert version_query.supported(str(plugin)) == ("1.0.0",)
    assert not made.exists()
