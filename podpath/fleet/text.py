"""The report of a fleet as text for a terminal. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from podpath.fleet import document as documents
from podpath.fleet.compare import Comparison
from podpath.fleet.document import Group
from podpath.report.outcome import OF_WHAT_WAS_RUN, Verdict

#: Verdict -> what one node does, and what several do.
_PREDICATES = {
    Verdict.CONFORMS: ("conforms", "conform"),
    Verdict.DOES_NOT_CONFORM: ("does not conform", "do not conform"),
    Verdict.COULD_NOT_TEST: ("could not be tested", "could not be tested"),
}
#: Most names of nodes in a line.
_MOST_NAMES = 8
#: Most characters of a reason.
_MOST = 200


def report(document: Mapping[str, Any]) -> str:
    """Format a fleet's report: the groups of nodes, what they disagree on, and the verdict."""
    lines: list[str] = []
    for group in documents.groups(document):
        lines += [*_group(group), ""]
    if disagreements := documents.disagreements(document):
        lines.append("Nodes disagree on:")
        lines += [f"  {line}" for i, by in disagreements.items() for line in _split(i, by)]
        lines.append("")
    return "\n".join([*lines, verdict(document)])


def verdict(document: Mapping[str, Any]) -> str:
    """Format the last line: the verdict of the fleet, and how many nodes have each."""
    return f"podpath fleet: {words(document)}   {counts(document)}"


def words(document: Mapping[str, Any]) -> str:
    """Return the verdict of the fleet, in capitals."""
    selected = any(node["selected"] for node in document["nodes"])
    of = f"{OF_WHAT_WAS_RUN}, " if selected else ""
    return f"{of}{document['verdict']}".upper()


def counts(document: Mapping[str, Any]) -> str:
    """Return how many nodes have each verdict."""
    numbers = Counter(node["verdict"] for node in document["nodes"])
    counted = ", ".join(f"{n} {_PREDICATES.get(v, (v, v))[n > 1]}" for v, n in numbers.items())
    broken = "" if document["complete"] else "; the run was broken off"
    nodes = f"{numbers.total()} node{'s' * (numbers.total() != 1)}"
    return f"{nodes}: {counted or 'no nodes'}{broken}"


def _group(group: Group) -> Iterator[str]:
    yield f"{group.verdict}: {_names(group.nodes)}"
    if group.facts:
        yield "  " + ", ".join(f"{name} {text}" for name, text in group.facts.items())
    if group.reason:
        yield f"  {_short(group.reason)}"
    for identifier, reason in group.failed.items():
        yield f"  {identifier}: {_short(reason)}"


def _split(identifier: str, by_verdict: Mapping[str, Sequence[str]]) -> Iterator[str]:
    parts = [f"{name}: {_names(nodes)}" for name, nodes in by_verdict.items()]
    yield f"{identifier}  {'; '.join(parts)}"


def _names(nodes: Sequence[str]) -> str:
    shown = ", ".join(nodes[:_MOST_NAMES])
    more = len(nodes) - _MOST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MOST else f"{line[:_MOST]} …"


def comparison(changes: Comparison) -> str:
    """Format what changed between two reports of a fleet."""
    lines = []
    for change in changes.nodes:
        facts = ", ".join(f"{n}: {a} -> {b}" for n, (a, b) in change.facts.items())
        lines.append(f"{change.node}: {change.was} -> {change.is_}")
        lines += [f"  {i}: {was} -> {is_}" for i, (was, is_) in change.requirements.items()]
        lines += [f"  {facts}"] * bool(facts)
    return "\n".join(lines or ["nothing changed"])
