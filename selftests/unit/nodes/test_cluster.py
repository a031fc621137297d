"""Nodes of a cluster, as far as they can be tried without one: what is said is understood."""

import json
import multiprocessing
import os
import signal
from ipaddress import ip_interface, ip_network
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import pytest

import podpath
from podpath.cni import conflist
from podpath.errors import CouldNotTest
from podpath.k8s import services
from podpath.nodes.cluster import (
    container_engine,
    host,
    kind_cluster,
    kind_config,
    kind_creation,
    kind_program,
    kube_api,
    kubernetes,
)
from podpath.nodes.pod import Pod, PodSpec
from podpath.system import owner, proc, shared_lock

from .. import samples

ROOT = Path(__file__).parents[3]


# --- what the API says ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"status": "Success"}, (0, "")),
        (
            {
                "status": "Failure",
                "reason": "NonZeroExitCode",
                "details": {"causes": [{"reason": "ExitCode", "message": "42"}]},
            },
            (42, ""),
        ),
        ({"status": "Failure", "message": "no such file"}, (127, "no such file")),
    ],
)
def test_exit_status_of_a_command(document: dict[str, Any], expected: tuple[int, str]) -> None:
    assert kube_api.exit_status(json.dumps(document).encode()) == expected


@pytest.mark.parametrize("said", [b"", b"{", b"[]", b'"Success"', b"{}", b'{"status": "Failure"'])
def test_connection_that_was_lost_is_no_exit_status(said: bytes) -> None:
    """Above all, it is not 0."""
    with pytest.raises(CouldNotTest, match="lost before it ended"):
        kube_api.exit_status(said)


# --- pods ---------------------------------------------------------------------------------------

SPEC = PodSpec("client", {"main": ["/bin/sh"]}, probe_path="/0?x", restarted=True)


def test_pod_is_pinned_and_pulls_nothing_needlessly() -> None:
    body = kubernetes.manifest(SPEC, "node-1", "image:1")
    spec = body["spec"]

    assert spec["nodeName"] == "node-1"
    assert spec["tolerations"] == [{"operator": "Exists"}]
    assert spec["restartPolicy"] == "Always"
    assert spec["containers"][0]["imagePullPolicy"] == "IfNotPresent"
    assert spec["containers"][0]["livenessProbe"]["httpGet"]["path"] == "/0?x"


@pytest.mark.parametrize(
    ("message", "command", "is_plugins"),
    [
        (
            'Failed to create pod sandbox: failed to setup network for sandbox "12":'
            ' plugin type="bridge" failed (add): no',
            "add",
            True,
        ),
        ('failed to destroy network: plugin type="x" failed (delete): no', "delete", True),
        ('plugin type="x" failed (delete): no', "add", False),
        ("container runtime network not ready: cni plugin not initialized", "add", False),
    ],
)
def test_failure_of_the_plugin_is_told_from_others(
    message: str, command: str, is_plugins: bool
) -> None:
    assert kubernetes.failed(message, command) is is_plugins


def test_node_without_a_default_route_has_no_uplink(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proc, "default_route", lambda _: None)

    with pytest.raises(CouldNotTest, match="no default route"):
        kubernetes.own_links(os.getpid(), "cni0")


def test_ips_that_differ_are_named() -> None:
    """Of the API server, of the runtime, and of the kernel."""
    now = samples.topology()
    address = str(samples.address("client"))
    agreed = {"status": {"podIP": address, "podIPs": [{"ip": address}]}}
    other = {"status": {"podIP": "10.88.0.99", "podIPs": [{"ip": "10.88.0.99"}, {"ip": address}]}}
    moved = samples.with_pod_link(now, "client", addresses=(ip_interface("10.88.0.7/24"),))

    assert services.addresses(agreed, now, "client") == []
    assert len(services.addresses(other, now, "client")) == 2
    assert [d.seen for d in services.addresses(agreed, moved, "client")] == ["10.88.0.7"]


def test_pod_that_moved_is_named() -> None:
    network = samples.topology().pods["client"]
    before = Pod("client", network.sandbox, network, {"main": "1"})
    after = Pod("client", "another", network, {"main": "2"})

    assert services.moved(before, before, {"before": 1, "after": 1}) == []
    found = services.moved(before, after, {"before": 1, "after": 2})
    assert len(found) == 2


# --- kind ---------------------------------------------------------------------------------------


def test_configurations_are_the_same() -> None:
    """The one at the top, which people edit, and the one that is installed."""
    assert kind_config.SHIPPED.read_text() == (ROOT / "kind-config.yaml").read_text()
    assert Path(podpath.__file__).parent in kind_config.SHIPPED.parents


@pytest.mark.parametrize(
    ("networking", "said"),
    [
        ({"disableDefaultCNI": True, "podSubnet": "10.88.0.0/16"}, None),
        ({"disableDefaultCNI": True, "podSubnet": "fd00::/48,10.88.0.0/24"}, None),
        ({"disableDefaultCNI": True, "ipFamily": "dual", "podSubnet": "10.88.0.0/16"}, None),
        ({"disableDefaultCNI": True, "ipFamily": "ipv6"}, "without IPv4"),
        (None, "disableDefaultCNI"),
        ({"podSubnet": "10.88.0.0/16"}, "disableDefaultCNI"),
        ({"disableDefaultCNI": True}, "10.244.0.0/16, which does not hold the conflist's"),
        ({"disableDefaultCNI": True, "podSubnet": "10.88.0.0/25"}, "10.88.0.0/24"),
        ({"disableDefaultCNI": True, "podSubnet": "many"}, "no networks as podSubnet: many"),
    ],
)
def test_configuration_leaves_the_network_to_us(
    networking: dict[str, object] | None, said: str | None
) -> None:
    """kind's own plugin is off, and its pods' network holds the conflist's range."""
    found = kind_config.unsuited({"networking": networking}, [ip_network("10.88.0.0/24")])

    assert (found is None) if said is None else (found and said in " ".join(found))


@pytest.mark.parametrize("text", ["{", "- a: b: c", "\0", "just words"])
def test_configuration_that_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "kind-config.yaml"
    path.write_text(text)

    with pytest.raises(CouldNotTest, match=r"kind-config\.yaml"):
        kind_config.check(path, [])


def test_configuration_that_is_shipped_suits_the_default_conflist() -> None:
    ranges = [r.subnet for r in conflist.read(conflist.DEFAULT).ipam.ranges]

    kind_config.check(kind_config.SHIPPED, ranges)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("kind v0.32.0 go1.24 linux/amd64", (0, 32)),
        ("kind v0.17.0-alpha go1.19 linux/amd64", (0, 17)),
        ("kind (devel)", (0,)),
    ],
)
def test_version_of_kind(said: str, expected: tuple[int, ...]) -> None:
    assert kind_program.version_of(said) == expected


MADE = "2026-01-02T03:04:05.123456789Z"
BEFORE = "2026-01-02T03:04:04.9+00:00"


@pytest.mark.parametrize(
    ("mark", "found", "is_ours"),
    [
        ({"containers": ["a"]}, {"a": MADE}, True),
        ({"containers": ["a"]}, {"b": MADE}, False),
        ({"containers": [], "since": BEFORE}, {"b": MADE}, True),
        ({"containers": [], "since": MADE}, {"b": "2025-12-31T00:00:00Z"}, False),
        ({"containers": [], "since": BEFORE}, {"b": "2026-01-02 03:04:06.1 +0000 UTC"}, True),
    ],
)
def test_cluster_of_somebody_else_is_never_ours(
    mark: dict[str, object], found: dict[str, str], is_ours: bool
) -> None:
    """By its containers; where the creation was broken off, by when they were made."""
    assert kind_cluster.ours(mark, found) is is_ours


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ('ERROR: failed to pull image "kindest/node:v1": no such host', "docker load"),
        ("ERROR: failed to init node: timed out waiting for the condition", "free memory"),
        ("write: no space left on device", "Make room"),
        ("HTTPSConnectionPool: Max retries exceeded", "--kind-bin"),
    ],
)
def test_failure_of_kind_has_a_remedy(said: str, words: str) -> None:
    why, remedy = kind_creation.failure("podpath", said)

    assert why.startswith("kind could not create the cluster podpath: ")
    assert words in remedy


def test_failure_of_kind_that_is_not_known_is_its_own_line() -> None:
    """And not its progress, which comes before it."""
    output = " • Preparing nodes\n ✗ Preparing nodes\nERROR: the moon is full\nCommand Output: x"
    why, remedy = kind_creation.failure("podpath", output)

    assert why == "kind could not create the cluster podpath: the moon is full"
    assert remedy == ""


def test_cluster_of_one_family_refuses_a_conflist_of_both() -> None:
    ranges = [ip_network("10.88.0.0/24"), ip_network("fd00:88::/64")]
    networking = {"disableDefaultCNI": True, "podSubnet": "10.88.0.0/16"}
    problem = kind_config.unsuited({"networking": networking}, ranges)

    assert problem
    assert "without IPv6" in problem[0]
    both = networking | {"ipFamily": "dual", "podSubnet": "10.88.0.0/16,fd00:88::/56"}
    assert kind_config.unsuited({"networking": both}, ranges) is None


def test_engine_that_hides_its_failure() -> None:
    """Older ones end with 0, and have it in their answer."""
    with pytest.raises(CouldNotTest, match="may not use docker"):
        container_engine.facts("docker", '{"ServerErrors": ["permission denied"]}')
    assert container_engine.facts("docker", '{"ServerVersion": "28.1"}') == "docker 28.1"
    assert container_engine.facts("podman", "nonsense").startswith("podman")


# --- host ---------------------------------------------------------------------------------------


def _node(name: str, machine: str) -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "status": {
            "nodeInfo": {"machineID": machine},
            "addresses": [{"type": "Hostname", "address": f"{name}-host"}],
        },
    }


def test_node_is_known_by_its_machine_or_its_name() -> None:
    nodes = [_node("a", "1"), _node("b", "2"), _node("c", "2")]

    assert host.name_of(nodes, "1", "whatever") == "a"
    assert host.name_of(nodes, "2", "c-host") == "c"
    assert host.name_of(nodes, "unknown", "b") == "b"
    with pytest.raises(CouldNotTest, match="which of the cluster's nodes"):
        host.name_of(nodes, "2", "elsewhere")


# --- who made it --------------------------------------------------------------------------------


def test_process_that_lives_is_not_gone() -> None:
    assert not owner.gone(owner.me())


@pytest.mark.parametrize("mark", ["", "a b c d", "nonsense", "1 2 3"])
def test_maker_that_is_not_known_here_is_not_said_to_be_gone(mark: str) -> None:
    assert not owner.gone(mark)


def _tell(pipe: Any) -> None:
    pipe.send(owner.me())


def test_process_that_ended_is_gone() -> None:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_tell, args=(there,))
    process.start()
    mark = here.recv()
    process.join()

    assert owner.gone(mark)


# --- one for all processes ----------------------------------------------------------------------


def _use(directory: Path, log: Path, ready: Event, end: Event) -> None:
    def note(word: str) -> None:
        with log.open("a") as file:
            file.write(f"{word}\n")

    with shared_lock.shared(directory, lambda: note("made"), lambda: note("removed")):
        ready.set()
        end.wait(20)


class _User:
    """A process that has a share in what is kept in the directory."""

    def __init__(self, directory: Path, log: Path) -> None:
        self._ready, self._end = multiprocessing.Event(), multiprocessing.Event()
        arguments = (directory, log, self._ready, self._end)
        self._process = multiprocessing.Process(target=_use, args=arguments)
        self._process.start()
        assert self._ready.wait(20)

    def leave(self) -> None:
        self._end.set()
        self._process.join(20)

    def kill(self) -> None:
        assert self._process.pid
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.join(20)


def test_first_makes_and_last_removes(tmp_path: Path) -> None:
    directory, log = tmp_path / "kept", tmp_path / "log"
    one, other = _User(directory, log), _User(directory, log)
    one.leave()
    assert log.read_text().split() == ["made"]
    other.leave()

    assert log.read_text().split() == ["made", "removed"]
    assert not directory.exists()


def test_user_that_is_killed_does_not_hinder_the_last(tmp_path: Path) -> None:
    directory, log = tmp_path / "kept", tmp_path / "log"
    one, other = _User(directory, log), _User(directory, log)
    one.kill()
    other.leave()

    assert log.read_text().split() == ["made", "removed"]


def test_what_killed_ones_left_is_known_to_be_abandoned(tmp_path: Path) -> None:
    directory, log = tmp_path / "kept", tmp_path / "log"
    lives = _User(directory, log)
    with shared_lock.changing(directory):
        assert not shared_lock.abandoned(directory)
    lives.kill()
    with shared_lock.changing(directory):
        assert shared_lock.abandoned(directory)
    _User(directory, log).leave()

    assert log.read_text().split() == ["made", "made", "removed"]


def test_turn_leaves_no_directory_of_its_own(tmp_path: Path) -> None:
    """The cluster was refused, and tests still take turns, each to report that."""
    directory = tmp_path / "refused"
    with shared_lock.turn(directory):
        assert directory.exists()
    assert not directory.exists()

    with shared_lock.shared(directory, lambda: None, lambda: None):
        with shared_lock.turn(directory):
            pass
        assert directory.exists()


def test_failure_to_make_is_undone(tmp_path: Path) -> None:
    done: list[str] = []

    def fail() -> None:
        raise CouldNotTest("it cannot be made")

    with (
        pytest.raises(CouldNotTest, match="cannot be made"),
        shared_lock.shared(tmp_path / "kept", fail, lambda: done.append("removed")),
    ):
        pass
    assert done == ["removed"]
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize(
    ("rules", "written"),
    [
        pytest.param(
            ":KUBE-KUBELET-CANARY - [0:0]\n:KUBE-PROXY-CANARY - [0:0]", False, id="canary"
        ),
        pytest.param(
            ":KUBE-SERVICES - [0:0]\n:KUBE-SVC-NPX46M4PTMTKRN6Y - [0:0]", True, id="iptables"
        ),
        pytest.param(
            ":KUBE-SERVICES - [0:0]\n-A KUBE-SERVICES -m set --match-set KUBE-CLUSTER-IP",
            True,
            id="ipvs",
        ),
        pytest.param("table ip kube-proxy", True, id="nftables"),
    ],
)
def test_rules_of_services_are_told_from_canaries(rules: str, written: bool) -> None:
    """The kubelet, and kube-proxy before its first rules, make chains without any."""
    assert kind_cluster.has_proxy_rules(rules) is written
