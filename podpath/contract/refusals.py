"""Calls of ADD that must fail, each for a reason of its own.

Where a plugin does not even report that ADD has no namespace, its answers to other calls show
nothing else.
"""

from collections.abc import Iterable

from podpath.contract import answers
from podpath.contract.answers import Answer, Differences
from podpath.contract.attachments import Attachment
from podpath.contract.subjects import ATTACHING
from podpath.errors import DoesNotConform, Unmet

#: Differences of an answer that is no error at all, or no document.
_SUCCESS, _NO_DOCUMENT = "success", "output"


def refused(
    attachment: Attachment, answer: Answer, *, codes: Iterable[int] = (), naming: str = ""
) -> Differences:
    """Check that an invalid ADD fails with a valid error document.

    Args:
        attachment: the attachment.
        answer: answer to the call.
        codes: error codes that are allowed.
        naming: text that the message or its details must contain.

    Raises:
        Unmet: ADD that is valid but for its namespace succeeds, too, or prints no document either.
    """
    differences = answers.refused(answer, attachment.version, codes, naming)
    has_container = attachment.name in attachment.runtime.live
    says_error = not answers.error_document(answer, attachment.version)
    alike = {_NO_DOCUMENT, _SUCCESS} if says_error or not has_container else {_NO_DOCUMENT}
    unreported = {d.kind for d in differences} & alike
    if unreported and attachment.subject.role in ATTACHING:
        absent = Attachment(attachment.runtime, attachment.subject, attachment.version)
        usual = answers.refused(absent.add()[0], attachment.version)
        absent.detach()
        if unreported <= {d.kind for d in usual}:
            error = DoesNotConform("\n".join(map(str, usual)))
            raise Unmet(error, "CNI-ERROR", "ADD does not report that it failed")
    return differences
