"""Two reports: what regressed, was fixed, is no longer tested, is new or gone. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from podpath.report.outcome import Verdict

REGRESSED, LOST, FIXED = "regressed", "no longer tested", "fixed"
NEW, GONE, OTHERWISE = "new", "gone", "otherwise changed"
#: In the order in which they matter to somebody who releases.
KINDS = (REGRESSED, LOST, NEW, FIXED, GONE, OTHERWISE)

_TESTED = frozenset([Verdict.CONFORMS, Verdict.KNOWN_DEVIATION, Verdict.DOES_NOT_CONFORM])
#: Facts that differ between any two runs.
_OF_ONE_RUN = frozenset(["seed"])


@dataclass(frozen=True, slots=True)
class Change:
    """How a verdict of a requirement or a test changed; NOT_RUN where there is none."""

    name: str
    was: str
    is_: str

    @property
    def kind(self) -> str:
        """One of KINDS; empty if nothing changed."""
        was, is_ = self.was, self.is_
        deviates = (was, is_) == (Verdict.CONFORMS, Verdict.KNOWN_DEVIATION)
        worse = is_ == Verdict.DOES_NOT_CONFORM or deviates
        rules = (
            (was == is_, ""),
            (was == Verdict.NOT_RUN, NEW),
            (is_ == Verdict.NOT_RUN, GONE),
            (is_ == Verdict.COULD_NOT_TEST and was in _TESTED, LOST),
            (worse, REGRESSED),
            (is_ == Verdict.CONFORMS and was in _TESTED, FIXED),
        )
        return next((kind for holds, kind in rules if holds), OTHERWISE)


@dataclass(frozen=True, slots=True)
class Entry:
    """A requirement of which something changed in one way: itself, or some of its tests.

    reason: why it has its verdict now.
    """

    requirement: Change
    tests: tuple[Change, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between two reports.

    entries: for each of KINDS what changed so; features: name -> result that it had and has, of
    those whose result differs; facts: name -> what it was and is, of the suite, the environment
    and the plugins' checksums.
    """

    entries: Mapping[str, tuple[Entry, ...]]
    features: Mapping[str, tuple[str, str]]
    facts: Mapping[str, tuple[str, str]]

    @property
    def worse(self) -> bool:
        """Whether there is something that a release should wait for."""
        new = (
            c.is_
            for entry in self.entries[NEW]
            for c in (entry.requirement, *entry.tests)
            if c.kind
        )
        fails = Verdict.DOES_NOT_CONFORM in list(new)
        return fails or bool(self.entries[REGRESSED] or self.entries[LOST])


def of(old: Mapping[str, Any], new: Mapping[str, Any]) -> Comparison:
    """Compare two reports, the older one first."""
    before, after = _requirements(old), _requirements(new)
    entries: dict[str, list[Entry]] = {kind: [] for kind in KINDS}
    for identifier in dict.fromkeys([*before, *after]):
        for kind, entry in _entries(identifier, before.get(identifier), after.get(identifier)):
            entries[kind].append(entry)
    found = {kind: tuple(some) for kind, some in entries.items()}
    return Comparison(found, _features(old, new), _facts(old, new))


def _features(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    was, is_ = features(old), features(new)
    pairs = {
        n: (was.get(n, Verdict.NOT_RUN), is_.get(n, Verdict.NOT_RUN))
        for n in dict.fromkeys([*was, *is_])
    }
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def features(report: Mapping[str, Any]) -> dict[str, str]:
    """Feature -> result."""
    told = (f for profile in report["profiles"] for f in profile["features"])
    return {feature["name"]: feature["result"] for feature in told}


def _requirements(report: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {r["id"]: r for r in report["requirements"]}


def _entries(
    identifier: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> Iterator[tuple[str, Entry]]:
    """One requirement, once for each way in which it or some of its tests changed."""
    whole = Change(identifier, _verdict(before), _verdict(after))
    was, is_ = _tests(before), _tests(after)
    tests = [
        Change(name, was.get(name, Verdict.NOT_RUN), is_.get(name, Verdict.NOT_RUN))
        for name in dict.fromkeys([*was, *is_])
    ]
    reason = str(after["reason"]) if after else ""
    of_whole = _of_requirement(whole)
    for kind in KINDS:
        alike = tuple(t for t in tests if t.kind == kind)
        if alike or of_whole == kind:
            yield kind, Entry(whole, alike, reason)


def _of_requirement(change: Change) -> str:
    """A requirement that is tested by nothing any more is worse than a test that was renamed."""
    return LOST if change.kind == GONE and change.was in _TESTED else change.kind


def _verdict(requirement: Mapping[str, Any] | None) -> str:
    return Verdict.NOT_RUN if requirement is None else str(requirement["verdict"])


def _tests(requirement: Mapping[str, Any] | None) -> dict[str, str]:
    """Test -> verdict. Where pytest was started is part of a test's id, and says nothing."""
    tests = requirement["tests"] if requirement else []
    return {t["test"].rpartition("/")[2]: t["verdict"] for t in tests}


def _facts(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    was, is_ = facts(old), facts(new)
    known = bool(old["configuration"]) == bool(new["configuration"])
    return {
        name: (was.get(name, "none"), is_.get(name, "none"))
        for name in dict.fromkeys([*was, *is_])
        # what one of them says nothing of at all does not differ
        if was.get(name) != is_.get(name) and (known or (name in was and name in is_))
    }


def facts(report: Mapping[str, Any]) -> dict[str, str]:
    """What a report says of what was tested, by what, on what: name -> text."""
    suite, whose = report["suite"], report["implementation"]
    told = {name: whose[name] for name in ("organisation", "project", "version") if name in whose}
    told["podpath"] = " ".join(filter(None, [suite["version"], suite["commit"]]))
    told |= {k: v for k, v in report["environment"].items() if k not in _OF_ONE_RUN}
    configuration = report["configuration"]
    if conflist := configuration.get("conflist"):
        told["conflist, sha256"] = conflist["sha256"]
    for plugin in configuration.get("plugins", []):
        told[f"plugin {plugin['name']}, sha256"] = plugin["sha256"]
    return told


def document(comparison: Comparison) -> dict[str, Any]:
    """As plain JSON values."""
    return {
        "worse": comparison.worse,
        **{
            kind: [
                {
                    "requirement": entry.requirement.name,
                    "was": entry.requirement.was,
                    "is": entry.requirement.is_,
                    "reason": entry.reason,
                    "tests": [{"test": t.name, "was": t.was, "is": t.is_} for t in entry.tests],
                }
                for entry in entries
            ]
            for kind, entries in comparison.entries.items()
        },
        "features": _pairs(comparison.features),
        "facts": _pairs(comparison.facts),
    }


def _pairs(changed: Mapping[str, tuple[str, str]]) -> dict[str, dict[str, str]]:
    return {name: {"was": was, "is": is_} for name, (was, is_) in changed.items()}


def text(comparison: Comparison) -> str:
    """For a terminal."""
    lines = []
    for kind, entries in comparison.entries.items():
        lines += [f"{kind} ({len(entries)})"] if entries else []
        for entry in entries:
            lines.append(f"  {entry.requirement.name}  {_told(entry.requirement)}")
            if entry.reason and kind in (REGRESSED, LOST, NEW):
                lines.append(f"    {entry.reason}")
            lines += [f"    {t.name}  {_told(t)}" for t in entry.tests]
    lines = lines or ["no verdict differs"]
    if comparison.features:
        lines += ["", "features"]
        lines += [f"  {n}  {was} -> {is_}" for n, (was, is_) in comparison.features.items()]
    if comparison.facts:
        lines += ["", "what was tested, by what, on what"]
        for name, (was, is_) in comparison.facts.items():
            lines += [f"  {name}", f"    - {was}", f"    + {is_}"]
    return "\n".join(lines)


def _told(change: Change) -> str:
    return f"{change.was} -> {change.is_}" if change.kind else f"still {change.is_}"


def markdown(comparison: Comparison) -> str:
    """For the job summary of a CI."""
    parts = []
    for kind, entries in comparison.entries.items():
        if not entries:
            continue
        parts += [f"### {kind.capitalize()} ({len(entries)})", ""]
        parts += ["| requirement | was | is | tests | why |", "|---|---|---|---|---|"]
        parts += [
            _row(
                f"`{entry.requirement.name}`",
                entry.requirement.was,
                entry.requirement.is_,
                str(len(entry.tests)),
                plain(entry.reason),
            )
            for entry in entries
        ]
        parts.append("")
    parts = parts or ["No verdict differs.", ""]
    if comparison.features:
        parts += ["### Features", "", "| | was | is |", "|---|---|---|"]
        parts += [_row(n, *pair) for n, pair in comparison.features.items()] + [""]
    if comparison.facts:
        parts += ["### What was tested, by what, on what", ""]
        parts += ["| | was | is |", "|---|---|---|"]
        parts += [_row(*map(plain, (n, *pair))) for n, pair in comparison.facts.items()]
    return "\n".join(parts).rstrip()


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def plain(value: str) -> str:
    """A text that Markdown leaves as it is, in one line; it may be a plugin's."""
    escaped = "".join(f"\\{c}" if c in r"\`*_{}[]<>()#+-!|~&@" else c for c in value)
    return " ".join(escaped.split())
