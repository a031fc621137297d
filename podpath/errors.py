"""Errors that end a test: podpath could not test, or the plugin does not conform.

Both carry one clear sentence. Output and exit status never mix them up.
"""

from collections.abc import Iterator
from contextlib import contextmanager

#: Exit status of pytest if podpath could not test something and everything else conforms.
COULD_NOT_TEST_STATUS = 6


class CouldNotTest(Exception):
    """Failure of podpath itself, which is no statement about the plugin.

    Attributes:
        message: the obstacle and its place.
        remedy: the user's next step; empty if podpath knows none.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}. {self.remedy}" if self.remedy else self.message


class Inconclusive(CouldNotTest):
    """Observation without a complete proof that podpath missed nothing."""


class Overloaded(Inconclusive):
    """Observation of packets that may be missing because the kernel had no room for frames."""


class Forestalled(Inconclusive):
    """Observation of a question that a pod did not ask, as its neighbour had asked it before."""


class Disturbed(Inconclusive):
    """Observation on a node that others use, whose pods may have spoiled it by coming or going."""


class DoesNotConform(Exception):
    """Fault of the plugin that comes before the check of a requirement, for example a failed ADD.

    Attributes:
        message: the fault in one sentence.
        output: text that the plugin printed, as the runtime passed it on.
    """

    def __init__(self, message: str, output: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.output = output

    def __str__(self) -> str:
        return f"{self.message}\n{self.output}" if self.output else self.message


class Hung(DoesNotConform):
    """Call of a plugin that did not end in time."""


class Unmet(DoesNotConform):
    """Fault that violates one requirement, and keeps tests of other requirements from running.

    A test of that requirement does not conform. Every other test is not run because of it.

    Attributes:
        requirement: id of the violated requirement.
        consequence: reason why the other tests are not run.
    """

    def __init__(self, error: DoesNotConform, requirement: str, consequence: str) -> None:
        super().__init__(error.message, error.output)
        self.requirement = requirement
        self.consequence = consequence


@contextmanager
def prerequisite(requirement: str, consequence: str) -> Iterator[None]:
    """Attribute faults of the plugin in the block to one requirement.

    Args:
        requirement: id of the requirement.
        consequence: reason why tests of other requirements are not run.

    Raises:
        Unmet: the plugin does not conform.
    """
    try:
        yield
    except Unmet:
        raise
    except DoesNotConform as error:
        unmet = Unmet(error, requirement, consequence)
        for note in getattr(error, "__notes__", ()):
            unmet.add_note(note)
        raise unmet from None
