"""The base class of the kinds of node: how podpath checks and starts a node."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from podpath.cni import conflist, reference
from podpath.cni.agreement import Party
from podpath.cni.network import Network
from podpath.nodes.base import Node
from podpath.requirements import Ability, Requirement
from podpath.system import programs
from podpath.system.programs import Tool

#: Function that shows progress to the user.
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that a kind of node needs of the machine.

    Attributes:
        name: name of the thing.
        look: function that looks for the thing and returns it. It raises CouldNotTest, with the
            remedy.
        detail: text to print in place of the function's result.
    """

    name: str
    look: Callable[[], object]
    detail: str = ""


@dataclass(frozen=True)
class Setup:
    """The network that a node is started for.

    Attributes:
        kind: kind of node.
        network: CNI configuration, and the way its plugin wires pods.
        plugin_directories: the user's directories of plugins, which come before the kind's.
    """

    kind: "Kind"
    network: Network
    plugin_directories: tuple[str, ...]

    @cached_property
    def plugins(self) -> Mapping[str, str]:
        """Name -> path of each plugin of the chain.

        Raises:
            CouldNotTest: a plugin is missing.
        """
        return {name: self.plugin(name) for name in self.network.conflist.delegates}

    def plugin(self, name: str) -> str:
        """Return the path of a plugin.

        Raises:
            CouldNotTest: the plugin is missing.
        """
        directories = (*self.plugin_directories, *self.kind.plugin_directories)
        return programs.plugin(name, directories, is_reference=name in reference.plugins())


class Kind(ABC):
    """A kind of node, with the user's options.

    Attributes:
        name: name that --podpath-node takes.
        abilities: abilities of nodes of this kind beyond those of every node. Requirements that
            need
            more are not applicable.
        tools: programs that the machine must have.
        own_plugins: True if the node has plugins already. Otherwise they are this machine's.
        takes_setup: True if a script can prepare the node.
        node_setup: the user's script that prepares the node.
    """

    name: ClassVar[str]
    abilities: ClassVar[Ability] = Ability.NONE
    tools: ClassVar[tuple[Tool, ...]] = programs.NETWORK
    own_plugins: ClassVar[bool] = False
    takes_setup: ClassVar[bool] = False
    node_setup: Path | None = None

    @classmethod
    def from_options(
        cls,
        option: Callable[[str], Any],  # noqa: ARG003
        directory: Path,  # noqa: ARG003
    ) -> "Kind":
        """Make the kind from the user's options.

        Args:
            option: function that returns the value of a pytest option, or None if pytest does not
                know it.
            directory: directory that the user started pytest in.
        """
        return cls()

    @classmethod
    def can_test(cls, requirement: Requirement) -> bool:
        """Return whether a requirement is applicable to nodes of this kind."""
        return requirement.needs in cls.abilities

    @property
    def plugin_directories(self) -> tuple[str, ...]:
        """Directories to search for plugins after the user's."""
        return programs.PLUGIN_DIRECTORIES

    def conflist(self) -> Path:
        """Return the conflist to test if the user names none.

        Raises:
            CouldNotTest: the node has none.
        """
        return conflist.DEFAULT

    @property
    def later(self) -> str:
        """Where the conflist comes from, if only a running node has it; empty otherwise."""
        return ""

    @property
    def described_by(self) -> tuple[Path, ...]:
        """Files that name the plugins of a network whose conflist only a running node has."""
        return ()

    def ready(self, say: Say) -> AbstractContextManager[None]:  # noqa: ARG002
        """Make what has the conflist, for the length of the run, before the conflist is read."""
        return nullcontext()

    def needs(self) -> Iterable[Need]:
        """Return the things that the machine must have for any network, except the tools."""
        return ()

    def needs_of(self, setup: Setup) -> Iterable[Need]:  # noqa: ARG002
        """Return the things that the machine must have for this network in addition."""
        return ()

    def runtime(self) -> Party:
        """Return the runtime, with the CNI versions of the results that it reads, if known."""
        return Party("the runtime", ())

    def describe(self) -> Mapping[str, str]:
        """Return the facts about the kind for the header and the report: name -> text."""
        return {}

    @abstractmethod
    def start(self, setup: Setup, say: Say) -> AbstractContextManager[Node]:
        """Start a node with the plugins and the conflist, for the length of the block.

        Raises:
            CouldNotTest: the node does not come up; every part of it is removed by then.
        """

    def start_fresh(self, setup: Setup) -> AbstractContextManager[Node]:
        """Start a node that never had a pod. Used only with Ability.FRESH."""
        return self.start(setup, lambda _: None)

    def held(self, setup: Setup, say: Say) -> AbstractContextManager[object]:  # noqa: ARG002
        """Hold the resource that all processes of a run share, for the length of the block."""
        return nullcontext()

    def turn(self) -> AbstractContextManager[object]:
        """Wait for a test's turn: tests on a shared node would see each other's traffic."""
        return nullcontext()
