"""The violation of a requirement that a failure follows from. Pure."""

from dataclasses import dataclass

from podpath.model import Difference


@dataclass(frozen=True, slots=True)
class Cause:
    """The violation that a failure follows from.

    Attributes:
        requirement: id of the violated requirement.
        consequence: reason why other tests count as not run.
        differences: differences of the violated requirement.
    """

    requirement: str
    consequence: str
    differences: tuple[Difference, ...]
