"""The suite on a node whose pods are made through an API, and that others use, too."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from podpath.cni import conflist
from podpath.cni.network import Network
from podpath.errors import DoesNotConform
from podpath.nodes.cluster import host, kube_api, kubernetes
from podpath.nodes.cluster.kinds import OnHost
from podpath.nodes.cluster.kubernetes import KubernetesNode
from podpath.nodes.deployment import spec
from podpath.nodes.embedded.node import EmbeddedNode, start
from podpath.report.outcome import Verdict
from podpath.requirements import REQUIREMENTS
from podpath.topology import present
from selftests import suite
from selftests.cluster import standin
from selftests.faults import inside


@contextmanager
def _node(below: EmbeddedNode) -> Iterator[tuple[KubernetesNode, standin.Kubelet]]:
    from kubernetes import client

    with standin.serving(below) as (address, kubelet, _):
        configuration = client.Configuration()
        configuration.host = address
        api = kube_api.Api(configuration)
        links, uplink = kubernetes.own_links(below.pid, "cni0")
        node = KubernetesNode("kind", api, standin.NODE, below.pid, links, uplink, below.ended)
        try:
            with kubernetes.namespace(node, wait=True):
                yield node, kubelet
        finally:
            node.close()
            api.close()


@pytest.fixture(scope="module")
def below() -> Iterator[EmbeddedNode]:
    with start(conflist.read(conflist.DEFAULT)) as node:
        yield node


@pytest.fixture
def as_host(below: EmbeddedNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Process 1 is that of the node below, for --podpath-node host."""
    monkeypatch.setattr(host, "PID", below.pid)
    monkeypatch.setattr(host, "ROOT", Path(f"/proc/{below.pid}/root"))
    monkeypatch.setattr(host, "STATE", tmp_path / "run" / "state")


@pytest.mark.usefixtures("as_host")
def test_suite_conforms_beside_pods_of_others(below: EmbeddedNode, tmp_path: Path) -> None:
    """The same verdicts as on the embedded node, though somebody else's pod is on the bridge."""
    wanted = frozenset(i for i, r in REQUIREMENTS.items() if OnHost.can_test(r))
    with _node(below) as (node, kubelet):
        sandbox, _ = kubelet.sandbox("kube-system", "coredns-0", "uid-of-coredns")
        assert [one.name for one in node.foreign_pods(())] == ["kube-system/coredns-0"]
        run = inside.run(node, wanted, tmp_path, "--podpath-node=host")
        kubelet._runtime.remove_pod("coredns-0", sandbox)

    verdicts = run.verdicts()
    # the default conflist has neither hairpinMode, portIsolation, a VLAN nor IPv6, and its plugin
    # neither routes nor makes macvlans
    ids = (
        *("K8S-HAIRPIN", "PATH-ISOLATION", "PATH-VLAN", "TOPO-MULTICAST"),
        *("TOPO-HOST-END", "TOPO-LOWER-LINK"),
    )
    absent = {i: verdicts.pop(i) for i in ids}
    assert set(absent.values()) == {Verdict.NOT_APPLICABLE}
    bad = {
        i: v for i, v in verdicts.items() if v not in (Verdict.CONFORMS, Verdict.KNOWN_DEVIATION)
    }
    assert bad == {}, run.output[-20000:]
    assert set(verdicts) == wanted - set(absent)


@pytest.mark.usefixtures("as_host")
def test_quick_run_looks_at_pods_of_others(below: EmbeddedNode, tmp_path: Path) -> None:
    """They are read, and no more: a route of their own is theirs, an MTU of the plugin's is red."""
    wanted = frozenset({*present.CHECKS, "PATH-ICMP", "PATH-HTTP"})
    with _node(below) as (node, kubelet):
        sandbox, _ = kubelet.sandbox("kube-system", "coredns-0", "uid-of-coredns")
        (other,) = node.foreign_pods(())
        below.run(["ip", "-n", other.netns, "route", "add", "198.51.100.0/24", "dev", "eth0"])
        quick = {"file": "tests/present_pods.py"}
        healthy = inside.run(node, wanted, tmp_path / "healthy", "--podpath-node=host", **quick)
        below.run(["ip", "-n", other.netns, "link", "set", "eth0", "mtu", "1400"])
        broken = inside.run(node, wanted, tmp_path / "broken", "--podpath-node=host", **quick)
        assert [pod.name for pod in node.foreign_pods(())] == ["kube-system/coredns-0"]
        kubelet._runtime.remove_pod("coredns-0", sandbox)

    assert healthy.status == 0, healthy.output
    absent = {"TOPO-HOST-END", "TOPO-LOWER-LINK"}  # a bridge has none
    expected = dict.fromkeys(wanted - absent, Verdict.CONFORMS)
    expected |= dict.fromkeys(absent, Verdict.NOT_APPLICABLE)
    assert healthy.verdicts() == expected
    assert broken.verdicts() == expected | {"TOPO-MTU": Verdict.DOES_NOT_CONFORM}, broken.output
    assert "pod kube-system/coredns-0" in broken.reasons("TOPO-MTU")


def test_pod_reaches_itself_where_that_is_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By hairpin mode, on the kernel's own account: nothing else sends a packet back."""
    document = json.loads(conflist.DEFAULT.read_text())
    document["plugins"][0]["hairpinMode"] = True
    path = tmp_path / "hairpin.conflist"
    path.write_text(json.dumps(document))
    with start(conflist.read(path)) as below, _node(below) as (node, _):
        monkeypatch.setattr(host, "PID", below.pid)
        monkeypatch.setattr(host, "ROOT", Path(f"/proc/{below.pid}/root"))
        monkeypatch.setattr(host, "STATE", tmp_path / "run" / "state")
        wanted = frozenset({"K8S-HAIRPIN", "K8S-SERVICE", "PATH-ARP"})
        run = inside.run(node, wanted, tmp_path, "--podpath-node=host")

    assert run.verdicts() == dict.fromkeys(wanted, Verdict.CONFORMS), run.output[-20000:]


def test_pod_of_others_that_is_not_listed_is_a_stranger(
    below: EmbeddedNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checks know others by the runtime's list alone: without it, they are as strict."""
    members, links = "TOPO-BRIDGE-MEMBERS", "TOPO-NODE-LINKS"
    with _node(below) as (node, kubelet):
        sandbox, _ = kubelet.sandbox("kube-system", "coredns-0", "uid-of-coredns")
        monkeypatch.setattr(node, "foreign_pods", lambda _: ())
        run = inside.run(node, frozenset({members, links}), tmp_path)
        kubelet._runtime.remove_pod("coredns-0", sandbox)

    assert run.verdicts() == {members: Verdict.DOES_NOT_CONFORM, links: Verdict.NOT_RUN}


def test_exit_status_and_output_of_commands(below: EmbeddedNode) -> None:
    with _node(below) as (node, _):
        pod = node.create_pod(spec("client"))
        try:
            done = node.execute(pod, "main", ["/bin/sh", "-c", "echo out; echo err >&2; exit 7"], 9)
            large = node.execute(pod, "main", ["cat", "/www/4194304"], 30)
        finally:
            node.delete_pod(pod)

    assert (done.status, done.output, done.errors) == (7, b"out\n", "err\n")
    assert (large.status, len(large.output)) == (0, 4 << 20)


BROKEN = '{"cniVersion": "1.0.0", "code": 100, "msg": "no network today"}'


def test_failure_of_the_plugin_is_the_plugins(below: EmbeddedNode) -> None:
    """It comes as an event, as the kubelet tries again and again."""
    link = "/opt/podpath/cni/bin/bridge"
    below.run(["mv", link, f"{link}.real"])
    script = f"#!/bin/sh\n[ $CNI_COMMAND != ADD ] || {{ echo '{BROKEN}'; exit 1; }}\n"
    below.run(["sh", "-c", f'printf %s "$1" >{link}; chmod +x {link}', "sh", script])
    try:
        with (
            _node(below) as (node, _),
            pytest.raises(DoesNotConform, match="failed ADD for pod client"),
        ):
            node.create_pod(spec("client"))
    finally:
        below.run(["mv", f"{link}.real", link])


_KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "ADDRESS"}}]
users: [{name: u, user: {token: t}}]
"""
#: What the tests here do not need: Services are there only where something translates for them.
_UNTRIED = {("create", "services"), ("delete", "services"), ("create", "pods/exec")}


@pytest.mark.usefixtures("as_host")
def test_host_needs_no_more_rights_than_the_manifest_gives(
    below: EmbeddedNode, tmp_path: Path
) -> None:
    """Nor fewer: each right of the manifest was used."""
    network = Network.read(conflist.DEFAULT)
    kubeconfig = tmp_path / "kubeconfig"
    said: list[str] = []
    with standin.serving(below) as (address, _, asked):
        kubeconfig.write_text(_KUBECONFIG.replace("ADDRESS", address))
        with host.start(network, str(kubeconfig), "", said.append) as node:
            pod = node.create_pod(spec("client"))
            assert node.execute(pod, "main", ["/bin/sh", "-c", "exit 3"], 9).status == 3
            node.api.events(node.namespace, "client")
            node.delete_pod(pod)
    (role,) = [
        one
        for one in yaml.safe_load_all((suite.ROOT / "deploy" / "podpath.yaml").read_text())
        if one["kind"] == "ClusterRole"
    ]
    given = {(v, r) for rule in role["rules"] for r in rule["resources"] for v in rule["verbs"]}

    assert host.conflist().name == "10-podpath.cni.conflist"
    assert said == [f"testing on node {standin.NODE}"]
    assert asked - given == set()
    assert given - asked == _UNTRIED
