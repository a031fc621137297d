"""The base of all messages as typed values. Pure."""

from functools import cached_property
from typing import ClassVar

from podpath.model import Family
from podpath.system.netlink.attributes import Attributes, Decoded
from podpath.system.netlink.framing import Volatile

_FAMILIES = {2: Family.IPV4, 10: Family.IPV6}  # AF_INET, AF_INET6


class Message:
    """A message of the kernel, as typed values.

    A property raises CouldNotTest if the kernel's value is not sound. Messages that are equal are
    shared, so a property whose value takes time to make is kept.

    Attributes:
        NEW: Type of the message, RTM_NEW*; RTM_DEL* is the next number, RTM_GET* the one after.
        FIXED: Size of the part before the attributes, in bytes, if VOLATILE names any.
        VOLATILE: Attributes that no property reads, and that differ each time.
    """

    NEW: ClassVar[int]
    FIXED: ClassVar[int] = 0
    VOLATILE: ClassVar[Volatile] = {}

    def __init__(self, decoded: Decoded) -> None:
        self._attributes = Attributes(decoded)


class FamilyMessage(Message):
    """A message that belongs to a family of addresses."""

    @cached_property
    def family(self) -> Family | None:
        """The IP version; None for all other families, such as MPLS."""
        return _FAMILIES.get(self._family)

    @property
    def _family(self) -> int:
        return self._attributes.field("family", "a family of addresses")
