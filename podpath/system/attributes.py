"""What netlink gives, as sound values, or CouldNotTest. Pure."""

from ipaddress import ip_address
from typing import Any

from podpath.errors import CouldNotTest
from podpath.model import Address


def _shown(value: object) -> str:
    return repr(value)[:80]


def number(value: object, what: str) -> int:
    """A number. Raises CouldNotTest, as all of these do."""
    if type(value) is not int:
        raise CouldNotTest(f"the kernel gives {_shown(value)} as {what}, which is no number")
    return value


def number_if_any(value: object, what: str) -> int | None:
    """A number, or None where there is none."""
    return None if value is None else number(value, what)


def text(value: object, what: str) -> str:
    """A text; bytes are decoded."""
    if isinstance(value, bytes):  # a name may be any bytes; those of others are UTF-8
        value = value.decode(errors="surrogateescape")
    if not isinstance(value, str):
        raise CouldNotTest(f"the kernel gives {_shown(value)} as {what}, which is no text")
    return value


def nested(message: Any, name: str) -> Any:
    """Attributes in an attribute, or None."""
    found = message.get_attr(name)
    if found is not None and not hasattr(found, "get_attr"):
        raise CouldNotTest(f"the kernel gives {_shown(found)} as {name}, which is not understood")
    return found


def ip(value: object, what: str) -> Address:
    """An address from its text."""
    try:
        return ip_address(text(value, what))
    except ValueError:
        raise CouldNotTest(
            f"the kernel gives {_shown(value)} as {what}, which is no address"
        ) from None
