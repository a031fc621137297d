"""Typed and checked access to the fields and attributes that pyroute2 decoded. Pure."""

from ipaddress import ip_address
from typing import Any, Protocol

from podpath.errors import CouldNotTest
from podpath.model import Address


class Decoded(Protocol):
    """A message that pyroute2 decoded, or an attribute that contains others."""

    def __getitem__(self, field: str, /) -> Any:
        """Return a field of the fixed part."""

    def get_attr(self, name: str, /) -> Any:
        """Return the value of an attribute; None without it."""

    def get_attrs(self, name: str, /) -> list[Any]:
        """Return the value of each attribute of a name."""


class Attributes:
    """The fields and attributes of a message, or of an attribute that contains others.

    Each method raises CouldNotTest if the value has another type: pyroute2 gives raw bytes for
    values that it cannot decode. The parameter `what` names the value in the error.
    """

    __slots__ = ("_decoded",)

    def __init__(self, decoded: Decoded) -> None:
        self._decoded = decoded

    def field(self, name: str, what: str) -> int:
        """Read a number of the fixed part, which may be cut off."""
        try:
            value = self._decoded[name]
        except KeyError:
            value = None
        return _number(value, what)

    def number(self, name: str, what: str) -> int:
        """Read a required number."""
        return _number(self._decoded.get_attr(name), what)

    def number_if_any(self, name: str, what: str) -> int | None:
        """Read a number; None without the attribute."""
        value = self._decoded.get_attr(name)
        return None if value is None else _number(value, what)

    def text(self, name: str, what: str) -> str:
        """Read a text, which may be any bytes; empty without the attribute."""
        value = self._decoded.get_attr(name)
        return "" if value is None else _text(value, what)

    def address(self, name: str, what: str) -> Address | None:
        """Read an IP address; None without the attribute."""
        value = self._decoded.get_attr(name)
        return None if value is None else _address(value, what)

    def via(self, name: str, what: str) -> Address | None:
        """Read an IP address that has its own family (struct rtvia); None without the attribute."""
        value = self._decoded.get_attr(name)
        if value is None:
            return None
        return _address(value.get("addr") if isinstance(value, dict) else value, what)

    def has(self, name: str) -> bool:
        """Return whether an attribute has a value other than 0 and empty."""
        return bool(self._decoded.get_attr(name))

    def nested(self, name: str) -> "Attributes | None":
        """Read the attributes in an attribute; None without it."""
        value = self._decoded.get_attr(name)
        if value is None:
            return None
        if not hasattr(value, "get_attr"):
            raise _unsound(value, name, "which is not understood")
        return Attributes(value)

    def each(self, name: str) -> "list[Attributes]":
        """Read the fields of each attribute of a name."""
        values = self._decoded.get_attrs(name)
        for value in values:
            if not hasattr(value, "get_attr"):
                raise _unsound(value, name, "which is not understood")
        return [Attributes(value) for value in values]


def _number(value: object, what: str) -> int:
    if type(value) is not int:
        raise _unsound(value, what, "which is no number")
    return value


def _text(value: object, what: str) -> str:
    if isinstance(value, bytes):  # a name may be any bytes; other texts are UTF-8
        value = value.decode(errors="surrogateescape")
    if not isinstance(value, str):
        raise _unsound(value, what, "which is no text")
    return value


def _address(value: object, what: str) -> Address:
    try:
        return ip_address(_text(value, what))
    except ValueError:
        raise _unsound(value, what, "which is no address") from None


def _unsound(value: object, what: str, why: str) -> CouldNotTest:
    shown = "nothing" if value is None else repr(value)[:80]
    return CouldNotTest(f"the kernel gives {shown} as {what}, {why}")
