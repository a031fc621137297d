"""Compare two reports of a fleet, node by node. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from podpath.report.outcome import Verdict

_ABSENT = "absent"
#: Verdicts that count as no failure.
_WELL = frozenset([Verdict.CONFORMS, Verdict.RECOMMENDED, Verdict.KNOWN_DEVIATION])


@dataclass(frozen=True, slots=True)
class NodeChange:
    """What changed at a node.

    Attributes:
        node: its name.
        was: verdict in the older report; "absent" if it has none.
        is_: verdict in the newer report; "absent" if it has none.
        requirements: id -> (older, newer) verdict, if they differ.
        facts: name -> (older, newer) text, if they differ.
    """

    node: str
    was: str
    is_: str
    requirements: Mapping[str, tuple[str, str]]
    facts: Mapping[str, tuple[str, str]]

    @property
    def worse(self) -> bool:
        """True if something that was well is not any more, or a new node does not conform."""
        if self.is_ == _ABSENT:
            return False
        whole = self.is_ not in _WELL and (self.was in _WELL or self.was == _ABSENT)
        return whole or any(
            was in _WELL and is_ in (Verdict.DOES_NOT_CONFORM, Verdict.COULD_NOT_TEST)
            for was, is_ in self.requirements.values()
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed between two reports of a fleet.

    Attributes:
        nodes: the nodes that changed, in the order of their names.
    """

    nodes: tuple[NodeChange, ...]

    @property
    def worse(self) -> bool:
        """True if a node got worse."""
        return any(change.worse for change in self.nodes)


def of(old: Mapping[str, Any], new: Mapping[str, Any]) -> Comparison:
    """Compare two reports."""
    before = {node["name"]: node for node in old["nodes"]}
    after = {node["name"]: node for node in new["nodes"]}
    changes = [
        _change(name, before.get(name), after.get(name)) for name in sorted({*before, *after})
    ]
    return Comparison(tuple(c for c in changes if c is not None))


def _change(
    name: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None
) -> NodeChange | None:
    if old is None or new is None:
        verdicts = [_ABSENT if node is None else node["verdict"] for node in (old, new)]
        return NodeChange(name, verdicts[0], verdicts[1], {}, {})
    requirements = _pairs(old["verdicts"], new["verdicts"], Verdict.NOT_RUN)
    facts = _pairs(old["facts"], new["facts"], _ABSENT)
    if old["verdict"] == new["verdict"] and not requirements and not facts:
        return None
    return NodeChange(name, old["verdict"], new["verdict"], requirements, facts)


def _pairs(
    old: Mapping[str, str], new: Mapping[str, str], missing: str
) -> dict[str, tuple[str, str]]:
    pairs = {
        name: (old.get(name, missing), new.get(name, missing))
        for name in dict.fromkeys([*old, *new])
    }
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
