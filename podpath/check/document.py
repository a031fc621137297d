"""A review as JSON, and as text for people. Pure."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from podpath.check import way
from podpath.check.findings import Level, Verdict
from podpath.check.review import Review


def of(review: Review) -> dict[str, Any]:
    """Return a review as a JSON object."""
    return {
        "path": review.path,
        "verdict": review.verdict,
        **({"reason": review.reason} if review.reason else {}),
        "name": review.name,
        "cniVersion": review.version,
        "plugins": [{"type": plugin, "does": list(texts)} for plugin, texts in review.does],
        "profile": review.profile,
        "features": list(review.features),
        **({"undecidedFeatures": list(review.undecided)} if review.undecided else {}),
        "paths": {kind: [asdict(hop) for hop in hops] for kind, hops in review.ways.items()},
        **({"cannotTest": review.untested} if review.untested else {}),
        "findings": [asdict(finding) for finding in review.findings],
    }


def lines(review: Review, *, quiet: bool = False) -> Iterator[str]:
    """Yield the lines of a review.

    Args:
        review: the review.
        quiet: True for mistakes and the verdict alone, as FILE:LINE: TEXT, which editors read.
    """
    if not quiet:
        yield from _described(review)
        notes = [f for f in review.findings if f.level == Level.NOTE]
        yield from (f"  note, {finding}" for finding in notes)
        yield from (f"  WRONG, {finding}" for finding in review.mistakes)
    else:
        for finding in review.mistakes:
            remedy = f". {finding.remedy}" if finding.remedy else ""
            yield f"{review.path}:{finding.line}: {finding.text}{remedy}"
    reason = f": {review.reason}" if review.reason else ""
    if review.verdict == Verdict.RIGHT and not review.ways:
        reason = f"; no path is drawn: {review.untested}"
    count = len(review.mistakes)
    number = f" ({count} mistake{'' if count == 1 else 's'})" if count else ""
    yield f"{review.path}: {review.verdict}{number}{reason}"


def _described(review: Review) -> Iterator[str]:
    """Yield the lines on what a configuration does."""
    chain = " -> ".join(plugin for plugin, _ in review.does)
    if not chain:
        return
    yield f"{review.name or '(no name)'}   CNI {review.version or '(no version)'}   {chain}"
    width = max(len(plugin) for plugin, _ in review.does)
    for plugin, texts in review.does:
        for number, text in enumerate(texts):
            yield f"  {plugin if not number else '':<{width}}  {text}"
    if review.profile:
        undecided = ", ".join(review.undecided)
        perhaps = f"; the node decides on {undecided}" if undecided else ""
        yield f"  profile {review.profile}; features: {', '.join(review.features)}{perhaps}"
    if review.untested:
        yield f"  podpath cannot test it: {review.untested}"
    yield from _ways(review)


def _ways(review: Review) -> Iterator[str]:
    """Yield the drawing of each way, the first one hop by hop as well."""
    for number, (kind, hops) in enumerate(review.ways.items()):
        yield ""
        yield f"  {way.TITLES[kind]}"
        yield from (f"    {line}" for line in way.drawing(hops))
        if not number:
            yield ""
            width = max(len(hop.interface) for hop in hops)
            for hop in hops:
                text = f"    {hop.at:<5}  {hop.interface:<{width}}  {hop.direction:<3}  {hop.note}"
                yield text.rstrip()
    if review.ways:
        yield ""
