"""What a run of the suite tells: on the terminal, in report.json, in JUnit, in captures."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator

import podpath
from podpath.cni import conflist
from podpath.report import verify
from podpath.requirements import REQUIREMENTS
from selftests import suite
from selftests.faults.fault import Fault

_SCHEMA = json.loads((Path(podpath.__file__).parent / "report" / "report.schema.json").read_text())


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_conforming_run_tells_what_it_proved(tmp_path: Path, workers: tuple[str, ...]) -> None:
    """Header, requirements and report are there, and the report has its evidence."""
    run = suite.run(suite.PING, *workers, report=tmp_path)

    assert run.status == 0, run.output
    for fact in (
        "podpath node: embedded; containerd 1.",
        "; kernel ",
        "podpath seed: ",
        "podpath (bridge",
    ):
        assert fact in run.output
    assert re.search("(?m)^PATH-ICMP +conforms", run.output)
    Draft202012Validator(_SCHEMA).validate(run.report)
    assert verify.problems(run.report) == []
    assert f"({run.report['digest']})" in run.output
    assert run.report["reproduce"]["command"].endswith(f"--podpath-seed {_told_seed(run)}")
    assert {p["name"] for p in run.report["configuration"]["plugins"]} == {
        *("bridge", "portmap", "host-local")
    }
    assert run.report["verdict"] == "conforms, of what was run"
    assert not run.report["complete"]
    assert run.report["selection"] == {"run": 1, "of": len(REQUIREMENTS)}
    verdict = run.output.splitlines()[-1]
    assert verdict.startswith("podpath: OF WHAT WAS RUN, CONFORMS   1 of 1 requirement; ")
    assert {r["id"] for r in run.report["requirements"]} == set(REQUIREMENTS)
    (icmp,) = (r for r in run.report["requirements"] if r["id"] == "PATH-ICMP")
    evidence = icmp["tests"][0]["evidence"][0]
    assert evidence["packets"] == 6
    assert [[h["seen"] for h in path["hops"]] for path in evidence["paths"]] == [[3] * 5] * 2
    assert [h["interface"] for h in evidence["shown"][0]["hops"]][::2] == ["eth0", "cni0", "eth0"]
    assert all(s["dropped"] == 0 for s in evidence["sniffers"])
    assert all(s["canariesSeen"] == s["canariesSent"] > 0 for s in evidence["sniffers"])
    (node,) = (s for s in evidence["sniffers"] if s["namespace"] == "node")
    assert node["promiscuous"] == ["cni0"]


def _told_seed(run: suite.Run) -> str:
    """The seed in the header, which is the report's, too."""
    (line,) = (n for n in run.output.splitlines() if n.startswith("podpath seed: "))
    seed = line.removeprefix("podpath seed: ")
    assert run.report["environment"]["seed"] == seed
    return seed


def test_patience_is_named_where_it_is_not_the_usual_one(tmp_path: Path) -> None:
    """The header and the report have the factor, in the processes of xdist as well."""
    usual = suite.run(suite.QUICK, report=tmp_path / "usual")
    options = ("-n", "1", "--podpath-patience", "1.5")
    patient = suite.run(suite.QUICK, *options, report=tmp_path / "patient")

    assert (usual.status, patient.status) == (0, 0), usual.output + patient.output
    assert "the usual time-outs" not in usual.output
    assert "patience" not in usual.report["environment"]
    assert "; 1.5 times the usual time-outs\n" in patient.output
    assert patient.report["environment"]["patience"] == "1.5 times the usual time-outs"
    assert "--podpath-patience 1.5" in patient.report["reproduce"]["command"]


def _packets(run: suite.Run) -> dict[str, set[str]]:
    """Test -> its packets, with the identifiers and ports that they had."""
    tests = [t for r in run.report["requirements"] for t in r["tests"]]
    return {
        t["test"].rpartition("/")[2]: {p["packet"] for e in t["evidence"] for p in e["shown"]}
        for t in tests
    }


def test_seed_repeats_what_was_random(tmp_path: Path) -> None:
    """With the seed of another run a test draws what it drew there, wherever and after what."""
    some = ("tests/test_path.py", "-k", "(ping_crosses or udp_crosses) and client-to-server")
    drawn = suite.run(*some, report=tmp_path / "drawn")
    seed = _told_seed(drawn)
    # in other processes, in another order, and at the same time as each other
    more = (some[0], "-n", "2", "-k", "ping_crosses or udp_crosses")
    with ThreadPoolExecutor(3) as pool:
        same, twin = (
            pool.submit(suite.run, *more, "--podpath-seed", seed, report=tmp_path / name)
            for name in ("same", "twin")
        )
        other = pool.submit(suite.run, *some, report=tmp_path / "other")
    runs = [drawn, same.result(), twin.result(), other.result()]

    assert [run.status for run in runs] == [0, 0, 0, 0], "\n".join(run.output for run in runs)
    first, second, third, fourth = (_packets(run) for run in runs)
    assert len(first) == 2
    assert second == third
    assert {test: second[test] for test in first} == first
    assert _told_seed(runs[1]) == _told_seed(runs[2]) == seed
    assert _told_seed(runs[3]) != seed
    assert all(fourth[test] != first[test] for test in first)


def test_progress_is_told_while_the_node_starts() -> None:
    """With no flags the user sees what goes on before the first test, with workers, too: once."""
    for workers in ((), ("-n", "2")):
        run = suite.run("tests/test_topology.py", "-k", "pod_has_lo", *workers)

        steps = (
            "starting containerd",
            "importing the pod image",
            "creating pods",
            "testing TOPO, 3",
        )
        for step in steps:
            assert run.output.count(f"podpath: {step}") == 1, run.output


def test_failed_path_is_shown_hop_by_hop(tmp_path: Path) -> None:
    """A failure has the path, the first difference, its meaning, commands, and a capture."""
    from scapy.utils import RawPcapNgReader

    fault = Fault(
        name="UDP is dropped",
        source="own",
        reds={},
        after=(
            "ip link set cni0 type bridge nf_call_iptables 1;"
            " iptables -w -A FORWARD -m physdev --physdev-is-bridged -p udp -j DROP"
        ),
    )
    test = "tests/test_path.py::test_udp_crosses_exactly_the_expected_interfaces"
    junit = tmp_path / "junit.xml"
    fault.install(tmp_path)
    plugins = f"--podpath-cni-bin={tmp_path / 'plugins'}"
    run = suite.run(test, f"--junitxml={junit}", plugins, report=tmp_path / "report")

    assert run.status == 1
    assert "> node       veth" in run.output
    assert "never   <- missing hop" in run.output
    assert "Usually: " in run.output
    assert f"  podpath shell --new {plugins.replace('=', ' ')} -c 'nft list ruleset'" in run.output
    assert f"  podpath trace client server --udp 9000 {plugins.replace('=', ' ')}\n" in run.output
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


def test_recommendation_that_is_not_met_is_no_failure(tmp_path: Path) -> None:
    """The reference plugin's CHECK does not see a host end that is down, which it should."""
    name = "test_check_finds_other_broken_state"
    case = f"tests/test_contract_check.py::{name}[bridge-1.0.0-host-end-down]"
    junit = tmp_path / "junit.xml"

    run = suite.run(case, f"--junitxml={junit}", report=tmp_path)

    assert run.status == 0, run.output
    assert re.search("^recommended, not met +1 test  CNI-CHECK-STATE: ", run.output, re.MULTILINE)
    assert re.search(r"^CNI-CHECK-STATE +recommended ", run.output, re.MULTILINE)
    assert re.search(r" 1 recommended in ", run.output)
    assert run.report["verdict"] == "conforms, of what was run"
    assert run.verdicts()["CNI-CHECK-STATE"] == "recommended"
    assert "SHOULD: CNI specification" in run.reasons("CNI-CHECK-STATE")
    assert verify.problems(run.report) == []
    (skipped,) = ElementTree.parse(junit).iter("skipped")
    assert str(skipped.get("message")).startswith("recommended, not met: ")


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
    fault = Fault(name="no port", source="own", reds={}, after='ip link set "$HOST" nomaster')
    fault.install(tmp_path)
    plugins = f"--podpath-cni-bin={tmp_path / 'plugins'}"
    run = suite.run(suite.QUICK, plugins, *options, environment={"PYTHONOPTIMIZE": "1"})

    assert run.status == status, run.output
