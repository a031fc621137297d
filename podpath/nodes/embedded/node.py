"""The embedded node: real containerd, runc and CNI plugins in their own namespaces.

keeper.py describes its end, init.py its parts.
"""

import itertools
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TypeVar

from podpath.cni import reference
from podpath.cni.conflist import Conflist
from podpath.errors import CouldNotTest, DoesNotConform
from podpath.model import CommandResult
from podpath.nodes import image, inventory, plugin_processes, sandboxes
from podpath.nodes.base import NAMED, Node
from podpath.nodes.cri import Runtime
from podpath.nodes.embedded import confine, containerd, containerd_log, preparation, uplink
from podpath.nodes.embedded.init import LAYER, RESTART, UPPER, NodeSpec
from podpath.nodes.embedded.keeper_process import Keeper, kept
from podpath.nodes.pod import Pod, PodSpec
from podpath.system import limits, programs, randomness, waiting
from podpath.system.entrance import Entrance

T = TypeVar("T")

#: Shell: the link goes at once, its namespace once no process is in it.
_DISCARD = """ip -n "$1" link delete eth0; ip netns pids "$1" | xargs -r kill -9
ip netns delete "$1" """

#: Directory of the plugins on the node: the user's before the system's.
PLUGINS = "/opt/podpath/cni/bin"
_GIVEN = "/opt/podpath/cni/given"
_CONFLISTS = "/etc/cni/net.d"
_CONFLIST = f"{_CONFLISTS}/10-podpath.cni.conflist"
_LOG = "/run/podpath/containerd.log"
#: Directories in which podpath and the runtime write.
_OWN = frozenset({"/opt/podpath", "/etc/podpath", "/var/lib/containerd"})
_LOG_BYTES = 1 << 20
_LOG_END_BYTES = 4000
# Once in some thousand containers, runc 1.1.5 on a busy machine loses its own child.
_LOST_CHILD = "can't get final child's PID from pipe: EOF"


class EmbeddedNode(Node):
    """A running embedded node; start() makes it."""

    kind = "embedded"
    uplink = "eth0"
    links = frozenset({"lo", uplink})
    shared = False
    own_programs = True

    def __init__(self, keeper: Keeper, first: int = 1) -> None:
        """Use a node.

        Args:
            keeper: process that keeps it.
            first: number of the first pod, which no other process gives to one of its pods.
        """
        self.pid = keeper.init
        self.versions: dict[str, str] = {}
        if keeper.missing:
            self.versions["isolation"] = f"without {', '.join(keeper.missing)}"
        self.keeper = keeper
        self._numbers = itertools.count(first)
        self._entrance = Entrance(keeper.init, confine.DROPPED)
        self._runtime = Runtime(
            str(self.root(containerd.SOCKET)),
            lambda: plugin_processes.running(self),
            lambda: self.keeper.ended(limits.current().node_death),
            plugin_processes.OutputLimit(self).begin,
        )

    @property
    def is_busy(self) -> bool:
        """See Node. A script of the user may start programs, and make links that speak."""
        return preparation.OUTPUT in self.versions

    @cached_property
    def beyond(self) -> str:
        """See Node. Init keeps this namespace open, and no other (init.py, _make_networks)."""
        own = os.readlink(self.network_namespace())
        if path := self._kept_open(lambda there: there.startswith("net:") and there != own):
            return path
        raise CouldNotTest("what the node's uplink leads to is not known", "Please report this")

    def _kept_open(self, is_it: Callable[[str], bool]) -> str:
        """Return the path of a descriptor of init, by what it leads to; empty without it."""
        for path in sorted(Path(f"/proc/{self.pid}/fd").iterdir()):
            with suppress(OSError):
                if is_it(os.readlink(path)):
                    return str(path)
        return ""

    @cached_property
    def _upper(self) -> str:
        """Path of the directory with the upper layers of the node's root."""
        return self._kept_open(lambda there: there.endswith(f"/{UPPER}"))

    def written(self) -> Iterator[str]:
        """See Node. They are in the upper layer of each mount point (init.py, _show)."""
        for layer in sorted(Path(self._upper).iterdir()) if self._upper else ():
            if layer.name.startswith(LAYER):
                point = os.fsdecode(bytes.fromhex(layer.name.removeprefix(LAYER))).rstrip("/")
                for place, directories, names in os.walk(layer):
                    there = point + place.removeprefix(str(layer))
                    directories[:] = [d for d in directories if f"{there}/{d}" not in _OWN]
                    yield from (f"{there}/{name}" for name in (*directories, *names))

    def create_pod(self, spec: PodSpec) -> Pod:
        """See Node."""
        return _once_more_if_lost(lambda: self._create_pod(spec))

    def _create_pod(self, spec: PodSpec) -> Pod:
        uid = f"{spec.name}-{next(self._numbers)}"
        sandbox, config = self._runtime.run_pod(spec.name, uid, _mapped(spec))
        try:
            return self._fill(spec, sandbox, config)
        except BaseException as first:
            try:
                self._runtime.remove_pod(spec.name, sandbox)
            except (CouldNotTest, DoesNotConform) as second:  # the first error is the cause
                first.add_note(f"Then, when the pod was deleted: {second}")
            raise

    def _fill(self, spec: PodSpec, sandbox: str, config: Any) -> Pod:
        """Start a pod's containers in its sandbox."""
        containers = {
            name: self._runtime.run_container(sandbox, config, name, image.NAME, command)
            for name, command in ({} if spec.passing else spec.containers).items()
        }
        return Pod(
            name=spec.name,
            sandbox=sandbox,
            network=sandboxes.network(self, self._runtime, spec.name, sandbox),
            containers=containers,
            pids={name: self._runtime.container_pid(c) for name, c in containers.items()},
        )

    def entering(self, command: Sequence[str]) -> list[str]:
        """See Node. The program gets no more rights than the node's own, which can look into it."""
        return [*_bounded(), *super().entering(command)]

    def start(
        self, command: Sequence[str], *, netns: str = "", **options: Any
    ) -> "subprocess.Popen[Any]":
        """See Node. The program has the rights and the namespaces that entering() gives."""
        there = f"{NAMED}/{netns}" if netns else ""
        return self._entrance.start(command, netns=there, **options)

    def delete_pod(self, pod: Pod) -> None:
        """See Node. After a failed DEL, the namespace goes with the links that the plugin left.

        Otherwise every later test would see them, and blame the plugin for each.
        """
        try:
            self._runtime.remove_pod(pod.name, pod.sandbox)
        except DoesNotConform:
            self.discard_pod(pod)
            raise

    def discard_pod(self, pod: Pod) -> None:
        """See Node. Leases and rules stay, as only the plugin knows them."""
        self.run(["sh", "-c", _DISCARD, "sh", pod.network.netns])

    def execute(
        self, pod: Pod, container: str, command: Sequence[str], seconds: float
    ) -> CommandResult:
        """See Node."""
        return self._runtime.execute(pod.containers[container], command, seconds)

    def ended(self) -> str:
        """See Node."""
        return self.keeper.ended(0.0)

    def wait_until_ready(self) -> None:
        """Wait until containerd answers.

        Raises:
            CouldNotTest: containerd does not answer in time; the text has the end of its log.
        """
        seconds = limits.current().node_start
        deadline = time.monotonic() + seconds
        while True:
            try:
                self.versions["containerd"] = self._runtime.version()
                return
            except CouldNotTest as error:
                if time.monotonic() > deadline or not self.root(_LOG).exists():
                    raise CouldNotTest(
                        f"containerd did not answer in {seconds:.0f} s ({error}). The end of its"
                        f" log:\n{self._log_end()}",
                        limits.current().remedy,
                    ) from None
            time.sleep(0.01)

    def restart_runtime(self, conflist: Conflist) -> None:
        """End containerd and start it again, while the pods run on.

        Args:
            conflist: the conflist of the pods' network, which containerd loads again.

        Raises:
            CouldNotTest: containerd does not come back in time.
        """
        socket = self.root(containerd.SOCKET)
        before = socket.stat().st_ino
        os.kill(self.pid, RESTART)
        seconds = limits.current().node_start
        if not waiting.until(lambda: _made_anew(socket, before), bool, seconds):
            raise CouldNotTest(
                f"containerd did not start again in {seconds:.0f} s", limits.current().remedy
            )
        self.wait_until_ready()
        self.require_loaded(conflist)

    def configure(self, conflist: Conflist) -> None:
        """Use another conflist for later pods; the node must have its plugins already.

        Raises:
            CouldNotTest: containerd does not load the conflist.
        """
        before = self._log_size()
        # renamed into place, as containerd also loads unfinished files
        write = f'printf %s "$1" >{_CONFLIST}.new && mv {_CONFLIST}.new {_CONFLIST}'
        self.run(["sh", "-c", write, "sh", conflist.text])
        self.require_loaded(conflist, before)

    def require_loaded(self, conflist: Conflist, since: int = 0) -> None:
        """Wait until containerd has loaded a conflist.

        Args:
            conflist: the conflist.
            since: size of containerd's log, in bytes, before it had the conflist.

        Raises:
            CouldNotTest: containerd refuses the conflist, or does not load it in time.
        """
        seconds = limits.current().node_start

        def ended(texts: list[str]) -> bool:
            return conflist.text in texts or bool(containerd_log.refusal(self._log(since)))

        loaded = waiting.until(self._runtime.networks, ended, seconds)
        if conflist.text in loaded:
            return
        if reason := containerd_log.refusal(self._log(since)):
            raise CouldNotTest(
                f"containerd does not load the conflist, so it never calls the plugin: {reason}",
                "Correct the conflist, or use a release of the runtime that reads it",
            )
        raise CouldNotTest(
            f"containerd did not load the conflist of network {conflist.name} in"
            f" {seconds:.0f} s. The end of its log:\n{self._log_end()}",
            limits.current().remedy,
        )

    def _log(self, since: int = 0) -> str:
        """Return containerd's log from a byte on; empty if the node has ended."""
        try:
            with self.opened(_LOG) as path, path.open("rb") as log:
                log.seek(since)
                return log.read(_LOG_BYTES).decode(errors="replace")
        except OSError:
            return ""

    def _log_end(self) -> str:
        return containerd_log.end(self._log(max(self._log_size() - _LOG_END_BYTES, 0)))

    def _log_size(self) -> int:
        try:
            with self.opened(_LOG) as path:
                return path.stat().st_size
        except OSError:
            return 0

    def import_image(self, archive: bytes) -> None:
        """Import the pod image into containerd.

        Raises:
            CouldNotTest: containerd does not take the image.
        """
        seconds = limits.current().node_start
        load = [programs.locate("ctr"), "--namespace", "k8s.io", "images", "import", "-"]
        try:
            # a file in memory: Python writes a pipe by 4096 bytes
            with open(os.memfd_create("image"), "w+b") as stdin:
                stdin.write(archive)
                stdin.seek(0)
                done = subprocess.run(
                    self.entering(load),
                    stdin=stdin,
                    capture_output=True,
                    check=False,
                    timeout=seconds,
                    env={"PATH": programs.search_path()},
                )
        except subprocess.TimeoutExpired:
            raise CouldNotTest(
                f"containerd did not take the pod image in {seconds:.0f} s",
                limits.current().remedy,
            ) from None
        if done.returncode != 0:
            errors = done.stderr.decode(errors="replace")
            raise CouldNotTest(f"containerd did not take the pod image: {errors}")
        self._runtime.wait_for_image(image.NAME)

    def try_out(self, oci_runtime: str) -> None:
        """Start and remove a container in the node's own network, without any CNI plugin.

        Raises:
            CouldNotTest: the OCI runtime cannot start a container on such a node.
        """
        try:
            _once_more_if_lost(self._runtime.try_out)
        except CouldNotTest as error:
            if ended := self.ended():
                raise CouldNotTest(ended) from None
            release = programs.first_line(oci_runtime, "--version")
            raise CouldNotTest(
                f"{release} starts no container on the embedded node, which has fewer rights than"
                f" the host: {error.message}",
                "Install another release of runc, or crun",
            ) from None

    def close(self) -> None:
        """Close the connection to containerd, and leave the node's namespaces."""
        self._runtime.close()
        self._entrance.close()


def _made_anew(path: Path, before: int) -> bool:
    """Return whether a file exists, and is another one than before."""
    try:
        return path.stat().st_ino != before
    except FileNotFoundError:
        return False


@cache
def _bounded() -> tuple[str, ...]:
    """Return the command that drops the rights that the node's programs lack (setpriv(1))."""
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    lacking = ",".join(f"-cap_{number}" for number in confine.DROPPED if number <= last)
    return ("setpriv", "--bounding-set", lacking, "--inh-caps=-all", "--ambient-caps=-all")


def _once_more_if_lost(work: Callable[[], T]) -> T:
    try:
        return work()
    except CouldNotTest as error:
        if _LOST_CHILD not in str(error):
            raise
        return work()


def _mapped(spec: PodSpec) -> list[tuple[str, int, int, str]]:
    return [(m.protocol, m.node, m.pod, m.host_ip) for m in spec.ports]


@contextmanager
def start(
    conflist: Conflist,
    plugin_directories: Sequence[str] = (),
    say: Callable[[str], None] = lambda _: None,
    oci_runtime: str = "",
    node_setup: Path | None = None,
    pods: int = 0,
) -> Iterator[EmbeddedNode]:
    """Start a node for the length of the block, ready for its first pod.

    Args:
        conflist: configuration of the pods' network.
        plugin_directories: directories to search for CNI plugins before the system's.
        say: function that shows progress.
        oci_runtime: path of the program that starts containers; by default runc, or else crun.
        node_setup: script that prepares the node before its runtime starts.
        pods: number of pods that the node must have room for; a few dozen always fit.

    Raises:
        CouldNotTest: the node does not come up; every part of it is removed by then.
    """
    binds = {f"{_GIVEN}/{n}": os.path.abspath(d) for n, d in enumerate(plugin_directories)}
    links = _plugin_links(conflist, binds)
    ipv6 = _has_ipv6()
    oci_runtime = oci_runtime or programs.locate("runc")
    release = programs.first_line(programs.locate("containerd"), "--version")
    spec = NodeSpec(
        id=randomness.unique(4).hex(),
        hostname="podpath-node",
        files={
            "/etc/podpath/containerd.toml": containerd.configuration(
                release, oci_runtime, PLUGINS, _CONFLISTS
            ),
            _CONFLIST: conflist.text,
        },
        links=links,
        binds=binds,
        command=[programs.locate("containerd"), "--config", "/etc/podpath/containerd.toml"],
        log=_LOG,
        uplink=uplink.of_node(ipv6=ipv6),
        wire=uplink.of_far_end(ipv6=ipv6),
        cgroup_removal=limits.current().cgroup_removal,
        setup=preparation.specify(node_setup),
        pods=pods,
    )
    say("starting containerd in its own namespaces")
    with ThreadPoolExecutor(1) as pool, kept(spec) as keeper:
        building = pool.submit(image.build_here)
        node = EmbeddedNode(keeper)
        try:
            node.wait_until_ready()
            if node_setup:
                node.versions[preparation.OUTPUT] = preparation.require_success(
                    node, node_setup, PLUGINS
                )
                node.links = frozenset(inventory.interfaces(node))
            node.require_loaded(conflist)
            say("importing the pod image")
            node.import_image(building.result())
            node.try_out(oci_runtime)
            say("node is ready")
            yield node
        finally:
            node.close()


def _has_ipv6() -> bool:
    """Return whether this kernel has IPv6, even if it is disabled at the moment."""
    return Path("/proc/sys/net/ipv6/conf/default").exists()


def _plugin_links(conflist: Conflist, binds: Mapping[str, str]) -> dict[str, str]:
    """Return the links of one directory of all plugins: path on the node -> target there."""
    host = (*binds.values(), *programs.PLUGIN_DIRECTORIES)
    for name in ("loopback", *conflist.delegates):
        programs.plugin(name, host, is_reference=name in reference.plugins())
    links: dict[str, str] = {}
    for directory, there in zip(host, (*binds, *programs.PLUGIN_DIRECTORIES), strict=True):
        if os.path.isdir(directory):
            for entry in os.scandir(directory):
                if entry.is_file() and os.access(entry.path, os.X_OK):
                    links.setdefault(f"{PLUGINS}/{entry.name}", f"{there}/{entry.name}")
    return links
