"""The kinds of node `kind` and `host`: their options, their needs, and their start."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from podpath.errors import CouldNotTest
from podpath.nodes import image
from podpath.nodes.base import Node
from podpath.nodes.cluster import (
    host,
    installation,
    kind_cluster,
    kind_config,
    kube_api,
)
from podpath.nodes.cluster.kind_cluster import Install
from podpath.nodes.cluster.on_cluster import OnCluster, options, text
from podpath.nodes.cluster.on_network import OnExisting, OnInstalled
from podpath.nodes.kind import Kind, Need, Say, Setup
from podpath.requirements import Ability


@dataclass(frozen=True)
class OnKind(OnCluster):
    """A kind cluster whose node gets the user's plugins and conflist."""

    @classmethod
    def from_options(cls, option: Callable[[str], Any], directory: Path) -> Kind:
        """Read pytest-kind's options, if that plugin is installed, and podpath's.

        Raises:
            CouldNotTest: options contradict each other.
        """
        name = text(option, "podpath_kind_existing")
        manifests = tuple(Path(path).absolute() for path in option("podpath_kind_apply") or ())
        default = text(option, "podpath_kind_network") == "default"
        if sum(map(bool, (name, manifests, default))) > 1:
            raise CouldNotTest(
                "a cluster has one network, and the options name several",
                "Give one of --podpath-kind-existing, --podpath-kind-apply, --podpath-kind-network",
            )
        if name:
            chosen = replace(options(option, kind_config.SHIPPED), name=name)
            return OnExisting(chosen, text(option, "podpath_image"))
        if manifests:
            return OnInstalled(options(option, kind_config.SHIPPED_APPLY), manifests)
        if default:
            return OnInstalled(options(option, kind_config.SHIPPED_DEFAULT))
        here = directory / "kind-config.yaml"
        return cls(options(option, here if here.is_file() else kind_config.SHIPPED))

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

    def install(self, setup: Setup) -> Install:
        """See OnCluster."""
        plugins = installation.chain(setup.plugins, setup.plugin_directories)
        conflist = setup.network.conflist
        return lambda cluster: installation.install(cluster.pid(), plugins, conflist)


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
        return cls(text(option, "kubeconfig"), text(option, "podpath_image"))

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
        return host.turn()


def _refuse_plugins() -> None:
    raise CouldNotTest(
        "--podpath-node host tests the plugins that the node has, and installs none",
        "Leave out --podpath-cni-bin",
    )
