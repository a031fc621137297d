"""A kind of node without a container runtime: namespaces, and plugins that podpath calls itself.

    pytest --pyargs podpath.tests --podpath-node namespaces

The node is one process in network, mount and pid namespaces of its own. A pod is a named network
namespace that the plugins of the chain are called for, one after the other, as libcni calls them;
a container is a process in it, with the pod image as its root. Nothing outlives the node's first
process, which the kernel kills when pytest ends, however it ends.
"""

import json
import subprocess
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from podpath.errors import CouldNotTest, DoesNotConform
from podpath.model import CommandResult, PodNetwork, ip_addresses
from podpath.nodes import image
from podpath.nodes.base import Node
from podpath.nodes.kind import Kind, Need, Say, Setup
from podpath.nodes.pod import Pod, PodSpec
from podpath.requirements import Ability
from podpath.system import kernel, kernel_settings, limits, netns, programs, waiting

# The host's files, but for those that plugins write. The uplink leads nowhere (RFC 5737).
_NODE = """
set -e
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/lib
ip link set lo up
ip link add eth0 type veth peer name wire
ip link set eth0 addrgenmode none
ip link set wire addrgenmode none up
ip address add 192.0.2.2/24 dev eth0
ip link set eth0 up
ip route add default via 192.0.2.1
echo ready
exec sleep infinity
"""
_CONTAINER = """
set -e
mount --bind /dev "$1/dev"
mount -t proc proc "$1/proc"
echo $$ >"$1.pid"
root=$1
shift
exec chroot "$root" "$@"
"""


class NamespacesNode(Node):
    """A running node; made by Namespaces.start."""

    kind = "namespaces"
    uplink = "eth0"
    links = frozenset({"lo", uplink, "wire"})
    shared = False
    own_programs = True

    def __init__(self, process: "subprocess.Popen[str]", setup: Setup) -> None:
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            assert process.stderr is not None
            raise CouldNotTest(f"the node's namespaces could not be made: {process.stderr.read()}")
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        self.pid = int(children[0])
        self.versions = {"plugins": "called by podpath_namespaces"}
        self._process = process
        self._setup = setup
        self._containers: dict[str, list[subprocess.Popen[bytes]]] = {}

    def ended(self) -> str:
        """See Node."""
        return "" if self._process.poll() is None else "the node's first process has ended"

    def create_pod(self, spec: PodSpec) -> Pod:
        """See Node."""
        sandbox = f"cni-{uuid.uuid4()}"
        self._containers[sandbox] = []
        self._do("ip", "netns", "add", sandbox)
        try:
            self._do("ip", "-n", sandbox, "link", "set", "lo", "up")
            result = self._add(spec.name, sandbox)
            addresses = ip_addresses(one["address"].split("/")[0] for one in result["ips"])
            pids = {
                name: self._run_container(sandbox, name, command)
                for name, command in spec.containers.items()
            }
        except BaseException:
            self._remove(sandbox)
            raise
        network = PodNetwork(spec.name, sandbox, addresses, sandbox, result)
        return Pod(spec.name, sandbox, network, {name: name for name in pids}, pids)

    def delete_pod(self, pod: Pod) -> None:
        """See Node."""
        try:
            for plugin in reversed(self._plugins):
                self._call("DEL", pod.name, pod.sandbox, plugin, pod.network.result)
        finally:
            self._remove(pod.sandbox)

    def execute(
        self, pod: Pod, container: str, command: Sequence[str], seconds: float
    ) -> CommandResult:
        """See Node."""
        inside = ["nsenter", "--target", str(pod.pids[container]), "--net", "--mount", "--root"]
        try:
            done = subprocess.run(
                self.entering([*inside, "--", *command]),
                capture_output=True,
                check=False,
                stdin=subprocess.DEVNULL,
                timeout=seconds,
                env={"PATH": programs.search_path()},
            )
        except subprocess.TimeoutExpired:
            raise CouldNotTest(f"{command[0]} in pod {pod.name} did not end") from None
        return CommandResult(done.returncode, done.stdout, done.stderr.decode(errors="replace"))

    @property
    def _plugins(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self._setup.network.conflist.text)["plugins"]
        return found

    def _add(self, pod: str, sandbox: str) -> dict[str, Any]:
        """Call the chain: each plugin gets the result of the one before it."""
        result: dict[str, Any] = {}
        for plugin in self._plugins:
            result = json.loads(self._call("ADD", pod, sandbox, plugin, result))
        return result

    def _call(
        self, command: str, pod: str, sandbox: str, plugin: dict[str, Any], result: object
    ) -> str:
        """Call one plugin (CNI specification, sections 2 and 4). Raises DoesNotConform."""
        document = json.loads(self._setup.network.conflist.text)
        config = {**plugin, **{key: document[key] for key in ("name", "cniVersion")}}
        config |= {"prevResult": result} if result else {}
        path = self._setup.plugins[plugin["type"]]
        directories = (*self._setup.plugin_directories, *self._setup.kind.plugin_directories)
        variables = {
            "CNI_COMMAND": command,
            "CNI_CONTAINERID": sandbox,
            "CNI_NETNS": f"/run/netns/{sandbox}",
            "CNI_IFNAME": "eth0",
            "CNI_PATH": ":".join(directories),
        }
        doing = f"{command} for pod {pod}"
        try:
            done = subprocess.run(
                self.entering([path]),
                input=json.dumps(config),
                capture_output=True,
                text=True,
                check=False,
                timeout=limits.current().pod_network,
                env={"PATH": programs.search_path(), **variables},
            )
        except subprocess.TimeoutExpired:
            raise DoesNotConform(f"the plugin did not finish {doing}") from None
        if done.returncode != 0:
            raise DoesNotConform(f"the plugin failed {doing}", done.stdout or done.stderr)
        return done.stdout

    def _run_container(self, sandbox: str, name: str, command: Sequence[str]) -> int:
        """Start a container; return its pid in the node."""
        inside = f"/run/{sandbox}/{name}"
        root = self.root(inside)
        image.unpack_here(root)
        for directory in ("dev", "proc"):
            (root / directory).mkdir()
        netns = f"--net=/run/netns/{sandbox}"
        script = ["unshare", "--mount", "sh", "-c", _CONTAINER, "sh", inside, *command]
        process = subprocess.Popen(
            self.entering(["nsenter", netns, "--", *script]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"PATH": programs.search_path()},
        )
        self._containers[sandbox].append(process)
        pid = partial(_read, self.root(f"{inside}.pid"))
        if not (started := waiting.until(pid, bool, limits.current().pod_serving)):
            raise CouldNotTest(f"container {name} of {sandbox} did not start")
        return int(started)

    def _remove(self, sandbox: str) -> None:
        script = f"ip netns pids {sandbox} | xargs -r kill -9; rm -rf /run/{sandbox}"
        self._do("sh", "-c", f"{script}; ip netns delete {sandbox}")
        self._reap(sandbox)

    def _reap(self, sandbox: str) -> None:
        for process in self._containers.pop(sandbox):
            process.wait()

    def close(self) -> None:
        """Kill the node, and with it all that runs there."""
        self._process.kill()
        for sandbox in list(self._containers):
            self._reap(sandbox)

    def _do(self, *command: str) -> None:
        done = self.run(command)
        if done.returncode != 0:
            raise CouldNotTest(f"{' '.join(command)} failed on the node: {done.stderr}")


def _read(path: Path) -> str:
    return path.read_text().strip() if path.exists() else ""


class Namespaces(Kind):
    """The kind of node that `--podpath-node namespaces` names."""

    name = "namespaces"
    abilities = Ability.FRESH
    tools = (*programs.IMAGE, *programs.NETWORK)

    def needs(self) -> list[Need]:
        """See Kind."""
        return [Need("link veth", partial(kernel.check_link, "veth"), "yes")]

    @contextmanager
    def start(self, setup: Setup, say: Say) -> Iterator[NamespacesNode]:
        """See Kind."""
        say("starting a node of namespaces")
        unshare = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]
        process = subprocess.Popen(
            # whoever started it may be killed: then the kernel kills the node
            ["setpriv", "--pdeathsig", "KILL", *unshare, "sh", "-c", _NODE],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={"PATH": programs.search_path()},
        )
        with process, closing(NamespacesNode(process, setup)) as node:
            # A new network namespace has the host's settings, which are none of the plugin's.
            netns.run_in(node.network_namespace(), kernel_settings.reset)
            yield node
