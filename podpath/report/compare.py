"""Compare two reports: regressions, fixes, lost tests, and new or removed ones. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from podpath.report.outcome import Verdict

REGRESSED, LOST, FIXED = "regressed", "no longer tested", "fixed"
NEW, GONE, OTHERWISE = "new", "gone", "otherwise changed"
#: In the order of their weight for a release.
KINDS = (REGRESSED, LOST, NEW, FIXED, GONE, OTHERWISE)

_TESTED = frozenset(
    [Verdict.CONFORMS, Verdict.RECOMMENDED, Verdict.KNOWN_DEVIATION, Verdict.DOES_NOT_CONFORM]
)
#: Kinds of change that a terminal shows with the reason.
_EXPLAINED = frozenset([REGRESSED, LOST, NEW, OTHERWISE])
#: Facts that always differ between two runs.
_OF_ONE_RUN = frozenset(["seed"])


@dataclass(frozen=True, slots=True)
class Change:
    """Verdicts of a requirement or a test in two reports.

    Attributes:
        name: id of the requirement, or of the test.
        was: verdict in the older report; NOT_RUN if it has none.
        is_: verdict in the newer report; NOT_RUN if it has none.
    """

    name: str
    was: str
    is_: str

    @property
    def kind(self) -> str:
        """Kind of change, one of KINDS; empty if nothing changed."""
        was, is_ = self.was, self.is_
        conformed = was in (Verdict.CONFORMS, Verdict.RECOMMENDED)
        deviates = conformed and is_ == Verdict.KNOWN_DEVIATION
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
    """Requirement with one kind of change: its own, that of some of its tests, or both.

    Attributes:
        requirement: the requirement's own change.
        tests: its tests with that kind of change.
        reason: reason for its verdict in the newer report.
    """

    requirement: Change
    tests: tuple[Change, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Differences between two reports.

    Attributes:
        entries: each of KINDS -> requirements with that kind of change.
        features: name -> (older, newer) result of each feature whose result differs.
        facts: name -> (older, newer) text of each fact that differs: about the suite, the
            environment and the plugins' checksums.
    """

    entries: Mapping[str, tuple[Entry, ...]]
    features: Mapping[str, tuple[str, str]]
    facts: Mapping[str, tuple[str, str]]

    @property
    def worse(self) -> bool:
        """True if a change should hold up a release."""
        new = (
            c.is_
            for entry in self.entries[NEW]
            for c in (entry.requirement, *entry.tests)
            if c.kind
        )
        fails = Verdict.DOES_NOT_CONFORM in list(new)
        return fails or bool(self.entries[REGRESSED] or self.entries[LOST])


def of(old: Mapping[str, Any], new: Mapping[str, Any]) -> Comparison:
    """Compare two reports."""
    before, after = _requirements(old), _requirements(new)
    entries: dict[str, list[Entry]] = {kind: [] for kind in KINDS}
    for identifier in dict.fromkeys([*before, *after]):
        for kind, entry in _entries(identifier, before.get(identifier), after.get(identifier)):
            entries[kind].append(entry)
    by_kind = {kind: tuple(of_kind) for kind, of_kind in entries.items()}
    return Comparison(by_kind, _features(old, new), _facts(old, new))


def _features(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    was, is_ = features(old), features(new)
    pairs = {
        n: (was.get(n, Verdict.NOT_RUN), is_.get(n, Verdict.NOT_RUN))
        for n in dict.fromkeys([*was, *is_])
    }
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def features(report: Mapping[str, Any]) -> dict[str, str]:
    """Return the result of each feature of a report, and of each group of a vendor's own."""
    features = [f for profile in report["profiles"] for f in profile["features"]]
    return {result["name"]: result["result"] for result in (*features, *report.get("groups", []))}


def _requirements(report: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {r["id"]: r for r in report["requirements"]}


def _entries(
    identifier: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> Iterator[tuple[str, Entry]]:
    """Yield one entry for each kind of change of a requirement or its tests."""
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
    """Return the kind of a requirement's own change.

    A requirement that lost all its tests weighs more than a test with a new name.
    """
    return LOST if change.kind == GONE and change.was in _TESTED else change.kind


def _verdict(requirement: Mapping[str, Any] | None) -> str:
    return Verdict.NOT_RUN if requirement is None else str(requirement["verdict"])


def _tests(requirement: Mapping[str, Any] | None) -> dict[str, str]:
    """Return test -> verdict. Ids lose their directory, which depends on where pytest ran."""
    tests = requirement["tests"] if requirement else []
    return {t["test"].rpartition("/")[2]: t["verdict"] for t in tests}


def _facts(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    was, is_ = facts(old), facts(new)
    known = bool(old["configuration"]) == bool(new["configuration"])
    return {
        name: (was.get(name, "none"), is_.get(name, "none"))
        for name in dict.fromkeys([*was, *is_])
        # a fact that one report lacks as a whole does not differ
        if was.get(name) != is_.get(name) and (known or (name in was and name in is_))
    }


def facts(report: Mapping[str, Any]) -> dict[str, str]:
    """Collect the facts of a report about plugin, suite and environment: name -> text."""
    suite, whose = report["suite"], report["implementation"]
    texts = {name: whose[name] for name in ("organisation", "project", "version") if name in whose}
    texts["podpath"] = " ".join(filter(None, [suite["version"], suite["commit"]]))
    texts |= {k: v for k, v in report["environment"].items() if k not in _OF_ONE_RUN}
    if chosen := report.get("selection"):
        texts["selection"] = f"{chosen['run']} of {chosen['of']} requirements"
    configuration = report["configuration"]
    if conflist := configuration.get("conflist"):
        texts["conflist, sha256"] = conflist["sha256"]
    for plugin in configuration.get("plugins", []):
        texts[f"plugin {plugin['name']}, sha256"] = plugin["sha256"]
    return texts


def document(comparison: Comparison) -> dict[str, Any]:
    """Convert a comparison to plain JSON values."""
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
    """Format a comparison for a terminal."""
    lines = []
    for kind, entries in comparison.entries.items():
        lines += [f"{kind} ({len(entries)})"] if entries else []
        for entry in entries:
            lines.append(f"  {entry.requirement.name}  {_verdicts(entry.requirement)}")
            if entry.reason and kind in _EXPLAINED:
                lines.append(f"    {entry.reason}")
            lines += [f"    {t.name}  {_verdicts(t)}" for t in entry.tests]
    lines = lines or ["no verdict differs"]
    if comparison.features:
        lines += ["", "features"]
        lines += [f"  {n}  {was} -> {is_}" for n, (was, is_) in comparison.features.items()]
    if comparison.facts:
        lines += ["", "what was tested, by what, on what"]
        for name, (was, is_) in comparison.facts.items():
            lines += [f"  {name}", f"    - {was}", f"    + {is_}"]
    return "\n".join(lines)


def _verdicts(change: Change) -> str:
    return f"{change.was} -> {change.is_}" if change.kind else f"still {change.is_}"


def markdown(comparison: Comparison) -> str:
    """Format a comparison for the job summary of a CI, in Markdown."""
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
        parts += [_row(plain(n), *pair) for n, pair in comparison.features.items()] + [""]
    if comparison.facts:
        parts += ["### What was tested, by what, on what", ""]
        parts += ["| | was | is |", "|---|---|---|"]
        parts += [_row(*map(plain, (n, *pair))) for n, pair in comparison.facts.items()]
    return "\n".join(parts).rstrip()


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def plain(value: str) -> str:
    """Escape a text for Markdown and put it on one line. It may come from a plugin."""
    escaped = "".join(f"\\{c}" if c in r"\`*_{}[]<>()#+-!|~&@" else c for c in value)
    unlinked = escaped.replace("://", r"\://").replace("www.", r"www\.")  # GitHub links bare ones
    return " ".join(unlinked.split())
