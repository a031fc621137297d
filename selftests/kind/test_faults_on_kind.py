"""The fault plugins turn the same requirements red on a kind cluster as on the embedded node."""

import operator
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from podpath.cni import conflist
from podpath.cni.network import Network
from podpath.nodes.cluster import installation
from podpath.nodes.cluster.kinds import OnKind
from podpath.nodes.cluster.kubernetes import KubernetesNode
from podpath.nodes.deployment import BYSTANDER, CLIENT, SERVER
from podpath.plugin import shared as hooks
from podpath.requirements import REQUIREMENTS
from podpath.run.plan import Plan
from podpath.system import programs, waiting
from selftests.faults import inside, matrix, shared
from selftests.faults.catalogue import FAULTS, OF_CLUSTERS, files, routes, settings
from selftests.faults.fault import DEVIATIONS, Fault
from selftests.kind import commands

#: A process of a fault may keep a call of the plugin open for a minute.
_GONE_SECONDS = 180.0
REAL = "/opt/cni/bin/bridge-that-is-wrapped"

#: A fresh node each, which a cluster is too slow for.
_FRESH = frozenset({"LIFE-PARALLEL"})
#: The kubelet ends a pod of the first kind at once, so that there is nothing to look at; the second
#: one takes the API server away, and so the cluster.
_ENDED = frozenset({"namespace loses its name", "the node's uplink is moved into the pod"})
#: Nothing bounds what a cluster's runtime reads of a plugin: it takes the host's memory.
_ENDLESS = frozenset({"ADD prints without end", "DEL prints without end"})
#: Shown by the embedded node's own network: clusters have K8S-PROBE in place of the first one,
#: nothing beyond the node that podpath may watch in place of the second one, pods of their own,
#: which change the uplink before podpath's, in place of the third one, and no container without a
#: kubelet, whose settings would show the last two.
_EMBEDDED = frozenset(
    {
        "the node may not open connections to its pods",
        "the end of one pod takes what masquerades for all",
        "the uplink has another MTU while there are pods",
        "pods answer no requests for their MAC address",
        "pods do not hear that an address has moved",
        # the node's own programs talk to each other there
        "the node's lo is set down",
        # of these, the kubelet's probe is all that a cluster shows
        "the node may not send datagrams to its pods",
        "large datagrams of the node do not reach pods",
        # on cgroup v1, a node's /sys/fs/cgroup is read-only
        "deletion leaves a cgroup",
    }
)
#: Looked at where no other program is, as one of these may do the same: rules and routes that
#: podpath made in another program's name, what first pods bring the node itself, rules that name
#: no pod and come by themselves, settings of the node, files that name no container or lie outside
#: of the directories of CNI.
_ALONE = frozenset(
    {
        "the end of one pod takes rules of another program",
        "the start of one pod deletes a table of another program",
        "the start of one pod deletes another program's table of both IP versions",
        "the end of one pod takes another program's rules of what the node gets",
        "the end of one pod takes another program's rules for IPv6",
        "the end of one pod takes another program's routing rules",
        "the end of one pod takes another program's routes",
        "the first pods bring the node a route to another network",
        "the first pods bring the node a rule for all packets",
        "the first pods bring the uplink another address",
        "the first pods take a route of the node",
        "the node stops forwarding seconds after ADD",
        "a filter of bridges is loaded seconds after ADD",
        "a filter of source addresses is turned on seconds after ADD",
        "deletion leaves an address in a file of all pods",
        "deletion leaves a MAC address in a file of all pods",
        "deletion leaves a temporary file",
        "deletion leaves a file in shared memory",
        "deletion leaves a file where nobody looks",
        "deletion leaves a file below a directory of /run",
        "the node drops datagrams of pods seconds after ADD",
        "the node drops datagrams of links with such names seconds after ADD",
        "the node forgets datagrams after a second, seconds after ADD",
        "pods are masqueraded from each other seconds after ADD",
        "the node loses its default route seconds after ADD",
        "the node drops what it forwards seconds after ADD",
        "the node drops what pods send by an IPsec policy seconds after ADD",
        "the bridge filters source addresses seconds after ADD",
        "the node's uplink gets a smaller MTU seconds after ADD",
        "the node's uplink goes down seconds after ADD",
        "pods are excepted from masquerading seconds after ADD",
        "what pods send to a port is redirected seconds after ADD",
        "the largest segment of pods is clamped seconds after ADD",
        "what pods send is handed to a program seconds after ADD",
        "the node tracks no connections of pods seconds after ADD",
        "an IPsec policy drops what pods send to beyond the node",
        "the end of one pod deletes bridges that it does not know",
        "the end of one pod takes another program's IPsec policies",
        "the end of one pod leaves traffic control on the uplink",
        *(fault.name for fault in (*files.FAULTS, *settings.FAULTS)),
    }
)
# What faults leave: interfaces, addresses, mounts, namespaces without processes, rules.
_RESET = r"""
ip -o link | sed 's/^[0-9]*: //; s/[@:].*//' | grep -vx 'lo\|eth0\|veth.*' |
  while read -r link; do ip link delete "$link"; done
for link in eth0 lo; do ip address flush dev $link to 10.88.0.0/16; done
ip route flush table local dev lo root 10.88.0.0/16
cut -d ' ' -f 5 /proc/self/mountinfo | grep '^/run/podpath/' | sort -r | xargs -r -n 1 umount
for namespace in $(ip netns list | cut -d ' ' -f 1); do
  [ -n "$(ip netns pids $namespace)" ] || ip netns delete $namespace; done
ip -4 rule | sed -n 's/^\([0-9]*\):.*/\1/p' | grep -vx '0\|32766\|32767' |
  xargs -r -n 1 ip -4 rule delete priority
rm -rf /var/lib/cni/* /run/podpath/fault*
for family in arp bridge inet ip ip6 netdev; do for table in $(nft list tables $family |
  sed 's/.* //'); do case $table in filter|nat|mangle|raw) ;; *) nft delete table $family $table
  ;; esac; done; done
iptables-restore </run/podpath-rules
"""


class _Cluster:
    """A cluster on whose node each fault finds what the first one found."""

    def __init__(self, node: KubernetesNode, directory: Path) -> None:
        self._node = node
        self.directory = directory
        (directory / "plugins").mkdir()
        self._run("iptables-save >/run/podpath-rules")
        self._settings = shared.settings(node)

    def _run(self, script: str) -> None:
        enter = ["nsenter", "--target", str(self._node.pid), "--all", "--"]
        subprocess.run([*enter, "sh", "-c", script], capture_output=True, check=False)

    def _await_no_pods(self) -> None:
        """Wait until the kubelet has deleted the pods of a plugin that hung, by one that works."""
        api, namespace = self._node.api, self._node.namespace

        def left() -> list[str]:
            return [n for n in (BYSTANDER, CLIENT, SERVER) if api.pod(namespace, n)]

        assert waiting.until(left, operator.not_, _GONE_SECONDS) == []

    def take(self, fault: Fault) -> Path:
        """The conflist of a fault, whose plugin is in the node now."""
        network = fault.install(self.directory, REAL)
        plan = Plan.read(
            OnKind.from_options(lambda _: None, Path.cwd()), str(network), [], None, None
        )
        real = plan.plugins["bridge"]
        chain = {
            **plan.plugins,
            "bridge": str(self.directory / "plugins" / "bridge"),
            Path(REAL).name: real,
            "busybox": programs.locate("busybox"),
        }
        installation.install(self._node.pid, plan.plugins, plan.network.conflist)
        self._await_no_pods()
        self._run(_RESET)
        shared.restore(self._node, self._settings)
        installation.install(self._node.pid, chain, plan.network.conflist)
        return network


@pytest.fixture(scope="session")
def cluster(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[_Cluster, KubernetesNode]]:
    plan = hooks.plan(request.config)
    config = request.config
    wanted = OnKind.from_options(
        lambda name: config.getoption(name, None), config.invocation_params.dir
    )
    plan = replace(plan, kind=wanted, network=Network.read(conflist.DEFAULT))
    with wanted.start_fresh(plan) as node:
        assert isinstance(node, KubernetesNode)
        yield _Cluster(node, tmp_path_factory.mktemp("kind")), node


def _applicable(fault: Fault) -> bool:
    """Whether what it is about can be looked at on a cluster, at all and in good time."""
    on_kind = all(OnKind.can_test(REQUIREMENTS[i]) for i in fault.reds)
    # what the cluster is made for: pods on a bridge, with IPv4 alone
    bridged = fault.network == conflist.DEFAULT and fault.wraps == ("bridge",)
    # the cluster's real plugins may be of a release without attributes of routes or isolation
    known = fault not in routes.FAULTS and "PATH-ISOLATION" not in {*fault.reds, *fault.under}
    # kind's node has no Python
    runs = "python" not in repr(fault)  # also as sys.executable names it
    of_its_kind = bridged and known and runs and not fault.has_ipv6
    in_time = (
        not _FRESH & set(fault.reds) and fault.name not in _ENDED | _ENDLESS | _EMBEDDED | _ALONE
    )
    return on_kind and of_its_kind and in_time


@pytest.mark.parametrize(
    "fault", [pytest.param(f, id=f.name) for f in (*OF_CLUSTERS, *FAULTS) if _applicable(f)]
)
def test_fault_is_caught_for_the_right_reason(
    fault: Fault, cluster: tuple[_Cluster, KubernetesNode], tmp_path: Path
) -> None:
    """Those requirements do not conform that the fault is about, and no others."""
    place, node = cluster
    network = place.take(fault)
    # its name is that of the directory where tests take turns
    name = node.name.removesuffix("-control-plane")
    options = commands.of_fault(name, network, place.directory / DEVIATIONS)
    ended = inside.run(node, matrix.wanted(fault, False) - _FRESH, tmp_path / "report", *options)

    assert matrix.row(fault, ended).wrong == {}
