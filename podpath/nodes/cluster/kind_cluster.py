"""A kind cluster: creation, preparation of its node, and deletion."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from podpath.errors import CouldNotTest
from podpath.nodes import image
from podpath.nodes.cluster import (
    container_engine,
    kind_creation,
    kind_program,
    kube_api,
    kubernetes,
    readiness,
)
from podpath.nodes.cluster.container_engine import Engine
from podpath.nodes.cluster.kind_program import Options
from podpath.nodes.cluster.kube_api import Api
from podpath.nodes.kind import Say
from podpath.system import limits, waiting

#: Parent of the directories, one for each cluster in use, with its kubeconfig, locks and marks.
CLUSTERS = Path("/run/podpath/kind")

_LIST_RULES = "iptables-save -t nat; ip6tables-save -t nat; nft list tables"
#: Rules of Services: the chains of kube-proxy's modes iptables and ipvs, and its table of nftables.
_OF_PROXY = ("KUBE-SVC-", "KUBE-CLUSTER-IP", "kube-proxy")

_DESKTOP = (
    "Run podpath in a privileged pod of the cluster instead, with --podpath-node host: see"
    " docs/kubernetes.md"
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """Facts about the node, which the first process of a run collects for all others.

    Attributes:
        node: name of the node in the API.
        links: interfaces of the node itself, not of pods.
        uplink: interface of the node's default route.
        installed: name of a plugin -> path and checksum.
    """

    node: str
    links: Sequence[str]
    uplink: str
    installed: Mapping[str, str]


#: Gives a cluster its network; returns name -> description of each thing that it installed.
Install = Callable[["Cluster"], Mapping[str, str]]


class Cluster:
    """A kind cluster with a certain name, which may exist or not."""

    def __init__(self, options: Options, say: Say) -> None:
        self.options = options
        self.directory = CLUSTERS / options.name
        self.say = say
        self._engine: Engine = container_engine.find()
        self._marker = self.directory / "created"

    @property
    def kubeconfig(self) -> str:
        """Path of the cluster's kubeconfig."""
        return self.options.kubeconfig or str(self.directory / "kubeconfig")

    def create(self) -> None:
        """Use the cluster of this name if it exists; otherwise create it, and mark it as podpath's.

        A cluster that a killed run of podpath left is replaced.

        Raises:
            CouldNotTest: kind fails.
        """
        self.remove()
        known = self._engine.containers(self.options.name)
        if known:
            self.say(f"using the kind cluster {self.options.name}, which is there already")
            if not self.options.kubeconfig:
                text = kind_program.run(
                    self.options, "get", "kubeconfig", "--name", self.options.name
                )
                Path(self.kubeconfig).write_text(text)
        else:
            self.say(f"creating the kind cluster {self.options.name}")
            self._mark([])
        kind_creation.create(self.options, Path(self.kubeconfig), self.say)
        if not known:
            self._mark(list(self._engine.containers(self.options.name)))

    def _mark(self, containers: Sequence[str]) -> None:
        now = datetime.now(UTC).isoformat()
        self._marker.write_text(json.dumps({"since": now, "containers": containers}))

    def remove(self) -> None:
        """Delete the cluster if it exists and podpath created it.

        Raises:
            CouldNotTest: kind fails.
        """
        if not self._marker.exists():
            return
        mark = json.loads(self._marker.read_text())
        containers = self._engine.containers(self.options.name)
        if containers and ours(mark, containers):
            self.say(f"deleting the kind cluster {self.options.name}")
            name = ("--name", self.options.name)
            kind_program.run(
                self.options, "delete", "cluster", *name, "--kubeconfig", self.kubeconfig
            )
        self._marker.unlink()

    def end(self) -> None:
        """Delete the cluster at the end of the last process, unless the user keeps it."""
        if not self.options.keep:
            self.remove()

    def pid(self, container: str = "") -> int:
        """Return the pid of a node's first process.

        Args:
            container: name of the node; empty for the first one.

        Raises:
            CouldNotTest: the process is not on this host.
        """
        pid = self._engine.pid(container or self.container())
        if not os.path.isdir(f"/proc/{pid}/root/kind"):
            raise CouldNotTest(
                f"{self._engine.name} runs the node in another machine's namespaces: it says that"
                f" the node is process {pid}, which is not so here",
                _DESKTOP,
            )
        return pid

    def container(self) -> str:
        """Return the name of the first node's container, which is the node's name, too.

        Raises:
            CouldNotTest: the cluster has no node.
        """
        return self.node_containers()[0]

    def node_containers(self) -> list[str]:
        """Return the names of all nodes' containers, those with the control plane first.

        Raises:
            CouldNotTest: the cluster has no node.
        """
        names = kind_program.run(self.options, "get", "nodes", "--name", self.options.name).split()
        if not names:
            raise CouldNotTest(f"the kind cluster {self.options.name} has no node")
        return sorted(names, key=lambda name: (not name.endswith("control-plane"), name))

    def prepare(self, install: Install, bridge: str, *, empty: bool) -> None:
        """Give the cluster its network, load the pod image, and wait until the node is ready.

        Args:
            install: function that gives the cluster its network, and returns what it installed.
            bridge: name of the pods' bridge; empty if it has none, or is not known yet.
            empty: True to delete the cluster's own pods.

        Raises:
            CouldNotTest: the node cannot be prepared, or is not ready in time.
        """
        name = self.container()
        api = kube_api.of_file(self.kubeconfig)
        try:
            if empty:
                api.delete_deployment("kube-system", "coredns")
                api.delete_deployment("local-path-storage", "local-path-provisioner")
            links, uplink = kubernetes.own_links(self.pid(), bridge)
            installed = install(self)
            for plugin, what in installed.items():
                self.say(f"  {plugin}: {what}")
            self.load_image()
            self.say("waiting for the node")
            _wait_until_ready(api, name)
            self._wait_for_proxy(name)
        finally:
            api.close()
        prepared = Prepared(name, sorted(links), uplink, installed)
        (self.directory / "node.json").write_text(json.dumps(asdict(prepared)))

    def in_node(self, *command: str, stdin: str = "") -> str:
        """Run a program in the node's container, and return its output.

        Raises:
            CouldNotTest: the program fails.
        """
        done = self._engine.run("exec", "--interactive", self.container(), *command, stdin=stdin)
        if done.returncode != 0:
            why = (done.stderr or done.stdout).strip()[-1000:]
            raise CouldNotTest(f"{' '.join(command)} failed on the node: {why}")
        return done.stdout

    def _wait_for_proxy(self, name: str) -> None:
        """Wait until kube-proxy has written its first rules, so that no pod seems to leave them.

        A cluster may have another proxy, or none: it loses that time, and is tested as it is.
        """

        def rules() -> str:
            return self._engine.run("exec", name, "sh", "-c", _LIST_RULES).stdout

        seconds = limits.current().service
        if not waiting.until(lambda: has_proxy_rules(rules()), bool, seconds):
            self.say(f"  kube-proxy wrote no rules within {seconds:.0f} s")

    def prepared(self) -> Prepared:
        """Read the facts that prepare collected."""
        return Prepared(**json.loads((self.directory / "node.json").read_text()))

    def load_image(self) -> None:
        """Load podpath's image of pods into the node."""
        self.say("loading the pod image")
        archive = self.directory / "pod.tar"
        archive.write_bytes(image.build_here())
        kind_program.run(
            self.options, "load", "image-archive", str(archive), "--name", self.options.name
        )
        archive.unlink()


def has_proxy_rules(rules: str) -> bool:
    """Return whether kube-proxy's rules for Services are in a list of rules and tables. Pure."""
    return any(name in rules for name in _OF_PROXY)


def exists(options: Options) -> bool:
    """Return whether a cluster of this name exists, no matter which program created it.

    Raises:
        CouldNotTest: the container engine is missing.
    """
    return bool(container_engine.find().containers(options.name))


def ours(mark: Mapping[str, object], containers: Mapping[str, str]) -> bool:
    """Return whether the containers of a cluster are those that podpath created. Pure.

    Args:
        mark: "containers": their ids; "since": time at which the creation began. Without ids,
            because
            the creation broke off, containers that are younger than that time count.
        containers: id -> time of creation (RFC 3339).
    """
    marked = mark.get("containers")
    if marked:
        return set(containers) == set(marked if isinstance(marked, list) else ())
    since = _seconds(str(mark.get("since", "")))
    return all(_seconds(made) >= since for made in containers.values())


def _seconds(text: str) -> float:
    """Read a time: Docker has nine digits after the second, and podman a zone by name."""
    words = text.replace("Z", " ").replace("T", " ").split()
    moment = f"{words[0]} {words[1].split('+')[0].split('.')[0]}" if len(words) > 1 else text
    return datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()


def _wait_until_ready(api: Api, name: str) -> None:
    seconds = limits.current().cluster_ready
    document = waiting.until(lambda: api.node(name), readiness.ready, seconds)
    if not readiness.ready(document):
        why = readiness.described(document, ())
        raise CouldNotTest(
            f"node {name} is not ready after {seconds:.0f} s:\n{why}", limits.current().remedy
        )
