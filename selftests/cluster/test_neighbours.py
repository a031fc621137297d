"""Pods of others that come and go beside the suite's own are not held against the plugin."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from podpath.cni import conflist
from podpath.nodes.cluster import host, kube_api, kubernetes
from podpath.nodes.cluster.kubernetes import KubernetesNode
from podpath.nodes.embedded.node import EmbeddedNode, start
from podpath.report.outcome import Verdict
from selftests.cluster import standin
from selftests.faults import inside
from selftests.suite import Run

_LIFE = frozenset({"LIFE-DELETE", "LIFE-CHURN"})
_ATTEMPTS = 4
_PLUGIN = "/opt/podpath/cni/bin/bridge"
#: What the port of a pod that is being made might be taken for, and what it disturbs.
_WIRED = frozenset({"TOPO-BRIDGE-MEMBERS", "TOPO-NODE-LINKS", "TOPO-NODE-ROUTE"})
_WATCHED = frozenset({"PATH-ICMP", "PATH-ARP", "LIFE-OTHERS"})
#: Takes its time for the pods of others: their ports are there, and no pod of the runtime's list.
_SLOW = f"""#!/bin/sh
case "$CNI_COMMAND $CNI_ARGS" in
ADD*K8S_POD_NAMESPACE=shop*) {_PLUGIN}.real && sleep 0.5;;
*) exec {_PLUGIN}.real;; esac
"""
#: Forgets the suite's pods, and only those.
_FORGETFUL = f"""#!/bin/sh
case "$CNI_COMMAND $CNI_ARGS" in DEL*K8S_POD_NAMESPACE=podpath-*) exit 0;; esac
exec {_PLUGIN}.real
"""


@pytest.fixture
def below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedNode]:
    """A node whose process 1 is that of the host, for --podpath-node host."""
    with start(conflist.read(conflist.DEFAULT)) as node:
        monkeypatch.setattr(host, "PID", node.pid)
        monkeypatch.setattr(host, "ROOT", Path(f"/proc/{node.pid}/root"))
        monkeypatch.setattr(host, "STATE", tmp_path / "run" / "state")
        yield node


@contextmanager
def _busy(below: EmbeddedNode) -> Iterator[KubernetesNode]:
    """The node, on which pods of others come and go all the time."""
    from kubernetes import client

    with standin.serving(below) as (address, kubelet, _):
        configuration = client.Configuration()
        configuration.host = address
        api = kube_api.Api(configuration)
        links, uplink = kubernetes.own_links(below.pid, "cni0")
        node = KubernetesNode("kind", api, standin.NODE, below.pid, links, uplink, below.ended)
        over = threading.Event()

        def churn() -> None:
            kept: list[tuple[str, str]] = []
            for number in itertools.count():
                name = f"shop-{number}"
                kept.append((name, kubelet.sandbox("shop", name, f"uid-of-{name}")[0]))
                if len(kept) > 1 or over.is_set():
                    kubelet._runtime.remove_pod(*kept.pop(0))
                if over.wait(0.3):
                    break
            for pod in kept:
                kubelet._runtime.remove_pod(*pod)

        thread = threading.Thread(target=churn)
        thread.start()
        try:
            with kubernetes.namespace(node, wait=True):
                yield node
        finally:
            over.set()
            thread.join()
            node.close()
            api.close()


def _beside_others(below: EmbeddedNode, tmp_path: Path) -> Run:
    """Run the tests of what pods leave, until all could be tested.

    A busy machine may find no moment at which no pod of others comes or goes.
    """
    for attempt in range(_ATTEMPTS):
        directory = tmp_path / str(attempt)
        directory.mkdir()
        with _busy(below) as node:
            run = inside.run(node, _LIFE, directory, "--podpath-node=host")
        if Verdict.COULD_NOT_TEST not in run.verdicts().values():
            break
    return run


def _wrap(below: EmbeddedNode, script: str) -> None:
    """Put a script in the place of the plugin, which stays beside it."""
    below.run(["mv", _PLUGIN, f"{_PLUGIN}.real"])
    write = f'printf %s "$1" >{_PLUGIN}; chmod +x {_PLUGIN}'
    below.run(["sh", "-c", write, "sh", script])


def test_pods_of_others_that_are_being_made_are_no_strangers(
    below: EmbeddedNode, tmp_path: Path
) -> None:
    """Their ports belong to no pod that the runtime lists."""
    _wrap(below, _SLOW)
    with _busy(below) as node:
        run = inside.run(node, _WIRED | _WATCHED, tmp_path, "--podpath-node=host")

    verdicts = run.verdicts()
    assert {verdicts[i] for i in _WIRED} == {Verdict.CONFORMS}, run.output[-20000:]
    # a busy machine takes so long for an observation that pods come and go in each
    watched = {verdicts[i] for i in _WATCHED}
    assert watched <= {Verdict.CONFORMS, Verdict.COULD_NOT_TEST}, run.output[-20000:]


def test_pods_of_others_are_ignored_and_counted(below: EmbeddedNode, tmp_path: Path) -> None:
    run = _beside_others(below, tmp_path)

    assert run.verdicts() == dict.fromkeys(_LIFE, Verdict.CONFORMS), run.output[-20000:]
    assert "differences ignored: other pods on the node came or went" in run.reasons("LIFE-CHURN")


def test_leftovers_of_our_own_pods_stay_red_beside_others(
    below: EmbeddedNode, tmp_path: Path
) -> None:
    _wrap(below, _FORGETFUL)
    run = _beside_others(below, tmp_path)

    told = {"LIFE-DELETE": Verdict.DOES_NOT_CONFORM, "LIFE-CHURN": Verdict.NOT_RUN}
    assert run.verdicts() == told, run.output[-20000:]
    assert "see LIFE-DELETE" in run.reasons("LIFE-CHURN")
    assert "left behind at leases" in run.reasons("LIFE-DELETE")
    assert "shop" not in run.reasons("LIFE-DELETE")
