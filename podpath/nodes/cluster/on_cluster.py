"""What all kinds of node on a kind cluster of podpath's own have in common."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from podpath.nodes.base import Node
from podpath.nodes.cluster import (
    container_engine,
    kind,
    kind_cluster,
    kind_program,
    kube_api,
)
from podpath.nodes.cluster.kind_cluster import Install
from podpath.nodes.kind import Kind, Need, Say, Setup
from podpath.requirements import Ability
from podpath.system import programs, shared_lock

_PYTEST_KINDS_NAME = "pytest-kind"


def text(option: Callable[[str], Any], name: str) -> str:
    """Return the text of an option; empty if it was not given."""
    return str(option(name) or "")


def options(option: Callable[[str], Any], config: Path) -> kind_program.Options:
    """Read pytest-kind's options, if that plugin is installed, and podpath's.

    Args:
        option: function that returns the value of a pytest option.
        config: kind's configuration if the user names none.
    """
    name = text(option, "cluster_name")
    return kind_program.Options(
        # other people's tests use pytest-kind's default name, too
        name="podpath" if name in ("", _PYTEST_KINDS_NAME) else name,
        keep=bool(option("keep_cluster")),
        config=Path(text(option, "podpath_kind_config") or config).absolute(),
        image=text(option, "kind_image"),
        kind=text(option, "kind_bin"),
        kubectl=text(option, "kind_kubectl_bin"),
        kubeconfig=text(option, "kubeconfig"),
    )


@dataclass(frozen=True)
class OnCluster(Kind):
    """The only node of a kind cluster, which all processes of a run share.

    Attributes:
        options: the user's options for the cluster.
    """

    name = "kind"
    abilities = Ability.FRESH | Ability.CLUSTER
    tools = (*programs.IMAGE, *programs.NETWORK)

    options: kind_program.Options

    @abstractmethod
    def install(self, setup: Setup) -> Install:
        """Return the function that gives a cluster its network."""

    def needs(self) -> Iterable[Need]:
        """Return kind, its Python packages, its configuration, and the container engine.

        Each is a need of its own, so that all that is missing is listed at once.
        """
        yield Need("Python package kubernetes", kube_api.installed, "yes")
        yield Need("Python package pytest-kind-ng", kind_program.cluster_class, "yes")
        yield Need("container engine", lambda: container_engine.find().check())
        yield Need("kind's file", partial(kind_program.configuration, self.options))
        yield Need("kind", partial(kind_program.program, self.options))

    def describe(self) -> Mapping[str, str]:
        """Return kind's version, its configuration, and the engine's."""
        return {
            "container engine": container_engine.find().check(),
            "kind configuration": kind_program.configuration(self.options),
            "kind": kind_program.program(self.options),
        }

    def start(self, setup: Setup, say: Say) -> AbstractContextManager[Node]:
        """See Kind."""
        return kind.start(self.options, self.install(setup), say, setup.network.bridge)

    def start_fresh(self, setup: Setup) -> AbstractContextManager[Node]:
        """See Kind. The node is in a new cluster."""
        install, bridge = self.install(setup), setup.network.bridge
        return kind.start(self.options, install, lambda _: None, bridge, fresh=True)

    @contextmanager
    def held(self, setup: Setup, say: Say) -> Iterator[object]:
        """See Kind. The resource is the cluster."""
        with self._cluster(self.install(setup), say, setup.network.bridge) as cluster:
            yield cluster

    @contextmanager
    def _cluster(self, install: Install, say: Say, bridge: str = "") -> Iterator[object]:
        try:
            with kind.held(self.options, install, say, bridge) as cluster:
                yield cluster
        finally:
            # clusters of workers that had no time to end
            kind.sweep(say, self.options.kind)

    def turn(self) -> AbstractContextManager[object]:
        """See Kind."""
        return shared_lock.turn(kind_cluster.CLUSTERS / self.options.name)
