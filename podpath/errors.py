"""Errors that end a test: podpath could not test, or the plugin does not conform.

Both carry one clear sentence. Output and exit status never mix them up.
"""

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
