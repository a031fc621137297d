"""Result of a command."""

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class CommandResult:
    """Result of a command in a container.

    Attributes:
        status: exit status.
        output: bytes on standard output.
        errors: text on standard error, or the reason why the command has no output.
    """

    status: int
    output: bytes
    errors: str

    @cached_property
    def text(self) -> str:
        """Output as text, with undecodable bytes replaced, which takes long for random ones."""
        return self.output.decode(errors="replace")
