"""Calls that must fail, each for a reason of its own.

Where a plugin does not even report that ADD has no namespace, or does so in a document that is not
valid, its answers to other calls show nothing else.
"""

from collections.abc import Iterable

from podpath.contract import answers
from podpath.contract.answers import Answer, Differences
from podpath.contract.attachments import Attachment
from podpath.contract.subjects import ATTACHING
from podpath.errors import DoesNotConform, Unmet
from podpath.model import Difference

#: Differences of an answer that is no error at all, or no document.
_SUCCESS, _NO_DOCUMENT = "success", "output"
_CODE = "error code"


def refused(
    attachment: Attachment, answer: Answer, *, codes: Iterable[int] = (), naming: str = ""
) -> Differences:
    """Check that a call that must fail does so, with a valid error document.

    Args:
        attachment: the attachment.
        answer: answer to the call.
        codes: error codes that are allowed.
        naming: text that the message or its details must contain.

    Raises:
        Unmet: ADD that is valid but for its namespace succeeds, too, or has no valid document
            either.
    """
    differences = answers.refused(answer, attachment.version, codes, naming)
    invalid = answers.error_document(answer, attachment.version)
    has_container = attachment.name in attachment.runtime.live
    alike = {_NO_DOCUMENT, _SUCCESS} if not invalid or not has_container else {_NO_DOCUMENT}
    unreported = {_sign(d) for d in differences if d.kind in alike or d in invalid}
    if unreported and attachment.subject.role in ATTACHING:
        absent = Attachment(attachment.runtime, attachment.subject, attachment.version)
        usual = answers.refused(absent.add()[0], attachment.version)
        absent.detach()
        if unreported <= set(map(_sign, usual)):
            error = DoesNotConform("\n".join(map(str, usual)))
            raise Unmet(error, "CNI-ERROR", "ADD does not report that it failed")
    return differences


def any_refused(attachment: Attachment, answered: Iterable[Answer]) -> Differences:
    """Check that at least one of several plugins fails, each with a valid error document.

    Raises:
        Unmet: as of refused.
    """
    return [d for answer in answers.failing(answered) for d in refused(attachment, answer)]


def _sign(difference: Difference) -> tuple[str, str]:
    """Return what two answers of a plugin have in common that lack the same: kind, and the code."""
    return difference.kind, difference.seen if difference.kind == _CODE else ""
