"""Check values of netlink, and return them typed. Pure.

Every function raises CouldNotTest for a value that is not sound. The parameter `what` names the
value in the error.
"""

from ipaddress import ip_address
from typing import Any

from podpath.errors import CouldNotTest
from podpath.model import Address


def _shown(value: object) -> str:
    return repr(value)[:80]


def number(value: object, what: str) -> int:
    """Return a number.

    Raises:
        CouldNotTest: The value is no number.
    """
    if type(value) is not int:
        raise CouldNotTest(f"the kernel gives {_shown(value)} as {what}, which is no number")
    return value


def number_if_any(value: object, what: str) -> int | None:
    """Return a number; None without a value.

    Raises:
        CouldNotTest: The value is no number.
    """
    return None if value is None else number(value, what)


def text(value: object, what: str) -> str:
    """Return a text; bytes are decoded.

    Raises:
        CouldNotTest: The value is neither text nor bytes.
    """
    if isinstance(value, bytes):  # a name may be any bytes; other texts are UTF-8
        value = value.decode(errors="surrogateescape")
    if not isinstance(value, str):
        raise CouldNotTest(f"the kernel gives {_shown(value)} as {what}, which is no text")
    return value


def nested(message: Any, name: str) -> Any:
    """Return the attributes in an attribute; None without it.

    Raises:
        CouldNotTest: The attribute cannot be decoded.
    """
    found = message.get_attr(name)
    if found is not None and not hasattr(found, "get_attr"):
        raise CouldNotTest(f"the kernel gives {_shown(found)} as {name}, which is not understood")
    return found


def ip(value: object, what: str) -> Address:
    """Return an IP address, read from its text.

    Raises:
        CouldNotTest: The value is no text, or no IP address.
    """
    try:
        return ip_address(text(value, what))
    except ValueError:
        raise CouldNotTest(
            f"the kernel gives {_shown(value)} as {what}, which is no address"
        ) from None
