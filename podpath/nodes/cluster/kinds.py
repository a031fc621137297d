"""The kinds of node `kind` and `host`: their options, their needs, and their start."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from podpath.errors import CouldNotTest
from podpath.nodes import image
from podpath.nodes.base import Node
from podpath.nodes.cluster import (
    host,
    installation,
    kind,
    kind_cluster,
    kind_config,
    kind_program,
    kube_api,
    shared_lock,
)
from podpath.nodes.kind import Kind, Need, Say, Setup
from podpath.requirements import Ability
from podpath.system import programs

_PYTEST_KINDS_NAME = "pytest-kind"


def _text(option: Callable[[str], Any], name: str) -> str:
    return str(option(name) or "")


@dataclass(frozen=True)
class OnKind(Kind):
    """The only node of a kind cluster, which all processes of a run share.

    Attributes:
        options: the user's options for the cluster.
    """

    name = "kind"
    abilities = Ability.FRESH | Ability.CLUSTER
    tools = (*programs.IMAGE, *programs.NETWORK)

    options: kind_program.Options

    @classmethod
    def from_options(cls, option: Callable[[str], Any], directory: Path) -> Self:
        """Read pytest-kind's options, if that plugin is installed, and podpath's."""
        name = _text(option, "cluster_name")
        here = directory / "kind-config.yaml"
        default = here if here.is_file() else kind_config.SHIPPED
        options = kind_program.Options(
            # other people's tests use pytest-kind's default name, too
            name="podpath" if name in ("", _PYTEST_KINDS_NAME) else name,
            keep=bool(option("keep_cluster")),
            config=Path(_text(option, "podpath_kind_config") or default).absolute(),
            image=_text(option, "kind_image"),
            kind=_text(option, "kind_bin"),
            kubectl=_text(option, "kind_kubectl_bin"),
            kubeconfig=_text(option, "kubeconfig"),
        )
        return cls(options)

    def needs(self) -> Iterable[Need]:
        """Return kind, its configuration, and the container engine."""
        return [Need("kind", lambda: ", ".join(kind_program.check(self.options).values()))]

    def needs_of(self, setup: Setup) -> Iterable[Need]:
        """Return a configuration that suits the conflist, unless the cluster exists already."""
        return [Need("kind configuration", lambda: self._check_configuration(setup), "suits")]

    def _check_configuration(self, setup: Setup) -> None:
        try:
            exists = kind_cluster.exists(self.options)
        except CouldNotTest:  # the engine is a separate need
            exists = False
        if not exists:
            ranges = [r.subnet for r in setup.network.ipam.ranges]
            kind_config.check(self.options.config, ranges)

    def describe(self) -> Mapping[str, str]:
        """Return kind's version, its configuration, and the engine's."""
        return kind_program.check(self.options)

    def start(self, setup: Setup, say: Say) -> AbstractContextManager[Node]:
        """See Kind."""
        return kind.start(self.options, setup.network, _chain(setup), say)

    def start_fresh(self, setup: Setup) -> AbstractContextManager[Node]:
        """See Kind. The node is in a new cluster."""
        chain = _chain(setup)
        return kind.start(self.options, setup.network, chain, lambda _: None, fresh=True)

    @contextmanager
    def held(self, setup: Setup, say: Say) -> Iterator[object]:
        """See Kind. The resource is the cluster."""
        try:
            with kind.held(self.options, setup.network, _chain(setup), say) as cluster:
                yield cluster
        finally:
            # clusters of workers that had no time to end
            kind.sweep(say, self.options.kind)

    def turn(self) -> AbstractContextManager[object]:
        """See Kind."""
        return shared_lock.turn(kind_cluster.CLUSTERS / self.options.name)


def _chain(setup: Setup) -> dict[str, str]:
    return installation.chain(setup.plugins, setup.plugin_directories)


@dataclass(frozen=True)
class OnHost(Kind):
    """The Kubernetes node that podpath runs on, with the plugins that it has.

    Attributes:
        kubeconfig: path of the cluster's kubeconfig; empty for the default, or for the pod's own
            service account.
        pod_image: image of pods; empty for podpath's own.
    """

    name = "host"
    abilities = Ability.CLUSTER
    own_plugins = True

    kubeconfig: str = ""
    pod_image: str = ""

    @classmethod
    def from_options(cls, option: Callable[[str], Any], directory: Path) -> Self:  # noqa: ARG003
        """Read pytest-kind's kubeconfig, if that plugin is installed, and podpath's image."""
        return cls(_text(option, "kubeconfig"), _text(option, "podpath_image"))

    @property
    def plugin_directories(self) -> tuple[str, ...]:
        """Directories of the node's plugins."""
        return host.plugin_directories()

    def conflist(self) -> Path:
        """Return the conflist that the node's runtime uses."""
        return host.conflist()

    def needs(self) -> Iterable[Need]:
        """Return a Kubernetes node that podpath may enter, and the client of its API."""
        yield Need("Python package kubernetes", kube_api.installed, "yes")
        yield Need("node", host.check, f"yes, of process {host.PID}")
        yield Need("pod image", lambda: f"{image.NAME}, to be loaded into the node")

    def needs_of(self, setup: Setup) -> Iterable[Need]:
        """Return that the user must not name plugins, as the node has its own."""
        if not setup.plugin_directories:
            return []
        return [Need("plugin directories", _refuse_plugins)]

    def describe(self) -> Mapping[str, str]:
        """Return the host's name."""
        return host.describe()

    def start(self, setup: Setup, say: Say) -> AbstractContextManager[Node]:
        """See Kind."""
        return host.start(setup.network, self.kubeconfig, self.pod_image, say)

    def turn(self) -> AbstractContextManager[object]:
        """See Kind."""
        return shared_lock.turn(host.STATE)


def _refuse_plugins() -> None:
    raise CouldNotTest(
        "--podpath-node host tests the plugins that the node has, and installs none",
        "Leave out --podpath-cni-bin",
    )
