"""The pods of a test, by role, and when they are ready."""

import operator
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from podpath.cni import result
from podpath.errors import CouldNotTest, DoesNotConform
from podpath.model import Inherited, Settings
from podpath.nodes import image
from podpath.nodes.base import Node
from podpath.nodes.pod import Pod, PodSpec, PortMapping
from podpath.system import limits, proc, sysctl, waiting

T = TypeVar("T")

CLIENT, SERVER, BYSTANDER = "client", "server", "bystander"
#: One that the kubelet asks whether it lives, and one whose container ends when END is there.
ASKED, RESTARTED = "asked", "restarted"
#: One to which ports of the node lead.
MAPPED = "mapped"
#: What the kubelet asks for, which nobody else does.
ASKED_FOR = "podpath-asks"
END = "/tmp/end"

HTTP_PORT = 80
UDP_PORT = 9000
#: The ports of the node that lead there.
HTTP_MAPPED = PortMapping("tcp", 28080, HTTP_PORT)
UDP_MAPPED = PortMapping("udp", 29000, UDP_PORT)

#: Where the UDP receiver writes down what it got.
UDP_LOG = "/tmp/udp"

_HTTP_SERVER = f"httpd -f -p {HTTP_PORT} -h {image.WEB_ROOT}"
# nc listens for one IP version; the one that any kernel has is in the foreground.
_UDP_SERVER = (
    f"{{ /bin/nc -6 -d -n -u -l -k {UDP_PORT} & exec /bin/nc -4 -d -n -u -l -k {UDP_PORT}; }}"
    f" >>{UDP_LOG}"
)

#: Every pod serves HTTP and UDP; the server does it in two containers, as pods may.
MAIN, SECOND = "main", "second"


def spec(name: str) -> PodSpec:
    """A pod that serves HTTP and UDP, in one container, or in two if it is the server."""
    both = f"{_UDP_SERVER} & exec {_HTTP_SERVER}"
    if name == ASKED:
        return PodSpec(name, {MAIN: _shell(both)}, probe_path=f"/0?{ASKED_FOR}")
    if name == RESTARTED:
        until = f"{_UDP_SERVER} & {_HTTP_SERVER} & until [ -e {END} ]; do usleep 50000; done"
        return PodSpec(name, {MAIN: _shell(until)}, restarted=True)
    if name == MAPPED:
        return PodSpec(name, {MAIN: _shell(both)}, ports=(HTTP_MAPPED, UDP_MAPPED))
    if name == SERVER:
        return PodSpec(name, {MAIN: _shell(_HTTP_SERVER), SECOND: _shell(_UDP_SERVER)})
    return PodSpec(name, {MAIN: _shell(both)})


def _shell(script: str) -> list[str]:
    return ["/bin/sh", "-c", script]


def udp_container(pod: Pod) -> str:
    """The container whose UDP receiver it is."""
    return SECOND if SECOND in pod.containers else MAIN


class Deployment:
    """The pods that podpath has on a node at the moment.

    Every pod that a test makes goes through it, so that what belongs to the node's pods, and
    what does not, is always known.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._live: dict[str, Pod] = {}
        self._of_links = node.link_defaults()

    def __getitem__(self, name: str) -> Pod:
        """The pod of that name. Raises CouldNotTest if there is none."""
        try:
            return self._live[name]
        except KeyError:
            raise CouldNotTest(f"there is no pod {name}, or no longer") from None

    def __iter__(self) -> Iterator[Pod]:
        return iter(list(self._live.values()))

    def create(self, *names: str, parallel: int = 3) -> list[Pod]:
        """Create pods, `parallel` at the same time, and wait until they serve.

        Raises what the first failure raised; pods that came up are deleted by then.
        """
        made = in_parallel([partial(self._create, name) for name in names], parallel)
        for pod in made:
            wait_until_serving(self._node, pod)
        return made

    def _create(self, name: str) -> Pod:
        before = self._of_new_namespace()
        pod = self._node.create_pod(spec(name))
        # the host's settings may change meanwhile, as when a Docker engine starts
        inherited = Inherited(before | self._of_new_namespace(), self._of_links)
        pod = replace(pod, network=replace(pod.network, inherited=inherited))
        self._live[name] = pod
        return pod

    def _of_new_namespace(self) -> Settings:
        return sysctl.of_new_namespace(self._node.network_namespace())

    def delete(self, *names: str, parallel: int = 3) -> None:
        """Delete pods, `parallel` at the same time, all of them even if one fails.

        Raises the first failure.
        """
        in_parallel([partial(self._delete, name) for name in names], parallel)

    def _delete(self, name: str) -> None:
        self._node.delete_pod(self._live.pop(name))

    @contextmanager
    def temporary(self, *names: str, parallel: int = 3) -> Iterator[list[Pod]]:
        """Pods for the length of the block; those that it deletes itself are left alone."""
        try:
            yield self.create(*names, parallel=parallel)
        except BaseException as first:
            try:
                self._delete_rest(names, parallel)
            except Exception as second:  # what happened first says why
                first.add_note(f"Then, when the pods were deleted: {second}")
            raise
        self._delete_rest(names, parallel)

    def _delete_rest(self, names: Sequence[str], parallel: int) -> None:
        self.delete(*(n for n in names if n in self._live), parallel=parallel)


def in_parallel(work: Sequence[Callable[[], T]], workers: int) -> list[T]:
    """Run all of work on threads; the results in order, or the first exception of all."""
    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(one) for one in work]
    failures = [f.exception() for f in futures if f.exception()]
    for failure in sorted(failures, key=lambda f: not isinstance(f, DoesNotConform)):
        if failure:
            raise failure
    return [f.result() for f in futures]


def wait_until_serving(node: Node, pod: Pod) -> None:
    """Wait until the pod listens on its ports. Raises CouldNotTest.

    Then a while for IPv6 addresses that cannot be used yet: that ADD waits for these is what
    CNI-ADD-INTERFACE is about, and that they never can be, for all that send to them to tell.
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
    """The ports of the pod that no program listens on yet."""
    tables = node.root(f"/proc/{pod.pids[MAIN]}/net")
    # busybox' httpd has one socket for both IP versions, which is in either table
    http = [s for name in ("tcp", "tcp6") for s in proc.sockets(_text(tables / name))]
    absent = []
    if not any(s.local[1] == HTTP_PORT and s.state == proc.LISTEN for s in http):
        absent.append(f"tcp port {HTTP_PORT}")
    for name in _udp_tables(pod):
        if not any(s.local[1] == UDP_PORT for s in proc.sockets(_text(tables / name))):
            absent.append(f"udp port {UDP_PORT}")
    return absent


def _has_tentative(node: Node, pod: Pod) -> bool:
    """Whether a global address of the interfaces in the pod's result may still be a duplicate."""
    if 6 not in {address.version for address in pod.network.addresses}:
        return False
    named = {(link.inside, link.name) for link in result.interfaces(pod.network.result)}
    return any(
        one.is_global and one.is_tentative and (inside, one.interface) in named
        for inside, pid in ((False, 1), (True, pod.pids[MAIN]))
        for one in proc.inet6_addresses(_text(node.root(f"/proc/{pid}/net/if_inet6")))
    )


def _text(table: Path) -> str:
    """The text of a table, empty where the kernel has none, such as IPv6's."""
    try:
        return table.read_text(errors="backslashreplace")
    except OSError:
        return ""


def _udp_tables(pod: Pod) -> list[str]:
    """Where the receivers' sockets are, of each IP version that the pod has an address of."""
    versions = {address.version for address in pod.network.addresses}
    return ["udp", "udp6"] if 6 in versions else ["udp"]
