"""Render a report as one HTML page without network or other files; only filters need its script.

Texts of plugins may be anything. Jinja escapes them all, and the page's Content-Security-Policy
allows only the page's own script, by its checksum.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from podpath.cni.features import FEATURES
from podpath.paths.kinds import MISSING
from podpath.report import conclusion
from podpath.report.outcome import OF_WHAT_WAS_RUN, Verdict
from podpath.report.page import drawing, topology
from podpath.requirements import GROUPS, REQUIREMENTS, group

#: Failures that the top of the page shows as a whole. It names the others.
_MOST_FAILURES = 3
_HERE = Path(__file__).parent
#: Sign of each verdict, beside its colour. In the order of the page.
SIGNS = {
    Verdict.DOES_NOT_CONFORM: "✕",
    Verdict.COULD_NOT_TEST: "?",
    Verdict.KNOWN_DEVIATION: "≈",
    Verdict.RECOMMENDED: "!",
    Verdict.CONFORMS: "✓",
    Verdict.NOT_APPLICABLE: "−",  # noqa: RUF001
    Verdict.NOT_RUN: "○",
}


def render(document: Mapping[str, Any]) -> str:
    """Render the page of a report of this version."""
    script = _file("page.js")
    failed = [r for r in document["requirements"] if r["verdict"] == Verdict.DOES_NOT_CONFORM]
    checksum = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return str(
        template(_HERE).render(
            report=document,
            whole=conclusion.of(document),
            failures=_failures(failed[:_MOST_FAILURES]),
            more=failed[_MOST_FAILURES:],
            untested=_untested(document["requirements"]),
            title=_title(document),
            style=_file("page.css"),
            script=script,
            script_checksum=checksum,
            groups=GROUPS | {g["name"]: g["name"] for g in document.get("groups", [])},
            group_of=group,
            signs=SIGNS,
            slug=lambda verdict: verdict.replace(",", "").replace(" ", "-"),
            overview=_overview(document["requirements"]),
            usually=_usually,
            about_feature=_about_feature,
            ordered=_ordered,
            drawing=drawing,
            topology=topology,
            result=_result,
            telling=_telling,
        )
    )


@cache
def template(directory: Path) -> Any:
    """Return the template page.html of a directory, which escapes all texts."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(directory),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html")


def _file(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _title(document: Mapping[str, Any]) -> str:
    """Name the implementation, else the tested profile."""
    whose = document["implementation"]
    named = " ".join(whose[k] for k in ("organisation", "project", "version") if k in whose)
    profile = document["environment"].get("profile", "")
    return named or f"A plugin of the profile {profile or 'unknown'}"


def _usually(entry: Mapping[str, Any]) -> str:
    """Return the usual cause of a failure; empty if this podpath does not know the requirement."""
    if entry["id"] not in REQUIREMENTS:
        return ""
    lost = any(d["kind"] == MISSING for test in entry["tests"] for d in test["differences"])
    return REQUIREMENTS[entry["id"]].cause(lost=lost)


def _about_feature(name: str) -> str:
    return FEATURES[name].about if name in FEATURES else ""


def _ordered(entries: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Sort requirements or tests, those first that need attention."""
    order = list(SIGNS)
    return sorted(entries, key=lambda entry: order.index(entry["verdict"]))


def _failures(failed: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Choose for each requirement that does not conform the test that shows it best.

    Returns:
        Entries with `requirement`, `test`, and `evidence` for the drawing: that of the test, or its
        topology; None without both.
    """
    shown: list[Mapping[str, Any]] = []
    for requirement in failed:
        tests = [t for t in requirement["tests"] if t["verdict"] == Verdict.DOES_NOT_CONFORM]
        test = min(tests, key=lambda t: _evidence(t) is None, default=None)
        evidence = _evidence(test) if test else None
        shown.append({"requirement": requirement, "test": test, "evidence": evidence})
    return shown


def _untested(requirements: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[str]]]:
    """List each reason why something could not be tested, with the ids of its requirements.

    The reason of most requirements comes first: a node that does not start has one for all.
    """
    ids: dict[str, list[str]] = {}
    for one in requirements:
        if one["verdict"] == Verdict.COULD_NOT_TEST:
            ids.setdefault(one["reason"], []).append(one["id"])
    return sorted(ids.items(), key=lambda entry: -len(entry[1]))


def _evidence(test: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what a drawing of a failure shows; None if the report has nothing to draw."""
    of_packets: list[Mapping[str, Any]]
    of_packets = [e for e in test["evidence"] if e["paths"] and e["topology"]["pods"]]
    if of_packets:
        return next((e for e in reversed(of_packets) if e["differences"]), of_packets[-1])
    if not test.get("topology", {}).get("pods"):
        return None
    nothing: dict[str, Any] = {"paths": [], "frames": [], "shown": []}
    return nothing | {"topology": test["topology"], "differences": test["differences"]}


def _result(entry: Mapping[str, Any]) -> str:
    """Put the result of a group or a feature into words that agree with the verdict of the run."""
    counts = entry["counts"]
    bad = (Verdict.DOES_NOT_CONFORM, Verdict.COULD_NOT_TEST)
    if entry["result"] in (Verdict.NOT_RUN, Verdict.NOT_APPLICABLE):
        return str(entry["result"])
    if verdict := next((v for v in bad if counts.get(v, 0)), None):
        return str(verdict)
    part = counts.get(Verdict.NOT_RUN, 0)
    return f"{Verdict.CONFORMS}, {OF_WHAT_WAS_RUN}" if part else str(Verdict.CONFORMS)


def _overview(requirements: Sequence[Mapping[str, Any]]) -> tuple[str, Mapping[str, Any]] | None:
    """Choose the test and evidence that show a path, where no failure does."""
    candidates = [
        (number, test["test"], evidence)
        for number, requirement in enumerate(requirements)
        for test in requirement["tests"]
        for evidence in test["evidence"]
        if evidence["paths"] and evidence["topology"]["pods"]
    ]
    if not candidates:
        return None
    _, name, evidence = min(candidates, key=lambda c: (not _telling(c[2]), c[0]))
    return name, evidence


def _telling(evidence: Mapping[str, Any]) -> bool:
    """Return whether a drawing shows more than a pod's path to itself."""
    return any(h["namespace"] == "node" for p in evidence["paths"] for h in p["hops"])
