"""Calls without a container, each invalid for a reason of its own.

None of them can succeed, as ADD has no namespace. Where a plugin does not report even that as an
error, its answers to the other calls show nothing else.
"""

from collections.abc import Iterable

from podpath.contract import answers
from podpath.contract.answers import Answer, Differences
from podpath.contract.attachments import Attachment
from podpath.contract.subjects import ATTACHING
from podpath.errors import DoesNotConform, Unmet

#: Differences of an answer that is no error at all, or no document.
_UNREPORTED = frozenset({"success", "output"})


def refused(
    absent: Attachment, answer: Answer, *, codes: Iterable[int] = (), naming: str = ""
) -> Differences:
    """Check that an invalid ADD without a container fails with a valid error document.

    Args:
        absent: the attachment, whose namespace does not exist.
        answer: answer to the call.
        codes: error codes that are allowed.
        naming: text that the message or its details must contain.

    Raises:
        Unmet: ADD that is valid but for its namespace succeeds, too, or prints no document either.
    """
    differences = answers.refused(answer, absent.version, codes, naming)
    unreported = {d.kind for d in differences} & _UNREPORTED
    if unreported and absent.subject.role in ATTACHING:
        usual = answers.refused(absent.add()[0], absent.version)
        if unreported <= {d.kind for d in usual}:
            error = DoesNotConform("\n".join(map(str, usual)))
            raise Unmet(error, "CNI-ERROR", "ADD does not report that it failed")
    return differences
