"""Pods that come and go while something is watched."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from podpath.cni.conflist import Conflist
from podpath.cni.result import interfaces
from podpath.errors import CouldNotTest, DoesNotConform
from podpath.model import NODE, Difference, Family, Interface, Topology
from podpath.nodes import base, image, inventory
from podpath.nodes.base import Node
from podpath.nodes.cri import Result
from podpath.nodes.deployment import CLIENT, HTTP_PORT, MAIN, SERVER, Deployment
from podpath.nodes.inventory import Inventory
from podpath.paths import self_report
from podpath.paths.traffic import Traffics, counted, url
from podpath.profiles import Profile
from podpath.system import waiting
from podpath.topology import reading, routing, wiring
from podpath.topology.result import differences

#: The kernel takes a namespace and its links away in the background.
_SETTLE_SECONDS = 5.0
_TRANSFER_SECONDS = 60
#: What the network may keep of a transfer that the server ends at once: TCP sends anew within it.
_STALL_SECONDS = 15.0
#: Until a program that was started in a pod has begun to talk, on however busy a machine.
_BEGIN_SECONDS = 20.0
_PARALLEL_PODS = 8

#: Pods that come and go one after the other: more than ten, as leaks may take their time.
MANY = 12


def growth(node: Node, conflist: Conflist, before: Inventory) -> list[Difference]:
    """What the node has more, or fewer, than before, once that has settled; its FDB included."""

    def look() -> list[Difference]:
        return inventory.read(node, conflist).since(before) + _stale_fdb(node, conflist)

    return waiting.until(look, lambda found: not found, _SETTLE_SECONDS)


def _stale_fdb(node: Node, conflist: Conflist) -> list[Difference]:
    """FDB entries of the bridge whose MAC neither a pod nor the node has."""
    named = base.named_namespaces(node)
    found = reading.read(base.network_namespace(node), named, [])
    spaces = (found.node, *found.named.values())
    macs = {link.mac for space in spaces for link in space.interfaces}
    return [
        Difference("left behind", "FDB", "gone", f"{entry.mac} on {entry.port}")
        for entry in found.node.fdb
        if entry.bridge == conflist.bridge and entry.mac not in macs
    ]


def changes(before: Topology, after: Topology, conflist: Conflist) -> list[Difference]:
    """What became different of the pods that are in both, the bridge, and a lower link. Pure.

    The MAC address of a bridge that is no gateway follows that of its ports (br_if.c,
    br_features_recompute), and nobody relies on it.
    """
    pairs = {f"{NODE} {conflist.bridge}": _pair(before, after, conflist.bridge)}
    found = []
    for pod in before.pods:
        pairs[f"host end of pod {pod}"] = (before.host_end(pod), after.host_end(pod))
        pairs[f"lower link of pod {pod}"] = (before.lower_link(pod), after.lower_link(pod))
        then, now = before.of_pod(pod), after.of_pod(pod)
        for link in then.interfaces:
            pairs[f"pod {pod} {link.name}"] = (link, now.interface(link.name))
        for what in ("routes", "rules"):
            lost = set(getattr(then, what)) ^ set(getattr(now, what))
            found += [_change(f"{what} of pod {pod}", "the same", one) for one in lost]
    for where, (was, now_is) in pairs.items():
        for name in _FIELDS:
            old, new = getattr(was, name, None), getattr(now_is, name, None)
            of_bridge = where == f"{NODE} {conflist.bridge}"
            follows = name == "mac" and of_bridge and not conflist.is_gateway
            if old != new and not follows:
                found.append(_change(f"{where} {name}", old, new))
    return found


_FIELDS = (
    *("index", "mac", "mtu", "up", "addresses", "master", "peer_index", "mode"),
    *("port", "bridge", "queues", "xdp", "settings", "promiscuous", "flags"),
)


def _pair(
    before: Topology, after: Topology, link: str
) -> tuple[Interface | None, Interface | None]:
    return before.node.interface(link), after.node.interface(link)


def _change(where: str, old: object, new: object) -> Difference:
    return Difference("changed", where, str(old), str(new))


def disturbances(
    node: Node, pods: Deployment, traffic: Traffics, family: Family
) -> list[Difference]:
    """What pods that come and go do to a transfer and to pings that are on their way meanwhile.

    The server sends numbered lines until it is told that the pods are gone, then a last one.
    """
    target = traffic.address(SERVER, family)
    stream = f"wget -q -O /tmp/got '{url(target, image.STREAM)}'; echo $?; sed -n '$=; $p' /tmp/got"
    ping = ["/bin/ping", "-n", "-q", "-i", "0.02", str(target)]
    pings = f"{' '.join(ping)} & while [ ! -e /tmp/go ]; do usleep 5000; done; kill -INT $!; wait"

    def run(pod: str, *command: str) -> Result:
        return node.execute(pods[pod], MAIN, command, _TRANSFER_SECONDS)

    run(CLIENT, "rm", "-f", "/tmp/go")
    run(SERVER, "rm", "-f", image.ENOUGH)
    with ThreadPoolExecutor(2) as pool:
        transfer = pool.submit(run, CLIENT, "/bin/sh", "-c", stream)
        try:
            if not _begun(lambda: _connections(node, pods), transfer):
                raise DoesNotConform(f"no connection from {CLIENT} to {SERVER} was established")
            before = _connections(node, pods)
            pinging = pool.submit(run, CLIENT, "/bin/sh", "-c", pings)
            # Else it might begin when the pods are gone, and prove nothing.
            if not _begun(lambda: _rows(node, pods, "raw", "icmp", "raw6", "icmp6"), pinging):
                raise CouldNotTest(f"ping did not begin in pod {CLIENT}")
            with pods.temporary("passer-1", "passer-2"):
                pass
            with pods.temporary("passer-3"):
                pass
            after = _connections(node, pods)
        finally:
            run(CLIENT, "touch", "/tmp/go")
            run(SERVER, "touch", image.ENOUGH)
        stalled = not waiting.until(transfer.done, bool, _STALL_SECONDS)
        if stalled:
            run(CLIENT, "killall", "wget")
        result = transfer.result()
    found = []
    where = f"{CLIENT} -> {SERVER}"
    sent, received, _ = counted(pinging.result())
    if lost := max(sent - received - 1, 0):  # the last one may be on its way when ping is ended
        found.append(Difference("lost", where, "a reply to each ping", f"{lost} without"))
    if before != after:
        found.append(Difference("connection", where, "the same, established", "gone"))
    return found + transferred(result, where, stalled=stalled)


def transferred(result: Result, where: str, *, stalled: bool = False) -> list[Difference]:
    """What a program got that prints its status, the number of lines, and the last one.

    stalled: whether it had to be ended, because nothing more came.
    """
    status, lines, last = (*result.text.split(), "", "", "")[:3]
    if not status.isdigit():
        raise CouldNotTest(f"wget in pod {CLIENT} was not run: {result.errors.strip()[-200:]}")
    if (killed := self_report.killed(int(status))) and not stalled:
        raise CouldNotTest(f"wget in pod {CLIENT} did not end by itself: {killed}")
    if (status, last) == ("0", "end"):
        return []
    seen = f"{lines or 'no'} lines, the last one {last!r} {result.errors.strip()[-200:]}".strip()
    if stalled:
        seen += f", and nothing more for {_STALL_SECONDS:.0f} s"
    return [Difference("transfer", where, "all that the server sent", seen)]


def _begun(seen: Callable[[], object], program: "Future[Result]") -> bool:
    """Wait until what a program does is seen; it is not if the program ends without."""
    return waiting.until(lambda: (bool(seen()), program.done()), any, _BEGIN_SECONDS)[0]


def _rows(node: Node, pods: Deployment, *tables: str) -> list[list[str]]:
    """The client's sockets, as the kernel lists them (proc(5), /proc/pid/net)."""
    directory = base.root(node, f"/proc/{pods[CLIENT].pids[MAIN]}/net")
    lines = [line for table in tables for line in _lines(directory / table)[1:]]
    return [line.split() for line in lines]


def _lines(path: Path) -> list[str]:
    """None of a table that the kernel does not have, such as IPv6's. Raises CouldNotTest."""
    try:
        return path.read_text().splitlines() if path.exists() else []
    except OSError as error:
        raise CouldNotTest(f"the connections of pod {CLIENT} could not be read: {error}") from None


def _connections(node: Node, pods: Deployment) -> set[tuple[str, str]]:
    """The client's established connections to HTTP servers."""
    rows = _rows(node, pods, "tcp", "tcp6")
    return {(r[1], r[2]) for r in rows if r[2].endswith(f":{HTTP_PORT:04X}") and r[3] == "01"}


@contextmanager
def reused_address(
    node: Node,
    pods: Deployment,
    conflist: Conflist,
    profile: Profile,
    traffic: Traffics,
    family: Family,
) -> Iterator[str]:
    """Two pods, one after the other, with the same IP; the server has talked to the first one.

    Gives the name of the second one, which alone exists. Raises CouldNotTest if IPAM cannot be
    led to give the address again, or the server has forgotten it, if it asks for it at all.
    """
    old, new = "former", "successor"
    with pods.temporary(old) as (pod,):
        address, first = pod.network.address(family), pod.network
        traffic.ping(SERVER, old, family).send()
    remembered = reading.neighbours(base.named_namespaces(node)[pods[SERVER].network.netns])
    if profile.resolution.asked == "destination" and str(address) not in remembered:
        raise CouldNotTest(f"the server does not remember {address}, which it had talked to")
    inventory.rewind_ipam(node, conflist, address)
    with pods.temporary(new) as (pod,):
        if pod.network.address(family) != address:
            raise CouldNotTest(
                f"IPAM gave {pod.network.address(family)} instead of {address} again"
            )
        if _mac(pod.network.result) == _mac(first.result):
            raise CouldNotTest(f"the new pod of {address} has the old one's MAC address")
        yield new


def _mac(result: Mapping[str, Any]) -> str:
    return next((one.mac for one in interfaces(result) if one.inside), "")


def parallel_differences(node: Node, conflist: Conflist, profile: Profile) -> list[Difference]:
    """Make the first pods of a node all at once, look at their wiring, delete all at once, twice.

    The second round shows what the first one left: nothing may be more than after the first.
    """
    own = {*inventory.interfaces(node), conflist.bridge}
    found = _at_once(node, conflist, profile)
    first = settled(node, conflist, partial(_empty, own))
    found += _at_once(node, conflist, profile)
    found += growth(node, conflist, first)
    return found + [
        Difference("left behind", kind, "gone", thing)
        for kind in ("bridge ports", "namespaces", "leases", "cached results", "interfaces")
        for thing in first.things[kind]
        if kind != "interfaces" or thing not in own
    ]


def _at_once(node: Node, conflist: Conflist, profile: Profile) -> list[Difference]:
    """How pods are not wired as they must be that are made, and then deleted, all at once."""
    names = [f"pod-{number}" for number in range(_PARALLEL_PODS)]
    pods = Deployment(node)
    with pods.temporary(*names, parallel=_PARALLEL_PODS):
        return wired(node, conflist, profile, pods)


def settled(
    node: Node, conflist: Conflist, ready: Callable[[Inventory], bool] = lambda _: True
) -> Inventory:
    """The inventory once it is ready and says the same twice; after some time, as it is.

    A node of a cluster has programs that run for a moment: kube-proxy's, or a plugin that the
    kubelet calls again, as it may, when all is gone already.
    """

    def look() -> tuple[Inventory, Inventory]:
        return inventory.read(node, conflist), inventory.read(node, conflist)

    def still(seen: tuple[Inventory, Inventory]) -> bool:
        return seen[0] == seen[1] and ready(seen[1])

    return waiting.until(look, still, _SETTLE_SECONDS)[1]


def _empty(own: set[str], now: Inventory) -> bool:
    """own: the interfaces that stay."""
    gone = not now.things["bridge ports"] and not now.things["namespaces"]
    return gone and own.issuperset(now.things["interfaces"])


def _macs(now: Topology, conflist: Conflist) -> list[Difference]:
    """The bridge's own MAC may change while the first pods of a node are made at the same time.

    Each ADD of the reference plugin sets the one that it has read, and a result made meanwhile
    names one that the bridge had for a moment only.
    """
    return wiring.macs(now, conflist, of_bridge=False)


def wired(node: Node, conflist: Conflist, profile: Profile, pods: Deployment) -> list[Difference]:
    """How all pods, as they are now, are not wired as they must be."""
    networks = [pod.network for pod in pods]
    others = node.others([pod.sandbox for pod in pods])
    named = base.named_namespaces(node)
    now = reading.read(base.network_namespace(node), named, networks, others)
    leases = inventory.leases(node, conflist)
    of_all: dict[str, Callable[[], list[Difference]]] = {
        "TOPO-NETNS-NAME": lambda: wiring.netns_name(now),
        "TOPO-BRIDGE-MEMBERS": lambda: wiring.bridge_members(now, conflist),
        "TOPO-BRIDGE-GATEWAY": lambda: wiring.bridge_gateway(now, conflist),
        "TOPO-MAC": lambda: _macs(now, conflist),
    }
    of_each: dict[str, Callable[[str], list[Difference]]] = {
        "TOPO-VETH-PEER": lambda pod: wiring.veth_peer(now, pod),
        "TOPO-NETNS-IP": lambda pod: wiring.netns_ip(now, pod),
        "TOPO-POD-LINKS": lambda pod: wiring.pod_links(now, pod),
        "TOPO-LOWER-LINK": lambda pod: wiring.lower_link(now, conflist, profile, pod),
        "TOPO-BRIDGE-PORT": lambda pod: wiring.bridge_port(now, conflist, pod),
        "TOPO-HOST-END": lambda pod: routing.router(now, pod),
        "TOPO-MTU": lambda pod: wiring.mtu(now, conflist, profile, pod),
        "TOPO-ADDR": lambda pod: wiring.addresses(now, conflist, profile, leases, pod),
        "TOPO-ROUTE": lambda pod: routing.routes(now, conflist, profile, pod),
        "TOPO-RESULT": lambda pod: differences(now, conflist, pod),
    }
    absent = profile.not_applicable
    found = [d for i, look in of_all.items() if i not in absent for d in look()]
    for pod in pods:
        found += [d for i, look in of_each.items() if i not in absent for d in look(pod.name)]
    return found
