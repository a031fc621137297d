"""The wheel holds the library, the suite and their data, and nothing else."""

import configparser
import json
import zipfile
from pathlib import Path

import pytest

from .conftest import CHECKOUT, run_module, run_pytest

#: Endings of what the library reads beside its modules.
_DATA = (
    *(".py", ".toml", ".conflist", ".schema.json", "py.typed"),
    *("kind-config.yaml", "kind-config-apply.yaml", "kind-config-default.yaml"),
    *("page.css", "page.html", "page.js"),
)

pytestmark = pytest.mark.xdist_group("wheel")  # which is built once


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    """The files in the wheel."""
    return set(zipfile.ZipFile(wheel).namelist())


@pytest.mark.parametrize(
    ("directory", "package"),
    [("podpath", "podpath"), ("fixtures", "podpath/fixtures"), ("tests", "podpath/tests")],
)
def test_every_module_is_in_the_wheel(names: set[str], directory: str, package: str) -> None:
    """Each Python file of the three directories, below podpath."""
    sources = (CHECKOUT / directory).rglob("*.py")
    expected = {f"{package}/{path.relative_to(CHECKOUT / directory)}" for path in sources}

    assert expected
    assert expected - names == set()


@pytest.mark.parametrize(
    "name",
    [
        "podpath/contract/answers.schema.json",
        "podpath/cni/default.conflist",
        "podpath/cni/deviations.toml",
        "podpath/cni/reference.toml",
        "podpath/nodes/cluster/kind-config.yaml",
        "podpath/nodes/cluster/kind-config-apply.yaml",
        "podpath/nodes/cluster/kind-config-default.yaml",
        "podpath/report/page/page.css",
        "podpath/report/page/page.html",
        "podpath/report/page/page.js",
        "podpath/report/report.schema.json",
        "podpath/py.typed",
    ],
)
def test_data_is_in_the_wheel(names: set[str], name: str) -> None:
    """What the library reads beside its modules."""
    assert name in names


def test_every_profile_is_in_the_wheel(names: set[str]) -> None:
    """A profile is data, and new ones come."""
    profiles = {f"podpath/profiles/{p.name}" for p in CHECKOUT.glob("podpath/profiles/*.toml")}

    assert profiles
    assert profiles - names == set()


def test_every_lab_is_in_the_wheel(names: set[str]) -> None:
    """A lab is data, too."""
    labs = {str(p.relative_to(CHECKOUT)) for p in CHECKOUT.glob("podpath/labs/files/*.toml")}

    assert len(labs) >= 12
    assert labs - names == set()


def test_nothing_else_is_in_the_wheel(names: set[str]) -> None:
    """No self-test, benchmark, document or compiled file; one package, and the suite's conftest."""
    top = {name.split("/")[0] for name in names}

    assert sorted(t for t in top if not t.endswith(".dist-info")) == ["podpath"]
    assert [n for n in names if "selftests" in n or "benchmarks" in n] == []
    assert [n for n in names if "conftest" in n] == ["podpath/tests/conftest.py"]
    assert [n for n in names if ".dist-info/" not in n and not n.endswith(_DATA)] == []


def test_plugin_and_command_are_entry_points(wheel: Path, names: set[str]) -> None:
    """pytest finds its plugin by itself; naming it once more in a conftest does no harm."""
    (path,) = (n for n in names if n.endswith(".dist-info/entry_points.txt"))
    entries = configparser.ConfigParser()
    entries.optionxform = str  # type: ignore[assignment,method-assign]
    entries.read_string(zipfile.ZipFile(wheel).read(path).decode())

    assert dict(entries["pytest11"]) == {"podpath.plugin": "podpath.plugin"}
    assert dict(entries["console_scripts"]) == {"podpath": "podpath.cli:main"}


def test_command_works_where_it_is_installed(installed: Path, tmp_path: Path) -> None:
    """It is the wheel's, and finds the data that it reads."""
    said = run_module(installed, tmp_path, "podpath.cli", "doctor", "--json")

    found = {f["name"]: f["detail"] for f in json.loads(said)["findings"]}
    assert found["conflist"] == f"podpath, {installed}/podpath/cni/default.conflist"
    listed = run_module(installed, tmp_path, "podpath.cli", "requirements", "TOPO-MTU")
    assert listed.startswith("TOPO-MTU")


def test_licence_is_in_the_wheel(names: set[str]) -> None:
    """In the directory that the metadata names."""
    assert [n for n in names if n.endswith(".dist-info/licenses/LICENSE")]


_OF_CLUSTERS = {"test_k8s.py"}


@pytest.mark.parametrize("node", ["embedded", "kind"])
def test_installed_suite_is_collected(installed: Path, tmp_path: Path, node: str) -> None:
    """`pytest --pyargs podpath.tests` finds the tests that are installed, and its own options.

    They are the wheel's, not the checkout's, as is what a test imports.
    """
    (tmp_path / "test_where.py").write_text(
        "import podpath.plugin, podpath.tests\n"
        f"assert podpath.plugin.__file__ == {str(installed / 'podpath/plugin/__init__.py')!r}\n"
        f"assert podpath.tests.__file__ == {str(installed / 'podpath/tests/__init__.py')!r}\n"
        "def test_where(): pass\n"
    )
    output = run_pytest(
        installed,
        tmp_path,
        *("--collect-only", "-q", "--pyargs", "podpath.tests", "test_where.py"),
        *("--podpath-node", node),
    )

    besides = [line for line in output.splitlines() if "::test_" not in line]
    assert [line for line in besides if "error" in line.lower()] == []
    assert str(CHECKOUT) not in output
    every = {source.name for source in (CHECKOUT / "tests").glob("test_*.py")}
    expected = {"embedded": every - _OF_CLUSTERS, "kind": _OF_CLUSTERS}[node]
    assert expected <= every
    assert [name for name in [*expected, "test_where.py"] if f"{name}::test_" not in output] == []
