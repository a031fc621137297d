"""Result of a command."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
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

    @property
    def text(self) -> str:
        """Output as text, with undecodable bytes replaced."""
        return self.output.decode(errors="replace")
