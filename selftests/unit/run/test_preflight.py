"""What a run says before its first test: all that stands in its way, at once."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from podpath.cni import conflist
from podpath.cni.ipam import Ipam
from podpath.errors import CouldNotTest
from podpath.nodes import containerd, kinds
from podpath.run import checks, preflight
from podpath.run.plan import Plan
from podpath.system import programs

from .. import samples


@pytest.fixture(autouse=True)
def nothing_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine has all that the suite needs, whatever this one has."""
    monkeypatch.setattr("podpath.run.checks.root", lambda: None)
    monkeypatch.setattr("podpath.system.kernel.check_file_system", lambda _: None)
    monkeypatch.setattr("podpath.system.kernel.check_link", lambda _: None)
    monkeypatch.setattr(programs, "missing", lambda *_, **__: {})


def planned(directory: Path, *wrong: str, node: str = "embedded") -> Plan:
    """A run with the plugins of a directory, of which some cannot be executed."""
    for name in ("bridge", "portmap", "host-local"):
        (directory / name).touch(0o644 if name in wrong else 0o755)
    kind = kinds.named(node).from_options(lambda _: None, directory)
    return Plan.read(kind, None, [str(directory)], "/dev/null/no", None)


def refused(plan: Plan) -> CouldNotTest:
    with pytest.raises(CouldNotTest) as error:
        preflight.check(plan)
    return error.value


def test_one_thing_is_said_in_its_own_words(tmp_path: Path) -> None:
    error = refused(planned(tmp_path))

    assert error.message.startswith("the report directory /dev/null/no is not writable")
    assert error.remedy == "Name a writable directory with --podpath-report"


def test_all_that_stands_in_the_way_is_said_at_once(tmp_path: Path) -> None:
    """Each in a line, with its remedy; what works is not in it."""
    error = str(refused(planned(tmp_path, "bridge", "host-local")))

    assert [line.partition(" is ")[0] for line in error.splitlines()] == [
        "3 things stand in the way:",
        f"- the CNI plugin {tmp_path}/bridge",
        f"- the CNI plugin {tmp_path}/host-local",
        "- the report directory /dev/null/no",
    ]
    assert f"chmod +x {tmp_path}/host-local" in error


@pytest.mark.parametrize(
    ("node", "command"),
    [("embedded", "podpath doctor --install"), ("kind", "podpath doctor --install --node kind")],
)
def test_missing_programs_come_before_all_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, node: str, command: str
) -> None:
    """The rest is looked at with them."""
    absent = {"ip": "iproute2", "ctr": "containerd", "runc": "runc"}
    monkeypatch.setattr(programs, "missing", lambda *_, **__: absent)
    error = refused(planned(tmp_path, "bridge", node=node))

    assert error.message == "missing on this system: ip, ctr, runc"
    remedy = f"On Debian, as root: apt-get install containerd iproute2 runc (or {command})"
    assert error.remedy == remedy


def _speaking(directory: Path, versions: str, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """A plan for a conflist of 1.1.0, whose plugins know these versions, and old containerd."""
    document = json.loads(conflist.DEFAULT.read_text()) | {"cniVersion": "1.1.0"}
    (directory / "net.conflist").write_text(json.dumps(document))
    for name in ("bridge", "portmap", "host-local"):
        (directory / name).touch(0o755)
    monkeypatch.setattr("podpath.cni.version_query.supported", lambda _: tuple(versions.split()))
    kind = kinds.named("embedded").from_options(lambda _: None, directory)
    monkeypatch.setattr(type(kind), "runtime", lambda _: containerd.party("containerd 1.6.20"))
    return Plan.read(kind, str(directory / "net.conflist"), [str(directory)], None, None)


def test_pods_get_the_version_that_the_runtime_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The runtime gets another conflist than the user's; the report has the user's."""
    plan = _speaking(tmp_path, "1.0.0 1.1.0", monkeypatch)
    used = plan.network.conflist

    assert (used.version, used.contract_version) == ("1.0.0", "1.1.0")
    assert json.loads(used.text)["cniVersion"] == "1.0.0"
    assert json.loads(used.written)["cniVersion"] == "1.1.0"
    assert preflight.describe(plan)["CNI version"] == (
        "1.0.0 for pods, 1.1.0 for the contract"
        " (the conflist has 1.1.0, but containerd 1.6 knows CNI 0.1.0 to 1.0.0)"
    )


def test_no_version_in_common_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is found before a node starts."""
    with pytest.raises(CouldNotTest, match="no CNI version in common"):
        _speaking(tmp_path, "1.1.0", monkeypatch)


@pytest.mark.parametrize(
    ("addresses", "reason"),
    [
        ([{"address": "10.1.0.5/24"}], "gives each pod the same addresses"),
        ([], "gives each pod what its runtime requests, and containerd requests none"),
    ],
    ids=["fixed", "requested"],
)
def test_static_gives_each_pod_the_same_addresses(
    tmp_path: Path, addresses: list[object], reason: str
) -> None:
    """The addresses would be those of several pods, which is no fault of the plugin."""
    plan = planned(tmp_path)
    ipam = {"type": "static", "addresses": addresses}
    network = replace(plan.network, conflist=samples.conflist(ipam))

    with pytest.raises(CouldNotTest, match=reason):
        checks.ranges(replace(plan, network=network))


def test_addresses_that_only_pods_show_are_described(tmp_path: Path) -> None:
    """With what is not tested of them."""
    plan = planned(tmp_path)
    network = replace(plan.network, conflist=samples.conflist({"type": "host-local"}))
    own = replace(network, conflist=replace(network.conflist, ipam=Ipam.parse({}, "podpath")))

    assert "addresses" not in preflight.describe(replace(plan, network=network))
    facts = preflight.describe(replace(plan, network=own))
    assert facts["leases"].startswith("not tested: podpath does not know where the plugin's own")
    listed = preflight.describe(replace(plan, network=replace(own, lease_command="list")))
    assert listed["leases"] == "those that 'list' lists"
