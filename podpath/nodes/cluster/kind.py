"""The kind node: the one node of a kind cluster, with the plugins and the conflist in it.

All processes of a run share one cluster (claim.py); each has a namespace of its own in it.
"""

import json
import os
import shutil
import stat
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from podpath.cni.conflist import SUFFIXES, Conflist
from podpath.cni.network import Network
from podpath.errors import CouldNotTest
from podpath.nodes import image
from podpath.nodes.cluster import container_engine, kube_api, kubernetes, shared_lock
from podpath.nodes.cluster.container_engine import Engine
from podpath.nodes.cluster.kube_api import Api
from podpath.nodes.cluster.kubernetes import KubernetesNode
from podpath.system import limits, programs, randomness, waiting

#: Downloaded if none is on PATH, and none is named.
KIND_VERSION = "v0.32.0"
KUBECTL_VERSION = "v1.34.9"
#: Older ones do not know the current node images.
OLDEST = (0, 24)
#: What is kept of clusters while they are used, one directory each.
CLUSTERS = Path("/run/podpath/kind")

_PLUGINS = "/opt/cni/bin"
_CONFLISTS = "/etc/cni/net.d"
_CONFLIST = "10-podpath.cni.conflist"
_EXECUTABLE = 0o755
_DESKTOP = (
    "Run podpath in a privileged pod of the cluster instead, with --podpath-node host: see"
    " docs/kubernetes.md"
)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """What the user wants of the cluster; empty where nothing was said.

    name: of the cluster; keep: do not delete it; config: kind's configuration; kind, kubectl: the
    programs; kubeconfig: where kind writes it.
    """

    name: str
    keep: bool
    config: Path
    image: str = ""
    kind: str = ""
    kubectl: str = ""
    kubeconfig: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the first process finds out of the node, for all of them.

    node: the API's name of it; links: those that are its own; installed: plugin -> what it is.
    """

    node: str
    links: Sequence[str]
    uplink: str
    installed: Mapping[str, str]


def program(options: Options) -> str:
    """The kind program: the one that is named, or on PATH, or where it will be downloaded to."""
    found = options.kind or shutil.which("kind", path=programs.search_path())
    return found or str(Path(".pytest-kind", f"kind-{KIND_VERSION}").absolute())


def check(options: Options) -> dict[str, str]:
    """What the header says of kind and the engine. Raises CouldNotTest, with the remedy."""
    kube_api.installed()
    _cluster_class()
    if options.kind and not os.access(options.kind, os.X_OK):
        raise CouldNotTest(f"{options.kind} is no program", "Correct --kind-bin")
    if not options.config.is_file():
        raise CouldNotTest(
            f"the kind configuration {options.config} does not exist",
            "Name one with --podpath-kind-config",
        )
    found = container_engine.find()
    facts = {"container engine": found.check(), "kind configuration": str(options.config)}
    path = program(options)
    if os.path.exists(path):
        said = subprocess.run([path, "version"], capture_output=True, text=True, check=False)
        facts["kind"] = f"{path}, {said.stdout.strip()}"
        if (version := version_of(said.stdout)) < OLDEST:
            raise CouldNotTest(
                f"{path} is too old: {'.'.join(map(str, version))}, and"
                f" {'.'.join(map(str, OLDEST))} is the oldest that podpath works with",
                f"Install kind {KIND_VERSION}: https://kind.sigs.k8s.io/docs/user/quick-start",
            )
    else:
        facts["kind"] = f"{KIND_VERSION}, to be downloaded to {path}"
    return facts


def exists(options: Options) -> bool:
    """Whether a cluster of this name is there already, whoever made it."""
    return bool(container_engine.find().containers(options.name))


def version_of(said: str) -> tuple[int, ...]:
    """The version that `kind version` prints. Pure. (0,) if it is not understood."""
    words = [w for w in said.split() if w.startswith("v") and "." in w]
    digits = words[0].lstrip("v").split("-")[0].split(".")[:2] if words else []
    return tuple(int(d) for d in digits) if digits and all(d.isdigit() for d in digits) else (0,)


def _cluster_class() -> type:
    try:
        from pytest_kind.cluster import KindCluster
    except ImportError:
        raise CouldNotTest(
            "the Python package pytest-kind-ng is missing", "pip install 'podpath[kind]'"
        ) from None
    found: type = KindCluster
    return found


class Cluster:
    """A kind cluster by its name, whether it is there or not, and what podpath does with it."""

    def __init__(self, options: Options, say: Say) -> None:
        self.options = options
        self.directory = CLUSTERS / options.name
        self._say = say
        self._engine: Engine = container_engine.find()
        self._marker = self.directory / "created"

    @property
    def kubeconfig(self) -> str:
        """Where the cluster's kubeconfig is."""
        return self.options.kubeconfig or str(self.directory / "kubeconfig")

    def kind(self, *arguments: str) -> str:
        """Run kind to its end; what it printed. Raises CouldNotTest if it fails."""
        seconds = limits.current().kind_answer
        try:
            done = subprocess.run(
                [program(self.options), *arguments],
                capture_output=True,
                text=True,
                check=False,
                stdin=subprocess.DEVNULL,
                timeout=seconds,
            )
        except subprocess.TimeoutExpired:
            raise CouldNotTest(
                f"kind {' '.join(arguments[:2])} did not end in {seconds:.0f} s",
                limits.current().remedy,
            ) from None
        if done.returncode != 0:
            raise CouldNotTest(f"kind {' '.join(arguments[:2])} failed: {done.stderr.strip()}")
        return done.stdout

    def create(self) -> None:
        """Have the cluster there: the one of this name, or a new one, which is ours.

        One that a killed run of podpath made is replaced. Raises CouldNotTest.
        """
        self.remove()
        known = self._engine.containers(self.options.name)
        if known:
            self._say(f"using the kind cluster {self.options.name}, which is there already")
            if not self.options.kubeconfig:
                text = self.kind("get", "kubeconfig", "--name", self.options.name)
                Path(self.kubeconfig).write_text(text)
        else:
            self._say(f"creating the kind cluster {self.options.name}")
            self._mark([])
        self._create()
        if not known:
            self._mark(list(self._engine.containers(self.options.name)))

    def _create(self) -> None:
        """By pytest-kind's class, which does nothing if the cluster is there."""
        machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, "amd64")
        os.environ.setdefault(
            "KIND_DOWNLOAD_URL",
            f"https://github.com/kubernetes-sigs/kind/releases/download/{KIND_VERSION}"
            f"/kind-linux-{machine}",
        )
        os.environ.setdefault(
            "KUBECTL_DOWNLOAD_URL",
            f"https://dl.k8s.io/release/{KUBECTL_VERSION}/bin/linux/{machine}/kubectl",
        )
        path = Path(program(self.options))
        path.parent.mkdir(parents=True, exist_ok=True)
        cluster = _cluster_class()(
            self.options.name,
            kubeconfig=Path(self.kubeconfig),
            image=self.options.image or None,
            kind_path=path,
            kubectl_path=Path(self.options.kubectl) if self.options.kubectl else None,
        )
        with suppress(OSError):  # it makes a directory, and we name all that would be in it
            cluster.path.rmdir()
            cluster.path.parent.rmdir()
        with _heard(self._say) as heard:
            try:
                cluster.create(config_file=str(self.options.config))
            except (subprocess.CalledProcessError, OSError) as error:
                said = error
            else:
                return
        raise CouldNotTest(*failure(self.options.name, "\n".join(heard) or str(said)))

    def _mark(self, containers: Sequence[str]) -> None:
        now = datetime.now(UTC).isoformat()
        self._marker.write_text(json.dumps({"since": now, "containers": containers}))

    def remove(self) -> None:
        """Delete the cluster, if it is there and podpath made it."""
        if not self._marker.exists():
            return
        mark = json.loads(self._marker.read_text())
        found = self._engine.containers(self.options.name)
        if found and ours(mark, found):
            self._say(f"deleting the kind cluster {self.options.name}")
            name = ("--name", self.options.name)
            self.kind("delete", "cluster", *name, "--kubeconfig", self.kubeconfig)
        self._marker.unlink()

    def end(self) -> None:
        """What the last process does."""
        if not self.options.keep:
            self.remove()

    def pid(self) -> int:
        """The pid of the node's first process. Raises CouldNotTest if it is not on this host."""
        pid = self._engine.pid(self.container())
        if not os.path.isdir(f"/proc/{pid}/root/kind"):
            raise CouldNotTest(
                f"{self._engine.name} runs the node in another machine's namespaces: it says that"
                f" the node is process {pid}, which is not so here",
                _DESKTOP,
            )
        return pid

    def container(self) -> str:
        """The name of the node's container, and of the node. Raises CouldNotTest."""
        names = self.kind("get", "nodes", "--name", self.options.name).split()
        if not names:
            raise CouldNotTest(f"the kind cluster {self.options.name} has no node")
        return sorted(names, key=lambda name: not name.endswith("control-plane"))[0]

    def prepare(self, network: Network, plugins: Mapping[str, str], *, empty: bool) -> None:
        """Give the node the plugins, the conflist and the pod image, and wait until it is ready.

        plugins: name -> path here; empty: whether the cluster's own pods shall not be made.
        """
        pid, name = self.pid(), self.container()
        api = kube_api.of_file(self.kubeconfig)
        try:
            if empty:
                api.delete_deployment("kube-system", "coredns")
                api.delete_deployment("local-path-storage", "local-path-provisioner")
            links, uplink = kubernetes.own_links(pid, network.bridge)
            self._say("putting the plugins and the conflist into the node")
            installed = install(pid, plugins, network.conflist)
            for plugin, what in installed.items():
                self._say(f"  {plugin}: {what}")
            self._load_image()
            self._say("waiting for the node")
            _wait_until_ready(api, name)
        finally:
            api.close()
        prepared = Prepared(name, sorted(links), uplink, installed)
        (self.directory / "node.json").write_text(json.dumps(asdict(prepared)))

    def prepared(self) -> Prepared:
        """What prepare found out."""
        return Prepared(**json.loads((self.directory / "node.json").read_text()))

    def _load_image(self) -> None:
        self._say("loading the pod image")
        archive = self.directory / "pod.tar"
        archive.write_bytes(image.build_here())
        self.kind("load", "image-archive", str(archive), "--name", self.options.name)
        archive.unlink()


def ours(mark: Mapping[str, object], found: Mapping[str, str]) -> bool:
    """Whether the containers of a cluster are those that podpath made. Pure.

    mark: "containers", their ids, and "since" when; without ids, as the creation was broken off,
    those that were made after that are. found: id -> when it was made (RFC 3339).
    """
    known = mark.get("containers")
    if known:
        return set(found) == set(known if isinstance(known, list) else ())
    since = _seconds(str(mark.get("since", "")))
    return all(_seconds(made) >= since for made in found.values())


def _seconds(text: str) -> float:
    """Docker has nine digits after the second, and podman a zone by name."""
    words = text.replace("Z", " ").replace("T", " ").split()
    moment = f"{words[0]} {words[1].split('+')[0].split('.')[0]}" if len(words) > 1 else text
    return datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()


def failure(name: str, said: str) -> tuple[str, str]:
    """Why kind did not make a cluster, in one sentence, and the remedy. Pure."""
    text = said.lower()
    line = next((x.strip() for x in said.splitlines() if x.strip().startswith("ERROR")), "")
    line = line.removeprefix("ERROR: ") or (said.strip().splitlines() or ["no reason given"])[-1]
    for words, remedy in _REMEDIES.items():
        if any(word in text for word in words.split("|")):
            return f"kind could not create the cluster {name}: {line}", remedy
    return f"kind could not create the cluster {name}: {said.strip()[-1500:]}", ""


_REMEDIES = {
    "failed to pull image|pull access denied|no such host|connectionpool|max retries": (
        "Name a node image that is there with --kind-image; without network, load one with docker"
        " load, and name the kind program with --kind-bin"
    ),
    "permission denied": "Run podpath as root: sudo",
    "no space left": "Make room on the disk of the container engine",
    "port is already allocated|address already in use": "Free the port, or let kind choose one",
    "timed out waiting|kubelet is not healthy|failed to init node|failed to join|out of memory": (
        "See whether the machine has 2 GiB of free memory, and the kernel what kind needs:"
        " https://kind.sigs.k8s.io/docs/user/known-issues"
    ),
    "multi-user system": (
        "The node image does not start here: see https://kind.sigs.k8s.io/docs/user/known-issues"
    ),
}


def install(pid: int, plugins: Mapping[str, str], conflist: Conflist) -> dict[str, str]:
    """Put plugins and conflist into a node, and try whether the plugins run there.

    plugins: name -> path here; gives name -> what it is. Raises CouldNotTest.
    """
    present = Path(f"/proc/{pid}/root{_CONFLISTS}").glob("*")
    names = {path.name for path in present if path.suffix in SUFFIXES}
    if foreign := sorted(names - {_CONFLIST}):
        raise CouldNotTest(
            f"the cluster has a network configuration of its own: {', '.join(foreign)}",
            "Use a cluster that was made with networking.disableDefaultCNI: true",
        )
    installed = {}
    for name, path in plugins.items():
        _put(pid, f"{_PLUGINS}/{name}", Path(path).read_bytes(), _EXECUTABLE)
        installed[name] = f"{path}, sha256 {programs.checksum(path)[:16]}"
    for name in conflist.delegates:
        _try(pid, name)
    _put(pid, f"{_CONFLISTS}/{_CONFLIST}", conflist.text.encode(), 0o644)
    return installed


def _put(pid: int, path: str, content: bytes, mode: int) -> None:
    """Write a file into a node: complete, or not at all."""
    target = Path(f"/proc/{pid}/root{path}")
    unfinished = target.with_name(f".{target.name}.podpath")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(content)
        unfinished.chmod(mode)
        unfinished.rename(target)
    except OSError as error:
        raise CouldNotTest(f"{path} could not be written on the node: {error}") from None


def _try(pid: int, name: str) -> None:
    """Ask a plugin on the node for its version (CNI specification, section 2)."""
    enter = ("nsenter", "--target", str(pid), "--all", "--")
    try:
        done = subprocess.run(
            [*enter, "env", "CNI_COMMAND=VERSION", f"{_PLUGINS}/{name}"],
            input='{"cniVersion": "1.0.0"}',
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=limits.current().kind_answer,
        )
    except subprocess.TimeoutExpired:
        raise CouldNotTest(f"the plugin {name} hangs when it is asked for its version") from None
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "it says nothing")[-300:]
        raise CouldNotTest(
            f"the plugin {name} does not run on the node (exit status {done.returncode}): {said}",
            "Build it for the node's architecture and libc: statically, best",
        )


def _wait_until_ready(api: Api, name: str) -> None:
    seconds = limits.current().cluster_ready
    document = waiting.until(lambda: api.node(name), kube_api.ready, seconds)
    if not kube_api.ready(document):
        why = kube_api.described(document, ())
        raise CouldNotTest(
            f"node {name} is not ready after {seconds:.0f} s:\n{why}", limits.current().remedy
        )


@contextmanager
def _heard(say: Say) -> Iterator[list[str]]:
    """What is written to standard error during the block, a line each; also said as it comes.

    By whatever process: kind tells its progress there, and pytest-kind keeps none of it.
    """
    lines: list[str] = []

    def listen(descriptor: int) -> None:
        with os.fdopen(descriptor, errors="replace") as stream:
            for line in stream:
                lines.append(line.rstrip())
                if lines[-1].strip():
                    say(f"  {lines[-1].strip()}")

    ours, theirs = os.pipe()
    kept = os.dup(2)
    listener = threading.Thread(target=listen, args=(ours,), daemon=True)
    listener.start()
    os.dup2(theirs, 2)
    os.close(theirs)
    try:
        yield lines
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        listener.join()


def sweep(say: Say = lambda _: None, kind: str = "") -> list[str]:
    """Delete the clusters that killed runs left, and only those; the names of them.

    kind: the program, if it is named.
    """
    gone: list[str] = []
    for directory in sorted(CLUSTERS.glob("*")):
        options = Options(directory.name, keep=False, config=Path(), kind=kind)
        if not os.path.exists(program(options)):  # not downloaded yet: a later run will do it
            return gone
        with suppress(BlockingIOError), shared_lock.changing(directory, wait=False):
            if shared_lock.abandoned(directory):
                Cluster(options, say).remove()
                shutil.rmtree(directory)
                gone.append(options.name)
    return gone


@contextmanager
def held(
    options: Options,
    network: Network,
    plugins: Mapping[str, str],
    say: Say,
    *,
    empty: bool = False,
) -> Iterator[Cluster]:
    """A cluster, ready for pods, for the length of the block; shared with other processes."""
    sweep(say, options.kind)
    cluster = Cluster(options, say)

    def first() -> None:
        began = time.monotonic()
        cluster.create()
        cluster.prepare(network, plugins, empty=empty)
        say(f"the cluster is ready after {time.monotonic() - began:.1f} s")

    def last() -> None:
        began = time.monotonic()
        cluster.end()
        say(f"the cluster was left after {time.monotonic() - began:.1f} s")

    with shared_lock.claimed(cluster.directory, first, last):
        yield cluster


@contextmanager
def start(
    options: Options,
    network: Network,
    plugins: Mapping[str, str],
    say: Say,
    *,
    fresh: bool = False,
) -> Iterator[KubernetesNode]:
    """A node for the length of the block; fresh: one on which no pod has ever been."""
    if fresh:
        name = f"{options.name}-{randomness.unique(3).hex()}"
        options = replace(options, name=name, keep=False, kubeconfig="")
    with held(options, network, plugins, say, empty=fresh) as cluster:
        pid, prepared = cluster.pid(), cluster.prepared()
        api = kube_api.of_file(cluster.kubeconfig)
        try:
            node = KubernetesNode(
                "kind",
                api,
                prepared.node,
                pid,
                frozenset(prepared.links),
                prepared.uplink,
                lambda: "" if _runs(pid) else f"the node has ended: {prepared.node} does not run",
                made=True,
            )
            node.versions |= {f"installed {n}": what for n, what in prepared.installed.items()}
            try:
                with kubernetes.namespace(node, wait=False):
                    say("node is ready")
                    yield node
            finally:
                node.close()
        finally:
            api.close()


def _runs(pid: int) -> bool:
    return os.path.isdir(f"/proc/{pid}/root/kind")


def chain(conflist_plugins: Mapping[str, str], directories: Sequence[str]) -> dict[str, str]:
    """What goes into the node: all programs of the user's directories, and what the chain needs."""
    found: dict[str, str] = {}
    for directory in directories:
        for entry in sorted(os.scandir(directory), key=lambda e: e.name):
            mode = entry.stat().st_mode
            if stat.S_ISREG(mode) and mode & 0o111:
                found.setdefault(entry.name, entry.path)
    return {**conflist_plugins, **found}
