"""Messages as pyroute2 decodes them, made of values that a test chooses."""

from typing import Any


class Decoded(dict[str, Any]):
    """A message, or an attribute that contains others: its fixed part, and its attributes."""

    def __init__(self, fields: dict[str, Any] | None = None, /, **attributes: Any) -> None:
        super().__init__(fields or {})
        self._attributes = attributes

    def get_attr(self, name: str) -> Any:
        return self._attributes.get(name)

    def get_attrs(self, name: str) -> list[Any]:
        """Each attribute of a name, which a test gives as a list."""
        return list(self._attributes.get(name, ()))
