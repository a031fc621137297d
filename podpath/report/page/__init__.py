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
from podpath.report import summary
from podpath.report.outcome import Verdict
from podpath.report.page import drawing
from podpath.requirements import GROUPS, REQUIREMENTS, group

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
    checksum = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return str(
        template(_HERE).render(
            report=document,
            whole=summary.of_run(document),
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


def _usually(identifier: str) -> str:
    """Return the usual cause of a failure; empty if this podpath does not know the requirement."""
    return REQUIREMENTS[identifier].usually if identifier in REQUIREMENTS else ""


def _about_feature(name: str) -> str:
    return FEATURES[name].about if name in FEATURES else ""


def _ordered(entries: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Sort requirements or tests, those first that need attention."""
    order = list(SIGNS)
    return sorted(entries, key=lambda entry: order.index(entry["verdict"]))


def _overview(requirements: Sequence[Mapping[str, Any]]) -> tuple[str, Mapping[str, Any]] | None:
    """Choose the test and evidence at the top of the page: of a failure, else of any path."""
    candidates = [
        (test["verdict"] != Verdict.DOES_NOT_CONFORM, number, test["test"], evidence)
        for number, requirement in enumerate(requirements)
        for test in requirement["tests"]
        for evidence in test["evidence"]
        if evidence["paths"] and evidence["topology"]["pods"]
    ]
    if not candidates:
        return None
    _, _, name, evidence = min(candidates, key=lambda c: (c[0], not _telling(c[3]), c[1]))
    return name, evidence


def _telling(evidence: Mapping[str, Any]) -> bool:
    """Return whether a drawing shows more than a pod's path to itself."""
    return any(h["namespace"] == "node" for p in evidence["paths"] for h in p["hops"])
