"""The base class of what --podpath-node names: how a kind of node is checked and started."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

from podpath.cni import conflist
from podpath.cni.network import Network
from podpath.nodes.base import Node
from podpath.requirements import Ability, Requirement
from podpath.system import programs
from podpath.system.programs import Tool

#: Shows the user what goes on.
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that a kind of node needs of the machine.

    Attributes:
        name: What it is.
        look: Looks for it and returns what it found. Raises CouldNotTest, with the remedy.
        detail: What to print instead of what `look` returns.
    """

    name: str
    look: Callable[[], object]
    detail: str = ""


@dataclass(frozen=True)
class Setup:
    """The network that a node is started for.

    Attributes:
        kind: The kind of node.
        network: The CNI configuration, and how its plugin wires pods.
        plugin_directories: The user's directories of plugins, which come before the kind's.
    """

    kind: "Kind"
    network: Network
    plugin_directories: tuple[str, ...]

    @cached_property
    def plugins(self) -> Mapping[str, str]:
        """The name and path of each plugin of the chain. Raises CouldNotTest if one is missing."""
        return {name: self.plugin(name) for name in self.network.conflist.delegates}

    def plugin(self, name: str) -> str:
        """Return the path of a plugin. Raises CouldNotTest if it is missing."""
        return programs.plugin(name, (*self.plugin_directories, *self.kind.plugin_directories))


class Kind(ABC):
    """A kind of node, as the user's options want it.

    Attributes:
        name: The name that --podpath-node takes.
        abilities: What nodes of this kind have beyond what each node has. Requirements that need
            more are not applicable.
        tools: The programs that the machine must have.
        own_plugins: Whether the node has plugins already. Otherwise they are this machine's.
    """

    name: ClassVar[str]
    abilities: ClassVar[Ability] = Ability.NONE
    tools: ClassVar[tuple[Tool, ...]] = programs.NETWORK
    own_plugins: ClassVar[bool] = False

    @classmethod
    def from_options(cls, option: Callable[[str], Any], directory: Path) -> Self:  # noqa: ARG003
        """Make the kind from the user's options.

        Args:
            option: Returns the value of one of pytest's options, or None if it is not known.
            directory: The directory that the user started pytest in.
        """
        return cls()

    @classmethod
    def can_test(cls, requirement: Requirement) -> bool:
        """Check whether a requirement is applicable to nodes of this kind."""
        return requirement.needs in cls.abilities

    @property
    def plugin_directories(self) -> tuple[str, ...]:
        """The directories that plugins are looked for in, after the user's."""
        return programs.PLUGIN_DIRECTORIES

    def conflist(self) -> Path:
        """Return the conflist to test if the user names none. Raises CouldNotTest."""
        return conflist.DEFAULT

    def needs(self) -> Iterable[Need]:
        """Return what the machine must have for any network, other than the tools."""
        return ()

    def needs_of(self, setup: Setup) -> Iterable[Need]:  # noqa: ARG002
        """Return what the machine must have for this network in addition."""
        return ()

    def describe(self) -> Mapping[str, str]:
        """Return what the header and the report say of the kind: name -> text."""
        return {}

    @abstractmethod
    def start(self, setup: Setup, say: Say) -> AbstractContextManager[Node]:
        """Return a node with the plugins and the conflist, for the length of the block.

        Raises CouldNotTest if it does not come up; by then whatever of it did is gone.
        """

    def start_fresh(self, setup: Setup) -> AbstractContextManager[Node]:
        """Return a node on which no pod has ever been. Used only with Ability.FRESH."""
        return self.start(setup, lambda _: None)

    def held(self, setup: Setup, say: Say) -> AbstractContextManager[object]:  # noqa: ARG002
        """Return what all processes of a run share, for the length of the block."""
        return nullcontext()

    def turn(self) -> AbstractContextManager[object]:
        """Return a test's turn: on a node that processes share, one sees what another does."""
        return nullcontext()
