"""No verdict rests on a topology, a namespace or a pod that was not the same all the while."""

import os
import select
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest

from podpath.cni.network import Network
from podpath.errors import CouldNotTest, Inconclusive
from podpath.model import CommandResult, Topology
from podpath.nodes.base import Node
from podpath.nodes.deployment import CLIENT, MAIN, SERVER, Deployment
from podpath.nodes.embedded.node import start
from podpath.nodes.inventory import read as inventory
from podpath.nodes.pod import PodSpec
from podpath.paths.observe import Observer
from podpath.paths.traffic import Traffic, Traffics
from podpath.system import netns
from podpath.system.randomness import Draws
from selftests.capture.disturb import Disturb, then

pytestmark = pytest.mark.xdist_group("one-node")


def _say_something(namespace: str, interface: str) -> None:
    """A frame that the filter lets through, out of an interface."""

    def work() -> None:
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sender:
            sender.sendto(bytes(12) + b"\x08\x06" + bytes(46), (interface, 0x0806))

    netns.run_in(namespace, work)


@pytest.mark.parametrize("talks", [False, True], ids=["silent", "talks"])
@pytest.mark.parametrize("where", ["node", SERVER])
def test_interface_that_appears_and_vanishes(
    observer: Observer, ping: Traffic, disturb: Disturb, where: str, talks: bool
) -> None:
    path = disturb.node_namespace() if where == "node" else disturb.namespace(where)

    def come_and_go() -> None:
        run = disturb.on_node if where == "node" else lambda *c: disturb.in_netns(where, *c)
        run("ip link add brief type bridge", "ip link set brief up")
        if talks:
            _say_something(path, "brief")
        run("ip link delete brief")

    with pytest.raises(Inconclusive, match=f"brief appeared in {where}.*brief vanished in {where}"):
        observer.observe(then(ping, come_and_go))


@pytest.mark.parametrize(
    ("commands", "told"),
    [
        pytest.param(
            ("ip link set {host} nomaster", "ip link set {host} master cni0"),
            "{host} joined or left a bridge in node",
            id="bridge port",
        ),
        pytest.param(
            ("ip link set {host} down", "ip link set {host} up"),
            "{host} was set down in node",
            id="state",
        ),
        pytest.param(
            ("ip link set {host} mtu 1400", "ip link set {host} mtu 1500"),
            "{host} got MTU 1400 in node",
            id="MTU",
        ),
        pytest.param(
            ("ip {in_pod} route add {there} dev eth0", "ip {in_pod} route flush {there}"),
            "a route was added in server",
            id="route",
        ),
        pytest.param(
            ("ip {in_pod} route add {there6} dev eth0", "ip {in_pod} -6 route flush {there6}"),
            "a route was added in server",
            id="IPv6 route",
        ),
        pytest.param(
            (
                "ip {in_pod} addr add {there6} dev lo",
                "ip {in_pod} addr del {there6} dev lo",
            ),
            "lo got an address in server",
            id="IPv6 address",
        ),
        pytest.param(
            (
                "ip {in_pod} addr add {there} dev eth0",
                "ip {in_pod} addr del {there} dev eth0",
            ),
            "eth0 got an address in server",
            id="address",
        ),
    ],
)
def test_wiring_that_changes_and_changes_back(
    observer: Observer,
    ping: Traffic,
    disturb: Disturb,
    pods: Deployment,
    commands: tuple[str, str],
    told: str,
) -> None:
    """Before and after it is the same, so that no two looks at it tell."""
    names = {
        "host": disturb.host_end(observer.topology(), SERVER),
        "in_pod": f"-n {pods[SERVER].network.netns}",
        "there": "198.51.100.1/32",
        "there6": "2001:db8::1/128",
    }
    do, undo = (command.format(**names) for command in commands)

    with pytest.raises(Inconclusive, match=told.format(**names)):
        observer.observe(then(ping, lambda: disturb.on_node(do, undo)))


def test_topology_that_changes_after_the_traffic_and_before_it_is_read(
    observer: Observer, ping: Traffic, disturb: Disturb, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = disturb.host_end(observer.topology(), SERVER)
    real = observer.topology

    def late() -> Topology:
        disturb.on_node(f"ip link set {host} down", f"ip link set {host} name moved")
        return real()

    monkeypatch.setattr(observer, "topology", late)
    try:
        with pytest.raises(Inconclusive, match=f"{host} was renamed moved in node"):
            observer.observe(ping)
    finally:
        disturb.on_node(f"ip link set moved name {host}", f"ip link set {host} up")


def test_traffic_by_a_second_interface_of_a_pod(
    observer: Observer, ping: Traffic, disturb: Disturb, pods: Deployment
) -> None:
    """All interfaces are watched, not only eth0."""
    netns_, server = pods[CLIENT].network.netns, pods[SERVER].network.addresses[0]
    disturb.on_node(
        f"ip link add second type veth peer name net1 netns {netns_}",
        "ip link set second master cni0 up",
        f"ip -n {netns_} link set net1 up",
        f"ip -n {netns_} route add {server}/32 dev net1 src {pods[CLIENT].network.addresses[0]}",
    )
    try:
        kinds = {(d.kind, str(d.where)) for d in observer.observe(ping).differences}
    finally:
        disturb.on_node("ip link delete second")

    assert ("unexpected sighting", "client net1 out") in kinds
    assert ("missing hop", "client eth0 out") in kinds


def test_namespace_that_appears(observer: Observer, ping: Traffic, disturb: Disturb) -> None:
    try:
        with pytest.raises(Inconclusive, match="namespace stray appeared"):
            observer.observe(then(ping, lambda: disturb.on_node("ip netns add stray")))
    finally:
        disturb.on_node("ip netns delete stray")


def test_namespace_that_appears_and_vanishes(
    observer: Observer, ping: Traffic, disturb: Disturb
) -> None:
    both = ("ip netns add stray", "ip netns delete stray")

    with pytest.raises(Inconclusive, match="the set of named namespaces was changed"):
        observer.observe(then(ping, lambda: disturb.on_node(*both)))


@pytest.fixture
def transient(pods: Deployment) -> Iterator[str]:
    with pods.temporary("transient"):
        yield "transient"


def test_pod_that_is_deleted(
    observer: Observer, traffic: Traffics, pods: Deployment, transient: str
) -> None:
    ping = traffic.ping(CLIENT, transient)

    with pytest.raises(Inconclusive, match="pod transient's namespace vanished"):
        observer.observe(then(ping, lambda: pods.delete(transient)))


def test_pod_that_is_made_anew(
    observer: Observer, traffic: Traffics, pods: Deployment, transient: str
) -> None:
    def renew() -> None:
        pods.delete(transient)
        pods.create(transient)

    with pytest.raises(Inconclusive, match="pod transient's namespace was changed for another"):
        observer.observe(then(traffic.ping(CLIENT, transient), renew))


def test_pod_that_is_gone_before_the_program_runs(
    observer: Observer, traffic: Traffics, pods: Deployment, transient: str
) -> None:
    ping = traffic.ping(transient, SERVER)
    pods.delete(transient)

    with pytest.raises(CouldNotTest, match="there is no pod transient"):
        observer.observe(ping)


def test_program_whose_pod_is_deleted_below_it(
    observer: Observer, traffic: Traffics, node: Node, pods: Deployment, transient: str
) -> None:
    """The runtime says that there is no such container; that the pod has gone is the reason."""
    ping = traffic.from_containers.ping(transient, SERVER)
    gone = pods[transient]

    def send() -> CommandResult:
        node.delete_pod(gone)
        return ping.send()

    with pytest.raises(Inconclusive, match=r"container main of pod transient vanished.*containerd"):
        observer.observe(replace(ping, send=send))
    pods._live.pop(transient)


def test_container_that_is_restarted(
    observer: Observer, traffic: Traffics, node: Node, pods: Deployment, transient: str
) -> None:
    """The sandbox, and so the network, stays: only the program is another one."""
    ping = traffic.ping(CLIENT, transient)

    def restart() -> None:
        pod = pods[transient]
        runtime = node._runtime  # type: ignore[attr-defined]
        runtime._call(
            runtime._runtime.StopContainer,
            runtime._api.StopContainerRequest(container_id=pod.containers[MAIN], timeout=0),
        )

    with pytest.raises(Inconclusive, match="container main of pod transient vanished"):
        observer.observe(then(ping, restart))


def test_pod_whose_container_does_not_start_leaves_no_sandbox(node: Node, network: Network) -> None:
    before = inventory(node, network)

    with pytest.raises(CouldNotTest, match="/no/such"):
        node.create_pod(PodSpec("broken", {MAIN: ["/bin/sleep", "60"], "x": ["/no/such"]}))

    assert inventory(node, network).since(before) == []


def test_containerd_that_dies(network: Network) -> None:
    """The first thing that fails is told, not that nothing can be deleted any more."""
    with start(network.conflist) as node:
        pods = Deployment(node)
        raises = pytest.raises(CouldNotTest, match="while the traffic was watched, the node's")
        with raises as caught, pods.temporary(CLIENT, SERVER):
            ping = Traffics(node, pods, Draws(1, "")).ping(CLIENT, SERVER)
            observer = Observer(node, network, pods)
            observer.observe(then(ping, lambda: _kill_containerd(node)))

    assert any("when the pods were deleted" in note for note in caught.value.__notes__)


def _kill_containerd(node: Node) -> None:
    """The end of containerd is the end of the node's first process, and so of the node."""
    end = os.pidfd_open(node.pid)
    processes = node.root("/proc").glob("[0-9]*")
    (pid,) = [p.name for p in processes if (p / "comm").read_text().strip() == "containerd"]
    node.run(["kill", "-KILL", pid])
    select.select([end], [], [], 10)
    os.close(end)
