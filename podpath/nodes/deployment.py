"""The pods of a test by role, their creation, and the wait until they serve."""

import operator
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from podpath.cni import result
from podpath.errors import CouldNotTest, DoesNotConform, Hung, Unmet, prerequisite
from podpath.model import POD_INTERFACE, Difference, Inherited, Namespace, Settings
from podpath.nodes import image
from podpath.nodes.base import Node
from podpath.nodes.hung import HungCalls
from podpath.nodes.pod import Pod, PodSpec, PortMapping
from podpath.system import limits, proc, sysctl, waiting

T = TypeVar("T")

CLIENT, SERVER, BYSTANDER = "client", "server", "bystander"
#: A pod with a liveness probe, and a pod whose container ends when the file END exists.
ASKED, RESTARTED = "asked", "restarted"
#: A pod to which ports of the node lead, and one to which a port of one of its addresses leads.
MAPPED, LOCALLY_MAPPED = "mapped", "locally-mapped"
#: Beginning of the names of pods that come and go, which no packet is sent to.
PASSER = "passer"
#: Query of the kubelet's liveness probe, which no other program sends.
ASKED_FOR = "podpath-asks"
END = "/tmp/end"

HTTP_PORT = 80
UDP_PORT = 9000
#: Ports of the node that lead to the pod's.
HTTP_MAPPED = PortMapping("tcp", 28080, HTTP_PORT)
UDP_MAPPED = PortMapping("udp", 29000, UDP_PORT)
LOCALLY = PortMapping("tcp", 28081, HTTP_PORT, "127.0.0.1")
LOCALLY_UDP = PortMapping("udp", 29001, UDP_PORT, "127.0.0.1")
_PORTS = {MAPPED: (HTTP_MAPPED, UDP_MAPPED), LOCALLY_MAPPED: (LOCALLY, LOCALLY_UDP)}

#: File in which the UDP receiver keeps the datagrams.
UDP_LOG = "/tmp/udp"

_HTTP_SERVER = f"httpd -f -p {HTTP_PORT} -h {image.WEB_ROOT}"
# nc listens for one IP version; the one for IPv4, which every kernel has, is in the foreground.
_UDP_SERVER = (
    f"{{ /bin/nc -6 -d -n -u -l -k {UDP_PORT} & exec /bin/nc -4 -d -n -u -l -k {UDP_PORT}; }}"
    f" >>{UDP_LOG}"
)

_BOTH = f"{_UDP_SERVER} & exec {_HTTP_SERVER}"

#: Requirements that the other tests of pods rely on, with the reason why these are not run.
ADDED = ("LIFE-ADD", "no pod could be made")
DELETED = ("LIFE-DELETE", "no pod could be deleted")

#: Containers: every pod serves HTTP and UDP in the first one; the server has UDP in the second.
MAIN, SECOND = "main", "second"


def spec(name: str) -> PodSpec:
    """Specify a pod that serves HTTP and UDP: the server in two containers, others in one.

    Passers need not serve.
    """
    if name.startswith(PASSER):
        return passing(name)
    if name == ASKED:
        return PodSpec(name, {MAIN: _shell(_BOTH)}, probe_path=f"/0?{ASKED_FOR}")
    if name == RESTARTED:
        until = f"{_UDP_SERVER} & {_HTTP_SERVER} & until [ -e {END} ]; do usleep 50000; done"
        return PodSpec(name, {MAIN: _shell(until)}, restarted=True)
    if name == SERVER:
        return PodSpec(name, {MAIN: _shell(_HTTP_SERVER), SECOND: _shell(_UDP_SERVER)})
    return PodSpec(name, {MAIN: _shell(_BOTH)}, ports=_PORTS.get(name, ()))


def passing(name: str) -> PodSpec:
    """Specify a pod that comes and goes, and that no packet is sent to."""
    return PodSpec(name, {MAIN: _shell(_BOTH)}, passing=True)


def _shell(script: str) -> list[str]:
    return ["/bin/sh", "-c", script]


def udp_container(pod: Pod) -> str:
    """Return the name of the container that runs the UDP receiver."""
    return SECOND if SECOND in pod.containers else MAIN


class Deployment:
    """The pods that podpath currently has on a node.

    Tests create every pod through it, so that podpath always knows what belongs to its pods. Pods
    are created and deleted one after the other, except where a test is about a race. A plugin that
    hung is not called for the same command again.

    Attributes:
        hung: the calls that did not end in time.
    """

    def __init__(self, node: Node, hung: HungCalls | None = None) -> None:
        """Begin without a pod.

        Args:
            node: the node.
            hung: the calls of plugins that hung in this run so far; None if there are none.
        """
        self._node = node
        self._live: dict[str, Pod] = {}
        self._of_links = node.link_defaults()
        #: Settings of the node's own links that changed as the first pods were made.
        self.link_changes: list[Difference] = []
        #: Settings of the node itself that changed as the first pods were made.
        self.setting_changes: list[Difference] = []
        #: Changes of the node's own files, likewise.
        self.file_changes: list[Difference] = []
        #: The node before its first pods; None on a node that other programs set up, too.
        self.node_before: Namespace | None = None
        self.hung = hung or HungCalls()
        #: Context of each creation and deletion of pods.
        self.around: Callable[[], AbstractContextManager[None]] = nullcontext

    def __getitem__(self, name: str) -> Pod:
        """Return the pod of that name.

        Raises:
            CouldNotTest: no such pod exists.
        """
        try:
            return self._live[name]
        except KeyError:
            raise CouldNotTest(f"there is no pod {name}, or no longer") from None

    def __iter__(self) -> Iterator[Pod]:
        return iter(list(self._live.values()))

    def adopt(self, pods: Iterable[Pod]) -> None:
        """Take over pods that another process of podpath created."""
        self._live |= {pod.name: pod for pod in pods}

    def create(self, *pods: str | PodSpec, parallel: int = 1) -> list[Pod]:
        """Create pods, and wait until they serve.

        Args:
            pods: roles of the pods, or specifications of others. What the others run is their own,
                and nothing waits for it.
            parallel: number of pods to create at the same time.

        Raises:
            DoesNotConform: the plugin failed; the first failure.
            CouldNotTest: anything else failed, or a pod does not serve in time.
        """
        specs = [spec(pod) if isinstance(pod, str) else pod for pod in pods]
        with self.around():
            made = in_parallel([partial(self._create, one) for one in specs], parallel)
            for request, pod in zip(pods, made, strict=True):
                if isinstance(request, str) and pod.pids:
                    wait_until_serving(self._node, pod)
        return made

    def _create(self, specified: PodSpec) -> Pod:
        name = specified.name
        before = self._of_new_namespace()
        violated = (ADDED[0], "a pod could not be made") if self._live else ADDED
        with prerequisite(*violated), self._awaited_once("ADD", violated):
            pod = self._node.create_pod(specified)
        # the host's settings may change meanwhile, for example when a Docker engine starts
        inherited = Inherited(before | self._of_new_namespace(), self._of_links)
        pod = replace(pod, network=replace(pod.network, inherited=inherited))
        self._live[name] = pod
        return pod

    def _of_new_namespace(self) -> Settings:
        return sysctl.of_new_namespace(self._node.network_namespace())

    def delete(self, *names: str, parallel: int = 1) -> None:
        """Delete pods, all of them even if one fails.

        Args:
            names: roles of the pods.
            parallel: number of pods to delete at the same time.

        Raises:
            DoesNotConform: the plugin failed; the first failure.
            CouldNotTest: anything else failed.
        """
        with self.around():
            in_parallel([partial(self._delete, name) for name in names], parallel)

    def _delete(self, name: str) -> None:
        pod = self._live.pop(name)
        try:
            self.hung.require_none("DEL")
        except DoesNotConform:
            self._node.discard_pod(pod)  # otherwise later tests would see its things
            raise
        with prerequisite(*DELETED), self._awaited_once("DEL", DELETED):
            self._node.delete_pod(pod)

    @contextmanager
    def _awaited_once(self, command: str, violated: tuple[str, str]) -> Iterator[None]:
        """Repeat the first time-out of a command instead of waiting for another."""
        self.hung.require_none(command)
        try:
            yield
        except Hung as error:
            raise self.hung.note(Unmet(error, *violated), command) from None

    @contextmanager
    def temporary(
        self,
        *pods: str | PodSpec,
        parallel: int = 1,
        keep: Callable[[], bool] = lambda: False,
    ) -> Iterator[list[Pod]]:
        """Create pods for the length of the block; ignore those that the block itself deletes.

        Args:
            pods: as for create.
            parallel: number of pods to create, and to delete, at the same time.
            keep: function that returns True if the pods are to stay after the block.
        """
        names = [pod if isinstance(pod, str) else pod.name for pod in pods]
        taken = [name for name in names if name in self._live]
        if taken:
            raise CouldNotTest(f"there is a pod {taken[0]} already", "Choose another name")
        if self._live:  # the first pods may stay until the node ends; a test's own may not
            self.hung.require_none("DEL")
        try:
            yield self.create(*pods, parallel=parallel)
        except BaseException as first:
            try:
                self._delete_rest([] if keep() else names, parallel)
            except Exception as second:  # the first error is the cause
                first.add_note(f"Then, when the pods were deleted: {second}")
            raise
        self._delete_rest([] if keep() else names, parallel)

    def _delete_rest(self, names: Sequence[str], parallel: int) -> None:
        self.delete(*(n for n in names if n in self._live), parallel=parallel)


def in_parallel(work: Sequence[Callable[[], T]], workers: int) -> list[T]:
    """Run all of work on threads.

    Returns:
        The results in the order of work.

    Raises:
        Exception: one of work failed; DoesNotConform before others, otherwise the first one.
    """
    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(function) for function in work]
    failures = [f.exception() for f in futures if f.exception()]
    for failure in sorted(failures, key=lambda f: not isinstance(f, DoesNotConform)):
        if failure:
            raise failure
    return [f.result() for f in futures]


def wait_until_serving(node: Node, pod: Pod) -> None:
    """Wait until the pod listens on its ports, then a while until its IPv6 addresses are usable.

    CNI-ADD-INTERFACE checks that ADD waits for the addresses. If they never become usable, the
    tests
    that send to them report it.

    Raises:
        CouldNotTest: the pod does not listen in time.
    """
    seconds = limits.current().pod_serving
    deadline = time.monotonic() + seconds
    while absent := _not_listening(node, pod):
        if time.monotonic() > deadline:
            raise CouldNotTest(
                f"pod {pod.name} does not listen on {', '.join(absent)} after {seconds:.0f} s",
                limits.current().remedy,
            )
        time.sleep(0.005)
    detection = limits.current().address_detection
    waiting.until(partial(_has_tentative, node, pod), operator.not_, detection)


def _not_listening(node: Node, pod: Pod) -> list[str]:
    """List the ports of the pod that no program listens on yet."""
    tables = node.root(f"/proc/{pod.pids[MAIN]}/net")
    # busybox' httpd has one socket for both IP versions, which is in one of the tables
    http = [s for name in ("tcp", "tcp6") for s in proc.sockets(_text(tables / name))]
    absent = []
    if not any(s.local[1] == HTTP_PORT and s.state == proc.LISTEN for s in http):
        absent.append(f"tcp port {HTTP_PORT}")
    for name in _udp_tables(pod):
        if not any(s.local[1] == UDP_PORT for s in proc.sockets(_text(tables / name))):
            absent.append(f"udp port {UDP_PORT}")
    return absent


def _has_tentative(node: Node, pod: Pod) -> bool:
    """Return whether detection of duplicates runs for an address of the result's interfaces."""
    if 6 not in {address.version for address in pod.network.addresses}:
        return False
    named = {(True, POD_INTERFACE)}  # a result before 0.3.0 names none
    named |= {(link.inside, link.name) for link in result.interfaces(pod.network.result)}
    return any(
        entry.is_global and entry.is_tentative and (inside, entry.interface) in named
        for inside, pid in ((False, 1), (True, pod.pids[MAIN]))
        for entry in proc.inet6_addresses(_text(node.root(f"/proc/{pid}/net/if_inet6")))
    )


def _text(table: Path) -> str:
    """Return the text of a table; empty if the kernel has none, for example without IPv6."""
    try:
        return table.read_text(errors="backslashreplace")
    except OSError:
        return ""


def _udp_tables(pod: Pod) -> list[str]:
    """List the tables that hold the receivers' sockets, one for each IP version of the pod."""
    versions = {address.version for address in pod.network.addresses}
    return ["udp", "udp6"] if 6 in versions else ["udp"]
