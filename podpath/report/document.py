"""Build the report, by requirement, for machines. Pure, but for writing the files.

The format is published as report.schema.json.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from podpath.cni.features import WAIVED
from podpath.errors import CouldNotTest
from podpath.model.language import LANGUAGES
from podpath.report.outcome import Outcome, Verdict, of_run, of_selection, worst
from podpath.requirements import (
    CORE,
    GROUPS,
    REQUIREMENTS,
    VENDOR,
    Ability,
    Requirement,
    group,
    in_language,
)

VERSION = "podpath/v2"
KIND = "ConformanceReport"
#: Name of the report's file in its directory.
NAME = "report.json"

SUCCESS, PARTIAL, FAILURE = "success", "partial", "failure"


@dataclass(frozen=True, slots=True)
class TestResult:
    """Result of one test.

    Attributes:
        test: id of the test, as pytest shows it.
        requirements: ids of the requirements that it checks.
        outcome: its verdict, with the reason.
        seconds: its duration in seconds.
        differences: its differences, as evidence.difference() converts them.
        evidence: its observations, as evidence.of() converts them.
        environment: facts about the node that it ran on: name -> text.
        features: features for which it counts.
        topology: interfaces, as evidence.topology() converts them, of a finding without packets.
    """

    __test__ = False  # not a test class, whatever pytest thinks of its name

    test: str
    requirements: tuple[str, ...]
    outcome: Outcome
    seconds: float = 0.0
    differences: Sequence[Mapping[str, Any]] = field(default_factory=list)
    evidence: Sequence[Mapping[str, Any]] = field(default_factory=list)
    environment: Mapping[str, str] = field(default_factory=dict)
    features: tuple[str, ...] = (CORE,)
    topology: Mapping[str, Any] = field(default_factory=dict)

    def values(self) -> dict[str, Any]:
        """Convert the result to printable JSON values, which xdist sends between its processes."""
        own = {name: getattr(self, name) for name in self.__slots__}  # no deep copy of evidence
        return dict(printable({**own, "outcome": asdict(self.outcome)}))

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> "TestResult":
        """Read a result from the values that values() returned."""
        lists = {name: tuple(values[name]) for name in ("requirements", "features")}
        return cls(**{**values, **lists, "outcome": Outcome(**values["outcome"])})


@dataclass(frozen=True, slots=True)
class About:
    """Facts about a run that its report has besides the results.

    Attributes:
        commit: commit of podpath; empty if it is unknown.
        date: end of the run (RFC 3339).
        implementation: the plugin's organisation, project, version and contact.
        configuration: the conflist, and the plugins with their checksums.
        command: command that repeats the run.
        broken_off: true if not all tests that were selected were run.
        selected: true if the user selected some of the tests.
        own_selected: true if the user selected some of the vendor's own tests.
        features: feature -> reason why it is not tested; empty if it is tested.
        abilities: abilities of the kind of node.
        requirements: the vendor's own requirements.
    """

    commit: str = ""
    date: str = ""
    implementation: Mapping[str, Any] = field(default_factory=dict)
    configuration: Mapping[str, Any] = field(default_factory=dict)
    command: str = ""
    broken_off: bool = False
    selected: bool = False
    own_selected: bool = False
    features: Mapping[str, str] = field(default_factory=dict)
    abilities: Ability = ~Ability.NONE
    requirements: tuple[Requirement, ...] = ()

    @property
    def complete(self) -> bool:
        """True if all tests were run that there are."""
        return not self.broken_off and not self.selected

    @property
    def own_complete(self) -> bool:
        """True if all of the vendor's own tests were run, whatever was run of the suite."""
        return not self.broken_off and not self.own_selected


def build(
    results: Iterable[TestResult],
    environment: Mapping[str, str],
    version: str,
    about: About | None = None,
) -> dict[str, Any]:
    """Build the report document with its digest. It has all requirements, even untested ones.

    Args:
        results: results of the tests.
        environment: facts about the run: name -> text.
        version: version of podpath.
        about: further facts about the run.
    """
    about = about or About()
    collected = list(results)
    nodes = [dict(r.environment) for r in collected if r.environment]
    facts = {**environment, **(nodes[0] if nodes else {})}
    node = environment.get("node", "")
    requirements = [
        _requirement(
            requirement,
            [r for r in collected if requirement.id in r.requirements],
            node,
            about.abilities,
            about.features.get(requirement.feature, ""),
        )
        for requirement in (*REQUIREMENTS.values(), *about.requirements)
    ]
    vendor = groups(requirements, complete=about.own_complete)
    profile = facts.get("profile", "")
    document = printable(
        {
            "apiVersion": VERSION,
            "kind": KIND,
            "date": about.date,
            "implementation": dict(about.implementation),
            "suite": {"name": "podpath", "version": version, "commit": about.commit},
            "environment": facts,
            "configuration": dict(about.configuration),
            # some tests end before their requirements are known; they count here, too
            "verdict": _of_run(of_run(r.outcome.verdict for r in collected), about),
            "complete": about.complete,
            **_selection(requirements, about),
            "profiles": profiles(profile, requirements, about.features, complete=about.complete),
            **({"groups": vendor} if vendor else {}),
            "requirements": requirements,
            "reproduce": {"command": about.command, "seed": facts.get("seed", "")},
        }
    )
    return sealed(document)


def _of_run(verdict: Verdict, about: About) -> str:
    """Return the verdict of a run, which says that the plugin conforms only if all was run."""
    if about.broken_off:
        return Verdict.COULD_NOT_TEST if verdict == Verdict.CONFORMS else verdict
    return of_selection(verdict) if about.selected else verdict


def _selection(requirements: Sequence[Mapping[str, Any]], about: About) -> dict[str, Any]:
    if not about.selected or about.broken_off:
        return {}
    own = {"ownComplete": about.own_complete} if about.requirements else {}
    return {"selection": {**selection(requirements), **own}}


def selection(requirements: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Count the requirements of which a test was run, and all of them."""
    return {"run": sum(bool(r["tests"]) for r in requirements), "of": len(requirements)}


def _requirement(
    requirement: Requirement,
    results: list[TestResult],
    node: str,
    abilities: Ability,
    untested: str,
) -> dict[str, Any]:
    """Build the entry of one requirement.

    Args:
        requirement: the requirement.
        results: results of its tests.
        node: kind of node.
        abilities: abilities of the kind of node; some requirements need one.
        untested: reason why its feature is not tested; empty if it is tested.
    """
    verdict: str = worst(r.outcome.verdict for r in results)
    ordered = sorted(results, key=lambda r: r.test)
    why = _reason(verdict, ordered)
    if requirement.needs not in abilities:
        verdict, why = Verdict.NOT_APPLICABLE, f"it cannot be looked at on the {node} node"
    elif untested and not results:
        verdict, why = Verdict.NOT_RUN if untested == WAIVED else Verdict.NOT_APPLICABLE, untested
    return {
        "id": requirement.id,
        "feature": requirement.feature,
        "title": requirement.title,
        **_titles(requirement),
        "level": requirement.level,
        **({"mustSince": requirement.must_since} if requirement.must_since else {}),
        **({"source": requirement.source} if requirement.source else {}),
        "sentence": requirement.sentence,
        "verdict": verdict,
        "reason": why,
        "tests": [
            {
                "test": r.test,
                "features": list(r.features),
                "verdict": r.outcome.verdict,
                "reason": r.outcome.text,
                **({"follows": r.outcome.follows} if r.outcome.follows else {}),
                "seconds": round(r.seconds, 3),
                "differences": r.differences,
                **({"topology": r.topology} if r.topology else {}),
                "evidence": r.evidence,
            }
            for r in ordered
        ],
    }


def _titles(requirement: Requirement) -> dict[str, Any]:
    """Build the titles in other languages than English: a vendor's own requirement has none."""
    translated = {name: in_language(requirement, name).title for name in LANGUAGES[1:]}
    others = {name: title for name, title in translated.items() if title != requirement.title}
    return {"titles": others} if others else {}


def _reason(verdict: str, results: Sequence[TestResult]) -> str:
    """Return the reason for a requirement's verdict: that of its first test with the verdict."""
    if verdict == Verdict.CONFORMS:
        return ""
    outcomes = [r.outcome for r in results if r.outcome.verdict == verdict]
    return first_of(o.headline for o in outcomes) or "no test of it was run"


def first_of(reasons: Iterable[str]) -> str:
    """Return the first reason, with the number of different ones after it; empty without any."""
    different = list(dict.fromkeys(reasons))
    more = len(different) - 1
    return f"{different[0]} (and {more} more)" if more > 0 else "".join(different)


def profiles(
    name: str,
    requirements: Sequence[Mapping[str, Any]],
    features: Mapping[str, str],
    *,
    complete: bool,
) -> list[dict[str, Any]]:
    """Build the results of the tested profile, by feature and group.

    Args:
        name: name of the profile; if it is empty, the list is.
        requirements: entries of the requirements.
        features: feature -> reason why it is not tested; empty if it is tested.
        complete: false if not all tests were run.
    """
    if not name:
        return []
    waived = [Verdict.NOT_RUN] * (WAIVED in features.values())  # no requirement is of IPv6 alone
    verdicts = [r["verdict"] for r in requirements if r["feature"] != VENDOR]
    whole = _counted(verdicts, complete) | {
        "result": overall([*verdicts, *waived], complete=complete)
    }
    lanes = {CORE: "", **features}
    by_feature = [_feature(lane, requirements, why, complete) for lane, why in lanes.items()]
    return [{"name": name, **whole, "features": by_feature}]


def groups(requirements: Sequence[Mapping[str, Any]], *, complete: bool) -> list[dict[str, Any]]:
    """Build the results of a vendor's own requirements, by group: no profile counts them.

    Args:
        requirements: entries of all requirements.
        complete: false if not all of the vendor's own tests were run.
    """
    verdicts: dict[str, list[str]] = {}
    for requirement in requirements:
        if requirement["feature"] == VENDOR:
            verdicts.setdefault(group(requirement["id"]), []).append(requirement["verdict"])
    return [{"name": name, **_counted(some, complete)} for name, some in verdicts.items()]


def _feature(
    name: str, requirements: Sequence[Mapping[str, Any]], untested: str, complete: bool
) -> dict[str, Any]:
    """Build the results of the tests that count for a feature, or the reason for having none."""
    verdicts = {r["id"]: v for r in requirements if (v := _verdict_in(name, r))}
    counted = _counted(list(verdicts.values()), complete)
    if not untested and counted["result"] in (Verdict.NOT_RUN, Verdict.NOT_APPLICABLE):
        own = (r["reason"] for r in requirements if r["feature"] == name != CORE)
        untested = next(filter(None, own), "no test of it was run")
    members = {p: [v for i, v in verdicts.items() if group(i) == p] for p in GROUPS}
    return {
        "name": name,
        **counted,
        **({"result": Verdict.NOT_RUN} if untested else {}),
        "reason": untested,
        "groups": [{"name": n, **_counted(some, complete)} for n, some in members.items() if some],
    }


def _verdict_in(feature: str, requirement: Mapping[str, Any]) -> str:
    """Return a requirement's verdict by its tests for a feature; empty if it is not part of it."""
    verdicts = [t["verdict"] for t in requirement["tests"] if feature in t["features"]]
    if verdicts or requirement["feature"] != feature:
        return worst(verdicts) if verdicts else ""
    return Verdict.NOT_RUN if requirement["tests"] else str(requirement["verdict"])


def _counted(verdicts: Sequence[str], complete: bool) -> dict[str, Any]:
    return {
        "result": overall(verdicts, complete=complete),
        "counts": {verdict: verdicts.count(verdict) for verdict in Verdict},
    }


def overall(verdicts: Iterable[str], *, complete: bool = True) -> str:
    """Return the result of several requirements.

    Returns:
        SUCCESS if each applicable requirement conforms or is a recommendation, FAILURE if one does
        not conform, PARTIAL otherwise; "not applicable" if none applies, "not run" if no test ran.
    """
    given = set(verdicts) - {Verdict.NOT_APPLICABLE}
    if not given:
        return Verdict.NOT_APPLICABLE
    if given == {Verdict.NOT_RUN}:
        return Verdict.NOT_RUN
    if Verdict.DOES_NOT_CONFORM in given:
        return FAILURE
    good = given <= {Verdict.CONFORMS, Verdict.RECOMMENDED}
    return SUCCESS if good and complete else PARTIAL


def sealed(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with its current digest, which replaces any older one."""
    return {**{k: v for k, v in document.items() if k != "digest"}, "digest": digest(document)}


def digest(document: Mapping[str, Any]) -> str:
    """Compute the checksum of a document without its digest, which reveals edits.

    It is the SHA-256 of its JSON with sorted keys and without white space, in UTF-8.
    """
    rest = {key: value for key, value in document.items() if key != "digest"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def printable(value: Any) -> Any:
    """Escape all texts of a JSON value that cannot be encoded, or that control a terminal.

    Names of interfaces, leases and the output of a plugin may be any bytes.
    """
    if type(value) is str and value.isprintable():  # nearly all texts, and far faster
        return value
    if isinstance(value, str):
        return "\n".join(map(_printable_line, value.split("\n")))
    if isinstance(value, dict):
        return {printable(key): printable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [printable(inner) for inner in value]
    return value


def _printable_line(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() or c == "\t" else _escaped(c) for c in line)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def write(directory: Path, document: Mapping[str, Any]) -> Path:
    """Write report.json, and return its path.

    Raises:
        CouldNotTest: the directory or the file cannot be written.
    """
    path = directory / NAME
    try:
        directory.mkdir(parents=True, exist_ok=True)
        path.write_text(_text(document), encoding="utf-8")
    except OSError as error:
        raise CouldNotTest(
            f"the report {path} cannot be written: {error.strerror}",
            "Name a writable directory with --podpath-report",
        ) from None
    return path


def _text(document: Mapping[str, Any]) -> str:
    """Format a document with one line for each member, which sed finds, and for each requirement.

    With an indentation, Python's json takes ten times as long.
    """
    entries = (_line(entry) for entry in document["requirements"])
    lines = {name: _line(value) for name, value in document.items()}
    lines["requirements"] = "[\n{}\n]".format(",\n".join(entries))
    members = (f" {_line(name)}: {value}" for name, value in lines.items())
    return "{{\n{}\n}}\n".format(",\n".join(members))


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def forget(directory: Path) -> None:
    """Remove the report of an earlier run, lest it is taken for that of a run that never began.

    Raises:
        CouldNotTest: it cannot be removed.
    """
    path = directory / NAME
    try:
        path.unlink(missing_ok=True)
    except NotADirectoryError:  # said by the check of the directory
        pass
    except OSError as error:
        raise CouldNotTest(
            f"the report {path} of an earlier run cannot be removed: {error.strerror}",
            "Name a writable directory with --podpath-report",
        ) from None
