"""A review as JSON, and as text for people. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from typing import Any

from podpath.check import way
from podpath.check.findings import Level, Verdict
from podpath.check.review import Review
from podpath.model.translation import translated

#: Function that returns a sentence in the language of the reader.
Say = Callable[[str], str]


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


def lines(review: Review, language: str = "en", *, quiet: bool = False) -> Iterator[str]:
    """Yield the lines of a review.

    Args:
        review: the review.
        language: language of the sentences.
        quiet: True for mistakes and the verdict alone, as FILE:LINE: TEXT, which editors read.
    """
    say = partial(translated, language=language)
    if not quiet:
        yield from _described(review, say)
        notes = [f for f in review.findings if f.level == Level.NOTE]
        yield from (say(f"  note, {finding}") for finding in notes)
        yield from (say(f"  WRONG, {finding}") for finding in review.mistakes)
    else:
        for finding in review.mistakes:
            remedy = f". {finding.remedy}" if finding.remedy else ""
            yield f"{review.path}:{finding.line}: {say(f'{finding.text}{remedy}')}"
    count = len(review.mistakes)
    number = f" ({count} mistake{'' if count == 1 else 's'})" if count else ""
    parts = [say(f"{review.verdict}{number}"), *([say(review.reason)] if review.reason else [])]
    if review.verdict == Verdict.RIGHT and not review.ways:
        parts = [say(f"{review.verdict}; no path is drawn"), say(review.untested)]
    yield f"{review.path}: {': '.join(parts)}"


def _described(review: Review, say: Say) -> Iterator[str]:
    """Yield the lines on what a configuration does."""
    chain = " -> ".join(plugin for plugin, _ in review.does)
    if not chain:
        return
    name, version = review.name or say("(no name)"), review.version or say("(no version)")
    yield f"{name}   CNI {version}   {chain}"
    width = max(len(plugin) for plugin, _ in review.does)
    for plugin, texts in review.does:
        for number, text in enumerate(texts):
            yield f"  {plugin if not number else '':<{width}}  {say(text)}"
    if review.profile:
        undecided = ", ".join(review.undecided)
        perhaps = f"; the node decides on {undecided}" if undecided else ""
        yield say(f"  profile {review.profile}; features: {', '.join(review.features)}{perhaps}")
    if review.untested and not any(f.text in review.untested for f in review.mistakes):
        yield say(f"  podpath cannot test it: {review.untested}")
    yield from _ways(review, say)


def _ways(review: Review, say: Say) -> Iterator[str]:
    """Yield the drawing of each way, the first one hop by hop as well."""
    for number, (kind, hops) in enumerate(review.ways.items()):
        yield ""
        yield f"  {say(way.TITLES[kind])}"
        yield from (f"    {line}" for line in way.drawing(hops))
        if not number:
            yield ""
            width = max(len(hop.interface) for hop in hops)
            for hop in hops:
                note = ", ".join(map(say, hop.note.split(", ")))
                text = f"    {hop.at:<5}  {hop.interface:<{width}}  {hop.direction:<3}  {note}"
                yield text.rstrip()
    if review.ways:
        yield ""
