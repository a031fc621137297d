"""What ends a test other than passing: podpath could not test, or the plugin does not conform.

Both carry one clear sentence; the two are never mixed up, neither in the output nor in the
exit status.
"""

#: Exit status of pytest when nothing failed to conform but something could not be tested.
COULD_NOT_TEST_STATUS = 6


class CouldNotTest(Exception):
    """podpath itself could not do its work; says nothing about the plugin.

    The message says what and where; `remedy` what the user can do about it.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}. {self.remedy}" if self.remedy else self.message


class Inconclusive(CouldNotTest):
    """Something was observed, but the proof that nothing was missed is not complete."""


class DoesNotConform(Exception):
    """The plugin did something wrong before a requirement could be looked at, such as failing ADD.

    `output` is what the plugin printed, as the runtime passed it on.
    """

    def __init__(self, message: str, output: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.output = output

    def __str__(self) -> str:
        return f"{self.message}\n{self.output}" if self.output else self.message
