"""What a vendor has of podpath: tests of their own, from the wheel, in a directory of their own."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from podpath.report import verify
from selftests.faults.catalogue import path as faults

from .conftest import CHECKOUT, run_module, start_module

pytestmark = pytest.mark.xdist_group("wheel")  # which is built once

_EXAMPLE = CHECKOUT / "examples" / "acme-tests"
_ALONE_AND_SHARED = pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
(_REMARKED,) = (f for f in faults.FAULTS if f.name == "TOS is cleared in one direction")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The example's directory, for this test alone."""
    made = tmp_path / "acme-tests"
    shutil.copytree(_EXAMPLE, made, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    return made


def run(installed: Path, project: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return start_module(installed, project, "pytest", "-p", "no:cacheprovider", *arguments)


def report(directory: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((directory / "report.json").read_text())
    return document


@_ALONE_AND_SHARED
def test_example_conforms(
    installed: Path, project: Path, tmp_path: Path, workers: tuple[str, ...]
) -> None:
    """The vendor's group is beside the profile, whose result is that of no requirement tested.

    Without the suite's own tests, the run is one of selected tests; the vendor's group is whole.
    """
    out, junit = tmp_path / "out", tmp_path / "junit.xml"
    # The directory does not exist yet, as on the first run of a user.
    options = ("--podpath-report", str(out), f"--junit-xml={junit}")
    done = run(installed, project, *workers, *options)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "podpath node: embedded" in done.stdout
    assert re.search("(?m)^ACME-DSCP +conforms", done.stdout)
    assert re.search("(?m)^ACME +success +1 conforms", done.stdout)
    assert re.search("(?m)^podpath: OF WHAT WAS RUN, CONFORMS   1 of ", done.stdout)
    document = report(out)
    assert verify.problems(document) == []
    (own,) = document["groups"]
    assert (own["name"], own["result"]) == ("ACME", "success")
    assert (document["selection"]["run"], document["selection"]["ownComplete"]) == (1, True)
    assert (document["verdict"], document["complete"]) == ("conforms, of what was run", False)
    assert [p["result"] for p in document["profiles"]] == ["not run"]
    (entry,) = (r for r in document["requirements"] if r["verdict"] == "conforms")
    assert (entry["id"], entry["title"]) == ("ACME-DSCP", "DSCP survives")
    properties = ElementTree.parse(junit).iter("property")
    assert ("requirement", "ACME-DSCP") in {(p.get("name"), p.get("value")) for p in properties}


def test_selection_of_the_vendors_own_tests_is_partial(
    installed: Path, project: Path, tmp_path: Path
) -> None:
    """One case of a requirement is not all of it."""
    options = ("-k", "ipv4-client-to-server", "--podpath-report", str(tmp_path / "out"))
    done = run(installed, project, *options)

    assert done.returncode == 0, done.stdout + done.stderr
    document = report(tmp_path / "out")
    assert verify.problems(document) == []
    assert [own["result"] for own in document["groups"]] == ["partial"]
    assert not document["selection"]["ownComplete"]


def test_example_is_red_on_a_plugin_that_breaks_it(
    installed: Path, project: Path, tmp_path: Path
) -> None:
    """Settings and tests are the vendor's, wherever the plugin is; the failure has its capture."""
    _REMARKED.install(tmp_path / "broken")
    plugins = str(tmp_path / "broken" / "plugins")
    out = tmp_path / "out"
    options = ("-v", "-n", "2", "--podpath-cni-bin", plugins, "--podpath-report", str(out))
    done = run(installed, project, *options)

    assert done.returncode == 1, done.stdout + done.stderr
    assert f"rootdir: {project}\nconfigfile: pyproject.toml\n" in done.stdout
    assert "TOS changed" in done.stdout
    assert "Usually: A rule of nftables" in done.stdout
    assert "FAILED test_acme.py::test_dscp_survives[" in done.stdout
    assert len(list((out / "captures").iterdir())) == 2
    document = report(out)
    assert verify.problems(document) == []
    assert [one["result"] for one in document["groups"]] == ["failure"]
    assert [p["result"] for p in document["profiles"]] == ["not run"]
    page = tmp_path / "page.html"
    run_module(installed, project, "podpath.cli", "report", "render", str(out), "-o", str(page))
    assert "ACME-DSCP" in page.read_text()
    assert "the vendor's own" in page.read_text()
    show = ("report", "show", "--markdown", str(out))
    assert "ACME-DSCP" in run_module(installed, project, "podpath.cli", *show)


@_ALONE_AND_SHARED
@pytest.mark.parametrize(
    ("identifier", "message"),
    [
        ("ACME-DSPC", "unknown requirement 'ACME-DSPC': did you mean ACME-DSCP?"),
        ("PATH-ICMP", "PATH-ICMP is podpath's own requirement; declare one of yours"),
    ],
    ids=["unknown", "podpath's"],
)
def test_requirement_that_is_not_the_vendors(
    installed: Path, project: Path, workers: tuple[str, ...], identifier: str, message: str
) -> None:
    """A usage error that names the test, before a node is started."""
    test = project / "test_acme.py"
    test.write_text(test.read_text().replace("ACME-DSCP", identifier))
    done = run(installed, project, *workers)

    name = "test_acme.py::test_dscp_survives[ipv4-client-to-server]"
    assert done.returncode == 4, done.stdout + done.stderr
    assert f"ERROR: {name}: {message}\n" in done.stdout + done.stderr
    assert "starting containerd" not in done.stdout


_DEVIATION = """[[deviation]]
requirement = "ACME-DSCP"
plugin = "bridge"
origin = "*"
reason = "bridge is not Acme's"
source = "acme.example/1"
"""


@_ALONE_AND_SHARED
def test_deviation_from_a_requirement_of_the_vendor(
    installed: Path, project: Path, tmp_path: Path, workers: tuple[str, ...]
) -> None:
    """A known deviation does not fail the run; an id that is not declared ends it."""
    (project / "test_acme.py").write_text(
        "from podpath.testing import requirement\n"
        "@requirement('ACME-DSCP')\n"
        "def test_it(): assert [1] == []\n"
    )
    file = tmp_path / "deviations.toml"
    options = (*workers, "--podpath-deviations", str(file))
    file.write_text(_DEVIATION)
    done = run(installed, project, *options, "-v")

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search("(?m)^ACME-DSCP +known deviation", done.stdout)
    assert "podpath known deviation ACME-DSCP: bridge is not Acme's (acme.example/1)" in done.stdout
    file.write_text(_DEVIATION.replace("ACME-DSCP", "ACME-DSPC"))
    done = run(installed, project, *options)

    assert done.returncode == 6, done.stdout + done.stderr
    assert "names the unknown requirement 'ACME-DSPC'" in done.stdout + done.stderr


@_ALONE_AND_SHARED
def test_malformed_requirements(installed: Path, project: Path, workers: tuple[str, ...]) -> None:
    """A usage error that names the file."""
    (project / "acme.toml").write_text('[[requirement]]\nid = "PATH-MINE"\n')
    done = run(installed, project, *workers)

    assert done.returncode == 4, done.stdout + done.stderr
    assert f"ERROR: {project / 'acme.toml'}: [[requirement]] 1: " in done.stdout + done.stderr


@_ALONE_AND_SHARED
def test_what_cannot_be_tested(installed: Path, project: Path, workers: tuple[str, ...]) -> None:
    """Told once, and not in every test."""
    done = run(installed, project, *workers, "--podpath-cni-bin=/nowhere")

    assert done.returncode == 6, done.stdout + done.stderr
    assert (done.stdout + done.stderr).count("podpath could not test: the plugin directory") == 1
    assert "ACME-DSCP" not in done.stdout


def test_preflight_is_for_podpaths_tests(installed: Path, project: Path) -> None:
    """Another test beside them runs where podpath cannot."""
    (project / "test_unit.py").write_text("def test_it(): pass\n")
    done = run(installed, project, "test_unit.py", "--podpath-cni-bin=/nowhere")

    assert done.returncode == 0, done.stdout + done.stderr
    assert [line for line in done.stdout.splitlines() if line.startswith("podpath")] == []


def test_crash_of_a_helper_says_nothing_about_the_plugin(installed: Path, project: Path) -> None:
    """Nor is it podpath's: it is the test that failed."""
    (project / "test_acme.py").write_text(
        "from podpath.testing import requirement\n"
        "@requirement('ACME-DSCP')\n"
        "def test_it(): raise ValueError('typing mistake')\n"
    )
    done = run(installed, project)

    assert done.returncode == 6, done.stdout + done.stderr
    assert "test_it failed in itself" in done.stdout
    assert "typing mistake" in done.stdout


@_ALONE_AND_SHARED
def test_fixture_of_a_vendors_conftest_comes_before_podpaths(
    installed: Path, project: Path, workers: tuple[str, ...]
) -> None:
    """Under xdist, too; in the conftest of the directory that pytest has for its rootdir."""
    conftest = project / "conftest.py"
    conftest.write_text(
        f"{conftest.read_text()}\nimport pytest\n"
        "@pytest.fixture(scope='session')\ndef node(): return 'mine'\n"
    )
    (project / "test_acme.py").write_text("def test_it(node): assert node == 'mine'\n")
    done = run(installed, project, *workers)

    assert done.returncode == 0, done.stdout + done.stderr


def test_package_of_a_vendor_is_shared_among_workers(
    installed: Path, project: Path, tmp_path: Path
) -> None:
    """Its conftest asks for podpath's fixtures, and pytest loads it in the workers only."""
    tests = tmp_path / "lib" / "acme" / "tests"
    tests.mkdir(parents=True)
    for directory in (tests, tests.parent):
        (directory / "__init__.py").touch()
    (project / "conftest.py").rename(tests / "conftest.py")
    (project / "test_acme.py").unlink()
    (tests / "test_acme.py").write_text(
        "from podpath.testing import requirement\n@requirement('ACME-DSCP')\ndef test_it(): pass\n"
    )
    names = ("--pyargs", "acme.tests", "-o", f"pythonpath={tests.parents[1]}")
    done = run(installed, project, *names, "-n", "2")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "podpath node: embedded" in done.stdout
    assert re.search("(?m)^ACME-DSCP +conforms", done.stdout)


def test_printed_ids_can_be_given_again(installed: Path, tmp_path: Path) -> None:
    """Those of the suite in the wheel, which lies elsewhere; nothing is in the user's directory."""
    _REMARKED.install(tmp_path / "broken")
    empty = tmp_path / "empty"
    empty.mkdir()
    chosen = ("--pyargs", "podpath.tests", "-k", "ping_crosses and client-to-server")
    options = ("--podpath-cni-bin", str(tmp_path / "broken" / "plugins"))
    done = run(installed, empty, *chosen, *options, "-n", "2")
    (name,) = re.findall(r"(?m)^FAILED (\S+)", done.stdout)
    again = run(installed, empty, name)

    assert done.returncode == 1, done.stdout
    assert again.returncode == 0, again.stdout + again.stderr
    assert "1 passed" in again.stdout


def test_checkout_of_another_copy(installed: Path) -> None:
    """One sentence that says which copy it is, and what to do."""
    done = run(installed, CHECKOUT, "tests")

    assert done.returncode == 4, done.stdout + done.stderr
    assert (done.stdout + done.stderr).strip() == (
        f"this Python has another copy of podpath, {installed / 'podpath'}:"
        " run pip install -e '.[dev]' here"
    )
