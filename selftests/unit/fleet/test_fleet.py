"""A fleet run, against a stand-in for the API server of its cluster."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from podpath import cli
from podpath.fleet import campaign, janitor, manifests, parcel, store
from podpath.nodes.cluster import kube_api
from podpath.nodes.cluster.kube_jobs import Jobs
from podpath.report.document import About, TestResult, build
from podpath.report.outcome import Outcome, Verdict

from .cluster import Cluster, node, serving

Capture = pytest.CaptureFixture[str]


def report(verdict: Verdict = Verdict.CONFORMS, kernel: str = "6.1.0") -> dict[str, bytes]:
    """The files of a node's report in which PATH-ICMP has a verdict."""
    reason = "" if verdict == Verdict.CONFORMS else "missing hop cni0"
    results = [TestResult("t", ("PATH-ICMP",), Outcome(verdict, reason), seconds=1)]
    about = About(date="2026-03-01T12:00:00+00:00")
    facts = {"profile": "bridge", "node": "host", "kernel": kernel}
    return {"report.json": json.dumps(build(results, facts, "1.2", about)).encode()}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in answers at once: no need to wait between two looks."""
    monkeypatch.setattr(campaign, "_LOOK", 0.01)
    monkeypatch.setattr(campaign, "_LOOK_AT_PENDING", 0.02)


@contextmanager
def running(cluster: Cluster, tmp_path: Path) -> Iterator[Path]:
    """A kubeconfig of the stand-in."""
    with serving(cluster) as url:
        config = {
            "clusters": [{"name": "c", "cluster": {"server": url}}],
            "users": [{"name": "u", "user": {}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "x",
        }
        file = tmp_path / "kubeconfig"
        file.write_text(yaml.safe_dump(config))
        yield file


def run(cluster: Cluster, tmp_path: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run the command; its exit status, and the report that it wrote."""
    with running(cluster, tmp_path) as config:
        out = tmp_path / "out"
        command = ["fleet", "run", "--image", "podpath:1", "--kubeconfig", str(config)]
        status = cli.main([*command, "-o", str(out), *arguments])
        return status, store.load(out)


def test_each_node_has_its_verdict_and_nothing_is_left(tmp_path: Path, capsys: Capture) -> None:
    """One node is broken; what it differs in is in the text and on the page."""
    names = [f"worker-{number}" for number in range(7)]
    broken = report(Verdict.DOES_NOT_CONFORM, kernel="6.2.0")
    cluster = Cluster([node(n) for n in names], {"": report(), "worker-3": broken})
    status, fleet = run(cluster, tmp_path, "--at-once", "2")
    told = capsys.readouterr().out

    assert (status, fleet["verdict"]) == (1, "does not conform")
    assert {n["name"]: n["verdict"] for n in fleet["nodes"]} == {
        **dict.fromkeys(names, "conforms"),
        "worker-3": "does not conform",
    }
    assert cluster.most_jobs == 2
    assert (cluster.namespaces, cluster.jobs, cluster.roles) == ({}, {}, {})
    assert "does not conform: worker-3\n  kernel 6.2.0\n  PATH-ICMP: missing hop cni0" in told
    assert "podpath fleet: DOES NOT CONFORM   7 nodes: 6 conform, 1 does not conform" in told
    assert (tmp_path / "out/nodes/worker-3/report.json").read_bytes() == broken["report.json"]
    page = (tmp_path / "out/index.html").read_text()
    assert page.count('<li class="conforms"') == 6
    assert "missing hop cni0" in page


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (
            node("a", ready=False),
            "it is NotReady: NodeStatusUnknown: Kubelet stopped posting",
        ),
        (node("a", cordoned=True), "it is cordoned (spec.unschedulable)"),
        (node("a", system="windows"), "its operating system is windows, and podpath needs Linux"),
        (node("image-1"), "its pod does not start: ErrImagePull: no such host"),
        (node("full-1"), "its pod failed: OutOfpods: Node has no room"),
        (node("pending-1"), "its pod is Pending after 1 s; Scheduled: assigned"),
        (node("lost-1"), "its log ends before the report"),
        (node("cut-1"), "its report came back in part: 1 of 2 lines"),
    ],
    ids=lambda value: value["metadata"]["name"] if isinstance(value, dict) else "",
)
def test_node_that_cannot_be_tested_is_never_left_out(
    tmp_path: Path, document: dict[str, Any], reason: str
) -> None:
    """It has Kubernetes' own reason; the others are tested."""
    cluster = Cluster([document, node("well")], {"": report()})
    status, fleet = run(cluster, tmp_path, "--seconds", "1")
    results = {n["name"]: n for n in fleet["nodes"]}

    assert (status, results.pop("well")["verdict"]) == (6, "conforms")
    (result,) = results.values()
    assert result["verdict"] == "could not test"
    assert reason in result["reason"]
    assert (cluster.namespaces, cluster.jobs) == ({}, {})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            report(Verdict.DOES_NOT_CONFORM)["report.json"].replace(
                b"does not conform", b"conforms"
            ),
            "its report does not verify: it was edited",
        ),
        (b"{", "its report is not as podpath writes it: JSONDecodeError"),
        (b"[]", "its report is not as podpath writes it: AttributeError"),
        (b"{}", "its report is not as podpath writes it: KeyError('digest')"),
    ],
    ids=["edited", "cut", "list", "empty"],
)
def test_report_that_podpath_did_not_write_is_no_result(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    cluster = Cluster([node("a")], {"": {"report.json": content}})
    status, fleet = run(cluster, tmp_path)

    assert status == 6
    assert reason in fleet["nodes"][0]["reason"]


def test_end_in_the_middle_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C: the namespace is gone, and the report says that it is not whole."""
    cluster = Cluster([node("a"), node("b")], {"": report()})

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(campaign.Campaign, "_collect", interrupted)
    status, fleet = run(cluster, tmp_path)

    assert (status, fleet["verdict"], fleet["complete"]) == (130, "could not test", False)
    assert (cluster.namespaces, cluster.jobs, cluster.roles) == ({}, {}, {})


def test_what_a_killed_run_left_is_named_and_deleted(tmp_path: Path, capsys: Capture) -> None:
    cluster = Cluster([node("a")], {"": report()})
    cluster.create("namespaces", manifests.namespace("podpath-fleet-old", now=0))
    run(cluster, tmp_path)

    assert "podpath-fleet-old is left of a run that was killed: deleted" in capsys.readouterr().err
    assert cluster.namespaces == {}


def test_janitor_deletes_a_namespace_without_signs_of_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(janitor, "SILENCE", 0.05)
    monkeypatch.setattr(janitor, "_LOOK", 0.01)
    cluster = Cluster([], {})
    cluster.create("namespaces", manifests.namespace("podpath-fleet-x", now=0))
    with running(cluster, tmp_path) as config:
        api = Jobs(kube_api.configuration_of_file(str(config)))
        assert janitor.watch(api, "podpath-fleet-x") == 0
        api.close()

    assert cluster.namespaces == {}


def test_parcel_is_what_was_packed() -> None:
    files = {"report.json": b"{}" * 90_000, "captures/t.pcapng": bytes(range(256)) * 400}
    lines = ["noise", *parcel.pack(files, 6), "more noise"]
    sent = parcel.unpack(lines)

    assert (sent.files, sent.status, sent.log) == (files, 6, ("noise", "more noise"))
    assert max(map(len, lines)) < 16 * 1024


def test_rights_are_those_that_the_run_needs(tmp_path: Path, capsys: Capture) -> None:
    """Each request of a run is in what `podpath fleet rbac` prints."""
    cluster = Cluster([node("a"), node("pending-1")], {"": report()})
    run(cluster, tmp_path, "--seconds", "1")
    capsys.readouterr()
    assert cli.main(["fleet", "rbac"]) == 0
    role = yaml.safe_load(capsys.readouterr().out)
    granted = {
        f"{verb} {r}" for rule in role["rules"] for r in rule["resources"] for verb in rule["verbs"]
    }

    for request in cluster.requests:
        verb, resource = request.split(" ")
        singular = "list" if verb == "get" and resource in ("nodes", "events", "pods") else verb
        assert f"{singular} {resource}" in granted


def test_rights_of_jobs_are_those_of_the_pod_in_docs() -> None:
    """deploy/podpath.yaml, which docs/kubernetes.md shows, has the same rules."""
    deploy = Path(__file__).parents[3] / "deploy" / "podpath.yaml"
    documents = list(yaml.safe_load_all(deploy.read_text()))
    (rules,) = (d["rules"] for d in documents if d["kind"] == "ClusterRole")

    assert rules == list(manifests.NODE_RULES)


def test_report_of_a_node_that_could_not_be_tested_says_why(
    tmp_path: Path, capsys: Capture
) -> None:
    """In its line of progress, and in the summary."""
    cluster = Cluster([node("a")], {"": report(Verdict.COULD_NOT_TEST)})

    status, fleet = run(cluster, tmp_path)

    assert (status, fleet["nodes"][0]["reason"]) == (6, "missing hop cni0")
    shown = capsys.readouterr()
    assert "missing hop cni0" in shown.out
    assert "missing hop cni0" in shown.err


def test_run_that_was_broken_off_on_a_node_shows_how_it_ended(tmp_path: Path) -> None:
    """All that was run conforms: no requirement has a reason."""
    about = About(date="2026-03-01T12:00:00+00:00", broken_off=True)
    results = [
        TestResult("t", ("PATH-ICMP",), Outcome(Verdict.CONFORMS, ""), seconds=1),
        TestResult("u", (), Outcome(Verdict.COULD_NOT_TEST, "worker 'gw1' crashed"), seconds=1),
    ]
    sent = {"report.json": json.dumps(build(results, {"node": "host"}, "1.2", about)).encode()}
    cluster = Cluster([node("a")], {"": sent})

    status, fleet = run(cluster, tmp_path)

    assert status == 6
    assert fleet["nodes"][0]["reason"].startswith("its run was broken off (exit status ")
    assert (tmp_path / "out" / "nodes" / "a" / "log.txt").is_file()
