"""Reasons that many tests share, each told once. Pure."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

#: A reason that begins with the quoted name of a plugin: the rest is the same for several plugins.
_OF_PLUGIN = re.compile(r'"([^"\s]+)" (does not .*)')
#: A reason with what it is of after a colon.
_OF_DETAIL = re.compile(r"(the conflist does not ask for it): (.*)")


@dataclass(frozen=True, slots=True)
class Fold:
    """A reason, and the number of tests that have it.

    Attributes:
        tests: number of tests.
        text: the reason, in one line.
    """

    tests: int
    text: str


def fold(reasons: Iterable[str], most: int = 0) -> list[Fold]:
    """Fold the reasons of tests, the most frequent first.

    Args:
        reasons: reason of each test.
        most: number of folds; the last one then stands for the rest. 0 for all.
    """
    tests: Counter[str] = Counter()
    details: dict[str, list[str]] = {}
    for reason in reasons:
        common, detail = _parts(" ".join(reason.split()))
        tests[common] += 1
        if detail and detail not in details.setdefault(common, []):
            details[common].append(detail)
    folds = [Fold(n, _joined(common, details.get(common, []))) for common, n in tests.most_common()]
    if not 0 < most < len(folds):
        return folds
    rest = folds[most - 1 :]
    number = sum(one.tests for one in rest)
    return [*folds[: most - 1], Fold(number, f"{len(rest)} more reasons, which -v lists")]


def _parts(reason: str) -> tuple[str, str]:
    """Split a reason into what others share, and its own detail."""
    if named := _OF_PLUGIN.fullmatch(reason):
        return named[2], f'"{named[1]}"'
    if detailed := _OF_DETAIL.fullmatch(reason):
        return detailed[1], detailed[2]
    return reason, ""


def _joined(common: str, details: list[str]) -> str:
    if common.startswith("does not "):
        several = common.replace("does not", "do not", 1).replace("; it supports", "; they support")
        return f"{', '.join(details)} {common if len(details) == 1 else several}"
    return f"{common}: {', '.join(details)}" if details else common
