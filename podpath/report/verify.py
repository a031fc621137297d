"""Verify that a report is as podpath wrote it: format, digest and consistency."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from podpath.report.document import digest, groups, profiles, selection
from podpath.report.outcome import Verdict, of_run, of_selection, worst
from podpath.requirements import CORE, Level

#: Verdicts that only a test can have.
_TESTED = frozenset(Verdict) - {Verdict.NOT_APPLICABLE, Verdict.NOT_RUN}
_SCHEMA = Path(__file__).with_name("report.schema.json")


def problems(document: Mapping[str, Any]) -> list[str]:
    """List the problems of a report, a sentence each; none if it is as podpath wrote it."""
    return of_format(document) or [*_of_digest(document), *_of_verdicts(document)]


def of_format(document: Mapping[str, Any]) -> list[str]:
    """List how a report differs from the published format, the first ten of them."""
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(json.loads(_SCHEMA.read_text()))
    try:
        errors = sorted(validator.iter_errors(document), key=lambda e: e.json_path)
        found = [f"{error.json_path}: {error.message[:200]}" for error in errors[:10]]
    except RecursionError:
        return ["$: it is nested too deeply"]
    return found or list(_of_positions(document))


def _of_positions(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the hops that name as earlier ones what are none, which no JSON Schema can exclude."""
    tests = (test for requirement in document["requirements"] for test in requirement["tests"])
    paths = (path for test in tests for one in test["evidence"] for path in one["paths"])
    for path in paths:
        for number, hop in enumerate(path["hops"]):
            if any(earlier >= number for earlier in hop["after"]):
                yield f"hop {number} of the path {path['path']!r} comes after {hop['after']}"


def _of_digest(document: Mapping[str, Any]) -> list[str]:
    expected = digest(document)
    if document["digest"] == expected:
        return []
    return [f"it was edited: its digest is {document['digest']}, and its content's is {expected}"]


def _of_verdicts(document: Mapping[str, Any]) -> list[str]:
    """List verdicts that do not follow from those of the tests.

    Anyone who edits a report can recompute its digest.
    """
    problems = []
    for requirement in document["requirements"]:
        identifier, verdict, tests = (requirement[key] for key in ("id", "verdict", "tests"))
        if tests and verdict != (is_ := worst(t["verdict"] for t in tests)):
            problems.append(f"{identifier} is said to be {verdict!r}, and its tests say '{is_}'")
        elif not tests and verdict not in (Verdict.NOT_RUN, Verdict.NOT_APPLICABLE):
            problems.append(f"{identifier} is said to be {verdict!r}, and has no tests")
        if Verdict.RECOMMENDED in {verdict, *(t["verdict"] for t in tests)} and not (
            requirement.get("level") == Level.SHOULD or "mustSince" in requirement
        ):
            problems.append(f"{identifier} is said to be recommended, and is required")
    requirements, complete = document["requirements"], document["complete"]
    problems += _of_run(document)
    own_complete = complete or document.get("selection", {}).get("ownComplete", False)
    if document.get("groups", []) != groups(requirements, complete=own_complete):
        problems.append("the results of the vendor's groups are not their requirements'")
    for profile in document["profiles"]:
        why = {f["name"]: f["reason"] for f in profile["features"] if f["name"] != CORE}
        problems += [
            f"the feature {f['name']} is said to be not tested, and has tests"
            for f in profile["features"]
            if f["result"] == Verdict.NOT_RUN and _TESTED & {v for v, n in f["counts"].items() if n}
        ]
        expected = profiles(profile["name"], requirements, why, complete=complete)
        if profile not in expected:
            name = profile["name"]
            problems.append(f"the results of the profile {name} are not its requirements'")
    return problems


def _of_run(document: Mapping[str, Any]) -> list[str]:
    """List how the verdict of the run, and what it says of a selection, contradict the tests."""
    requirements, complete = document["requirements"], document["complete"]
    whole = of_run(t["verdict"] for r in requirements for t in r["tests"])
    expected = of_selection(whole) if "selection" in document else str(whole)
    # the requirements of a test that was broken off are unknown
    allowed = (
        {expected} if whole == Verdict.DOES_NOT_CONFORM else {expected, str(Verdict.COULD_NOT_TEST)}
    )
    allowed -= set() if complete else {str(Verdict.CONFORMS)}
    problems = []
    if document["verdict"] not in allowed:
        problems.append(f"the verdict is {document['verdict']!r}, and the tests' is '{expected}'")
    if complete and "selection" in document:
        problems.append("it is of selected tests, and is said to be complete")
    counted = selection(requirements)
    stated = {k: n for k, n in document.get("selection", counted).items() if k in counted}
    if stated != counted:
        problems.append(f"its selection is {stated}, and its tests are {counted}")
    return problems
