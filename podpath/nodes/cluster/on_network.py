"""The kinds of node on a kind cluster whose network podpath does not write a conflist for."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from podpath.errors import CouldNotTest
from podpath.nodes.base import Node
from podpath.nodes.cluster import existing, installation, kind_cluster, kind_config, rollout
from podpath.nodes.cluster.kind_cluster import Cluster, Install
from podpath.nodes.cluster.on_cluster import OnCluster
from podpath.nodes.kind import Need, Say, Setup
from podpath.requirements import Ability


class _WithOwnNetwork(OnCluster):
    """A cluster whose node has its plugins and its conflist."""

    own_plugins = True

    def _root(self) -> Path:
        cluster = Cluster(self.options, lambda _: None)
        return Path(f"/proc/{cluster.pid()}/root")

    @property
    def plugin_directories(self) -> tuple[str, ...]:
        """Directories of the node's plugins."""
        return installation.plugin_directories(self._root())

    def conflist(self) -> Path:
        """Return the conflist that the node's runtime uses.

        Raises:
            CouldNotTest: the cluster does not run, or its node has none.
        """
        try:
            path = installation.conflist_of(self._root())
        except OSError as error:
            raise CouldNotTest(f"the node's conflist cannot be read: {error}") from None
        if path is None:
            raise CouldNotTest("the node has no network configuration in /etc/cni/net.d")
        return path

    def needs_of(self, setup: Setup) -> Iterable[Need]:
        """Return that the user must not name plugins, as the node has its own."""
        if setup.plugin_directories:
            yield Need("plugin directories", _refuse_plugins)


def _refuse_plugins() -> None:
    raise CouldNotTest(
        "the cluster's own network brings its plugins, and podpath installs none",
        "Leave out --podpath-cni-bin",
    )


@dataclass(frozen=True)
class OnInstalled(_WithOwnNetwork):
    """A new cluster with kind's own network, or with one that manifests install.

    Attributes:
        manifests: manifests of the network; none for kind's own.
    """

    manifests: tuple[Path, ...] = ()

    @property
    def later(self) -> str:
        """See Kind."""
        exists = kind_cluster.exists(self.options)
        return "" if exists else "that of the cluster's own network, known once the cluster runs"

    @property
    def described_by(self) -> tuple[Path, ...]:
        """See Kind."""
        return self.manifests

    @contextmanager
    def ready(self, say: Say) -> Iterator[None]:
        """See Kind. The conflist is in the cluster."""
        with self._cluster(rollout.installer(self.manifests), say):
            yield

    def needs(self) -> Iterable[Need]:
        """Return kind, with a suitable configuration, and the manifests."""
        yield from super().needs()
        yield Need("kind configuration", self._check_configuration, "suits")

    def _check_configuration(self) -> None:
        kind_config.check_network(self.options.config, default=not self.manifests)
        for path in self.manifests:
            if not path.is_file():
                raise CouldNotTest(
                    f"the manifest {path} does not exist", "Correct --podpath-kind-apply"
                )

    def install(self, setup: Setup) -> Install:  # noqa: ARG002
        """See OnCluster."""
        return rollout.installer(self.manifests)


@dataclass(frozen=True)
class OnExisting(_WithOwnNetwork):
    """A kind cluster that others made, with any network. Nothing of it is changed or deleted.

    Attributes:
        pod_image: image of pods; empty for podpath's own, which is loaded, and removed again.
    """

    abilities = Ability.CLUSTER

    pod_image: str = ""

    def conflist(self) -> Path:
        """See Kind."""
        existing.check(self.options)
        return super().conflist()

    def install(self, setup: Setup) -> Install:
        """See OnCluster. There is nothing to install."""
        raise NotImplementedError

    def needs(self) -> Iterable[Need]:
        """Return kind, and the cluster."""
        yield from super().needs()
        yield Need("cluster", lambda: existing.check(self.options), self.options.name)

    @contextmanager
    def held(self, setup: Setup, say: Say) -> Iterator[object]:  # noqa: ARG002
        """See Kind. The resource is the pod image on the node."""
        with existing.held(self.options, self.pod_image, say) as cluster:
            yield cluster

    def start(self, setup: Setup, say: Say) -> AbstractContextManager[Node]:
        """See Kind."""
        return existing.start(self.options, setup.network.bridge, self.pod_image, say)
