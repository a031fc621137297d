"""How a command ended."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CommandResult:
    """How a command in a container ended."""

    status: int
    output: bytes
    errors: str

    @property
    def text(self) -> str:
        """The output as text, undecodable bytes replaced."""
        return self.output.decode(errors="replace")
