"""What a run of the suite tells: on the terminal, in report.json, in JUnit, in captures."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator

import podpath
from podpath import conflist
from podpath.requirements import REQUIREMENTS
from selftests import suite
from selftests.faults.fault import Fault

_SCHEMA = json.loads((Path(podpath.__file__).parent / "report.schema.json").read_text())


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_conforming_run_tells_what_it_proved(tmp_path: Path, workers: tuple[str, ...]) -> None:
    """Header, requirements and report are there, and the report has its evidence."""
    run = suite.run(suite.PING, *workers, report=tmp_path)

    assert run.status == 0, run.output
    for fact in ("podpath node: embedded", "podpath kernel: ", "containerd 1.", "podpath (bridge"):
        assert fact in run.output
    assert "PATH-ICMP            conforms" in run.output
    Draft202012Validator(_SCHEMA).validate(run.report)
    assert run.report["verdict"] == "conforms"
    assert {r["id"] for r in run.report["requirements"]} == set(REQUIREMENTS)
    (icmp,) = (r for r in run.report["requirements"] if r["id"] == "PATH-ICMP")
    evidence = icmp["tests"][0]["evidence"][0]
    assert evidence["packets"] == 6
    assert [h["interface"] for h in evidence["shown"][0]["hops"]][::2] == ["eth0", "cni0", "eth0"]
    assert all(s["dropped"] == 0 for s in evidence["sniffers"])
    assert all(s["canariesSeen"] == s["canariesSent"] > 0 for s in evidence["sniffers"])
    (node,) = (s for s in evidence["sniffers"] if s["namespace"] == "node")
    assert node["promiscuous"] == ["cni0"]


def test_progress_is_told_while_the_node_starts() -> None:
    """With no flags the user sees what goes on before the first test."""
    run = suite.run(suite.QUICK)

    for step in ("starting containerd", "importing the pod image", "creating pods"):
        assert f"podpath: {step}" in run.output


def test_failed_path_is_shown_hop_by_hop(tmp_path: Path) -> None:
    """A failure has the path, the first difference, its meaning, commands, and a capture."""
    from scapy.utils import RawPcapNgReader

    fault = Fault(
        "UDP is dropped",
        "own",
        {},
        after=(
            "nft add table bridge broken;"
            " nft add chain bridge broken forward '{ type filter hook forward priority 0; }';"
            " nft add rule bridge broken forward ether type ip ip protocol udp drop"
        ),
    )
    test = "tests/test_path.py::test_udp_crosses_exactly_the_expected_interfaces"
    junit = tmp_path / "junit.xml"
    run = suite.run(
        test, f"--junitxml={junit}", *fault.install(tmp_path / "plugin"), report=tmp_path / "report"
    )

    assert run.status == 1
    assert "> node       veth" in run.output
    assert "never   <- missing hop" in run.output
    assert "Usually: " in run.output
    assert "nsenter -t " in run.output
    assert "Traceback" not in run.output
    assert "def test_" not in run.output
    captures = sorted((tmp_path / "report" / "captures").iterdir())
    assert len(captures) == 2
    with RawPcapNgReader(str(captures[0])) as reader:
        interfaces = {option.ifname for _, option in reader}
    assert {b"client/eth0", b"node/cni0"} <= interfaces
    assert all(name and b"/" in name for name in interfaces)
    cases = ElementTree.parse(junit).getroot().iter("testcase")
    for case in cases:
        properties = {p.get("name"): p.get("value") for p in case.iter("property")}
        assert properties == {"requirement": "PATH-UDP", "verdict": "does not conform"}


def test_deviation_that_no_longer_occurs_is_an_error(tmp_path: Path) -> None:
    """A declared deviation of a requirement that is met is told, and is no success."""
    declared = tmp_path / "deviations.toml"
    declared.write_text(
        '[[deviation]]\nrequirement = "TOPO-BRIDGE-MEMBERS"\nplugin = "bridge"\norigin = "*"\n'
        'reason = "none"\nsource = "none"\n'
    )

    run = suite.run(suite.QUICK, "--podpath-deviations", str(declared))

    assert run.status == 6, run.output
    assert "undeclare it" in run.output


def test_conflist_elsewhere_does_not_change_what_is_run(tmp_path: Path) -> None:
    """The path of a file in the options must not make pytest collect anything but the suite."""
    elsewhere = tmp_path / "net.conflist"
    elsewhere.write_text(conflist.DEFAULT.read_text())

    run = suite.run("--podpath-cni-conf", str(elsewhere), "-k", "ports_of_the_bridge")

    assert run.status == 0, run.output
    assert "1 passed" in run.output
    assert "selftests" not in run.output


#: Where warnings are errors, as in the checkout, pytest does not even begin.
_NO_WARNING = ("-W", "ignore::pytest.PytestConfigWarning")


@pytest.mark.parametrize(
    ("options", "status"),
    [
        pytest.param((), 1, id="rewritten"),
        pytest.param(("--assert=plain", *_NO_WARNING), 6, id="plain"),
        pytest.param(("-p", "no:assertion", *_NO_WARNING), 6, id="no plugin"),
    ],
)
def test_python_without_assertions_does_not_turn_green(
    tmp_path: Path, options: tuple[str, ...], status: int
) -> None:
    """pytest's own rewriting keeps a test's assertions under python -O; without it none is left."""
    fault = Fault("MTU", "own", {}, after='ip link set "$HOST" nomaster')
    run = suite.run(
        suite.QUICK, *fault.install(tmp_path), *options, environment={"PYTHONOPTIMIZE": "1"}
    )

    assert run.status == status, run.output
