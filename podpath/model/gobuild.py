"""Build of a Go program."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class GoBuild:
    """Build of a Go program.

    Attributes:
        package: import path of its main package; empty if the build has none.
        versions: module -> version, of the main module and of each module that is linked.
        settings: settings of the build, such as -ldflags.
        functions: those of the names searched for that the program contains.
    """

    package: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    functions: frozenset[str] = frozenset()
