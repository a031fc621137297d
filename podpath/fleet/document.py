"""The report of a fleet: the verdict of each node, and what nodes disagree on. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from podpath.report.document import digest, first_of
from podpath.report.outcome import OF_WHAT_WAS_RUN, Verdict

Document = dict[str, Any]

KIND, VERSION = "FleetReport", "podpath/fleet-v1"
#: Facts of a node that explain why it differs from others, as reports name them.
FACTS = ("kernel", "machine", "node image", "kubelet", "containerd", "profile", "podpath")
#: Verdicts of a fleet that are no success, the worst first.
_WORST = (Verdict.DOES_NOT_CONFORM, Verdict.COULD_NOT_TEST)


@dataclass(frozen=True, slots=True)
class NodeResult:
    """What came of one node.

    Attributes:
        name: the node's name.
        verdict: verdict of its run.
        reason: why it could not be tested; empty if it was.
        seconds: from its Job's creation to its report.
        facts: name -> text, such as kernel and checksums of plugins.
        verdicts: id of a requirement -> verdict.
        reasons: id of a requirement that needs attention -> reason.
        digest: digest of the node's report; empty without one.
        selected: True if only selected tests were run.
    """

    name: str
    verdict: str
    reason: str = ""
    seconds: float = 0.0
    facts: Mapping[str, str] = field(default_factory=dict)
    verdicts: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    digest: str = ""
    selected: bool = False


def of_report(name: str, report: Mapping[str, Any], seconds: float) -> NodeResult:
    """Keep what the fleet needs of a node's report.

    Args:
        name: the node's name.
        report: the report, which was verified.
        seconds: how long its Job took.
    """
    requirements = report["requirements"]
    attention = {Verdict.DOES_NOT_CONFORM, Verdict.COULD_NOT_TEST, Verdict.RECOMMENDED}
    verdict = report["verdict"].removesuffix(f", {OF_WHAT_WAS_RUN}")
    untested = [r["reason"] for r in requirements if r["verdict"] == Verdict.COULD_NOT_TEST]
    return NodeResult(
        name,
        verdict,
        reason=first_of(untested) if verdict == Verdict.COULD_NOT_TEST else "",
        seconds=round(seconds, 1),
        facts=facts(report),
        verdicts={r["id"]: r["verdict"] for r in requirements},
        reasons={r["id"]: r["reason"] for r in requirements if r["verdict"] in attention},
        digest=report["digest"],
        selected="selection" in report,
    )


def facts(report: Mapping[str, Any]) -> dict[str, str]:
    """Return the facts of a report that may explain why nodes differ."""
    environment = {**report["environment"], "podpath": report["suite"]["version"]}
    found = {name: environment[name] for name in FACTS if name in environment}
    configuration = report["configuration"]
    if conflist := configuration.get("conflist"):
        found["conflist"] = f"sha256 {conflist['sha256'][:16]}"
    for plugin in configuration.get("plugins", []):
        found[f"plugin {plugin['name']}"] = f"sha256 {plugin['sha256'][:16]}"
    return found


def build(
    results: Iterable[NodeResult], date: str, about: Mapping[str, Any], *, complete: bool
) -> Document:
    """Build the report of a fleet, with its digest.

    Args:
        results: what came of each node.
        date: end of the run (RFC 3339).
        about: version, mode, seconds, cluster and requests of the run.
        complete: false for a run that was broken off.
    """
    nodes = [asdict(result) for result in sorted(results, key=lambda result: result.name)]
    verdicts = [node["verdict"] for node in nodes]
    verdict = next((v for v in _WORST if v in verdicts), Verdict.CONFORMS)
    if verdict == Verdict.CONFORMS and not (complete and nodes):
        verdict = Verdict.COULD_NOT_TEST
    document = {
        "apiVersion": VERSION,
        "kind": KIND,
        "date": date,
        "about": dict(about),
        "verdict": str(verdict),
        "complete": complete,
        "nodes": nodes,
    }
    return {**document, "digest": digest(document)}


@dataclass(frozen=True, slots=True)
class Group:
    """Nodes that are alike in all facts, and have the same verdicts.

    Attributes:
        nodes: their names.
        verdict: verdict of each.
        facts: facts that are not the same in all groups: name -> text.
        failed: id of a requirement that they do not meet -> reason at the first of them.
        reason: why they could not be tested; empty if they were.
    """

    nodes: tuple[str, ...]
    verdict: str
    facts: Mapping[str, str]
    failed: Mapping[str, str]
    reason: str = ""


def groups(document: Mapping[str, Any]) -> list[Group]:
    """Group the nodes of a fleet by what differs; groups that need attention come first."""
    nodes = document["nodes"]
    differing = differing_facts(nodes)
    members: dict[str, list[Mapping[str, Any]]] = {}
    for node in nodes:
        key = [
            node["verdict"],
            node["reason"],
            [node["facts"].get(name, "") for name in differing],
            sorted(node["reasons"]),
        ]
        members.setdefault(json.dumps(key), []).append(node)
    order = {Verdict.DOES_NOT_CONFORM: 0, Verdict.COULD_NOT_TEST: 1}
    grouped = [
        Group(
            tuple(node["name"] for node in alike),
            alike[0]["verdict"],
            {n: alike[0]["facts"][n] for n in differing if n in alike[0]["facts"]},
            _of(alike[0], Verdict.DOES_NOT_CONFORM),
            alike[0]["reason"],
        )
        for alike in members.values()
    ]
    return sorted(grouped, key=lambda g: (order.get(Verdict(g.verdict), 2), -len(g.nodes)))


def differing_facts(nodes: Sequence[Mapping[str, Any]]) -> list[str]:
    """List the facts that are not the same on all nodes that were tested."""
    tested = [node for node in nodes if node["facts"]]
    names = dict.fromkeys(name for node in tested for name in node["facts"])
    return [name for name in names if len({node["facts"].get(name) for node in tested}) > 1]


def _of(node: Mapping[str, Any], verdict: str) -> dict[str, str]:
    return {i: reason for i, reason in node["reasons"].items() if node["verdicts"][i] == verdict}


def disagreements(document: Mapping[str, Any]) -> dict[str, dict[str, list[str]]]:
    """Return the requirements that tested nodes disagree on: id -> verdict -> names of nodes."""
    tested = [node for node in document["nodes"] if node["verdicts"]]
    found: dict[str, dict[str, list[str]]] = {}
    for identifier in dict.fromkeys(i for node in tested for i in node["verdicts"]):
        by_verdict: dict[str, list[str]] = {}
        for node in tested:
            verdict = node["verdicts"].get(identifier, Verdict.NOT_RUN)
            by_verdict.setdefault(verdict, []).append(node["name"])
        if len(by_verdict) > 1:
            found[identifier] = by_verdict
    return found


def problems(document: Mapping[str, Any]) -> list[str]:
    """List what shows that a fleet's report is not as podpath wrote it."""
    if document.get("kind") != KIND or document.get("apiVersion") != VERSION:
        return [f"it is no {KIND} of the format {VERSION}"]
    if digest(document) != document.get("digest"):
        return ["it was edited: its digest does not fit"]
    return []
