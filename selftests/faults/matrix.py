"""The fault matrix: faults by requirements, what was seen in each, and what it amounts to."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from podpath import requirements
from podpath.nodes.embedded.kind import Embedded
from podpath.paths import hooked
from podpath.report.outcome import Verdict
from podpath.requirements import Level
from podpath.system import drops
from selftests.faults.fault import NOT_MET, Fault
from selftests.suite import Run

#: Those that can be looked at on the node that the matrix is made on.
REQUIREMENTS = {i: r for i, r in requirements.REQUIREMENTS.items() if Embedded.can_test(r)}
_TOPOLOGY = frozenset(i for i in REQUIREMENTS if i.startswith("TOPO-"))
#: What most kinds of fault would turn red besides, if it were easily turned.
_ALWAYS = frozenset({"TOPO-BRIDGE-PORT", "TOPO-RESULT", "PATH-ICMP"})
#: Requirements that look at the same wiring again, send the same packets again, or search for the
#: same remains again: by the group of those that a fault must turn red. They may follow, unless
#: the fault names them as near.
_AGAIN = {
    "TOPO-": frozenset({"LIFE-OTHERS", "LIFE-PARALLEL"}),
    "PATH-": frozenset(
        {
            *("PATH-BYSTANDER", "PATH-UNCHANGED", "PATH-SIZE", "PATH-MTU", "PATH-CONCURRENT"),
            # twice, and one of them may meet with what comes now and then
            "PATH-CONTAINER",
            *("PATH-MASQUERADE", "PATH-PORTMAP", "LIFE-PORTMAP"),
            *("LIFE-OTHERS", "LIFE-SURVIVOR", "LIFE-REUSE"),
        }
    ),
    "LIFE-": frozenset(
        {
            *("LIFE-DELETE", "LIFE-CHURN", "LIFE-PARALLEL", "LIFE-PORTMAP"),
            *("CNI-DEL", "CNI-DEL-GONE", "CNI-DEL-FAILED", "CNI-PARALLEL", "CNI-ADD-EXHAUSTED"),
        }
    ),
}
#: Known deviations that rows do not declare, as each has a text of its own: by the plugin that is
#: chained, or wrapped.
_OF_PLUGINS = {
    "firewall": frozenset({"CNI-DEL-IDEMPOTENT", "LIFE-PARALLEL"}),
    "ptp": frozenset({"CNI-INTERFACES"}),
}
#: The same, for a fault that is about the CNI contract alone.
_ALWAYS_OF_CONTRACT = frozenset({"CNI-ADD-RESULT", "CNI-ADD-INTERFACE", "CNI-CHECK", "CNI-DEL"})
#: Calls of plugins that a run may await in vain, each for 10 or 20 s: later ones are not made.
_MOST_HUNG = 2
#: The requirement under which a test that was not run is told.
_SEE = re.compile(rf"^(?!{Verdict.NOT_APPLICABLE}).*see ([A-Z][A-Z0-9-]+)", re.MULTILINE)
#: The lines on why packets were lost, in the text of a failure; of these, one on packets.
_WHY = re.compile(r"^ *Why: (.+(?:\n +\S.*)*)", re.MULTILINE)
_FATE = " in namespace "
_LEGEND = (
    "● red, or a recommendation not met, as it must be   ○ the same, or not run, in consequence"
    "   ? not testable   · green   ! wrong"
)


@dataclass(frozen=True)
class Row:
    """One fault's line: requirement -> verdict of those that were run, and what is wrong.

    proofs: requirement -> the difference that was named; causes: sentences on why packets were
    lost; cause: a pattern for each of these, empty without one.
    """

    fault: str
    source: str
    healthy: bool
    verdicts: Mapping[str, str]
    reds: tuple[str, ...]
    proofs: Mapping[str, str]
    wrong: Mapping[str, str]
    causes: tuple[str, ...] = ()
    cause: str = ""

    @property
    def true_causes(self) -> list[str]:
        """The sentences that name the fault's cause."""
        return [text for text in self.causes if self.cause and re.search(self.cause, text)]

    def mark(self, requirement: str) -> str:
        """The cell of one requirement."""
        verdict = self.verdicts.get(requirement, "")
        if requirement in self.wrong:
            return "!"
        if requirement in self.reds:
            return "●"
        return {
            Verdict.DOES_NOT_CONFORM: "○",
            Verdict.RECOMMENDED: "○",
            Verdict.NOT_RUN: "○",
            Verdict.COULD_NOT_TEST: "?",
            "": " ",
        }.get(verdict, "·")


def wanted(fault: Fault, complete: bool) -> frozenset[str]:
    """The requirements to test: all of them, or those that the fault might have to do with."""
    if complete:
        return frozenset(REQUIREMENTS)
    about = set(fault.reds) | set(fault.under) | fault.near
    if about and all(i.startswith("CNI-") for i in about):
        return _ALWAYS_OF_CONTRACT | about
    concerned = _ALWAYS | about
    return concerned | _TOPOLOGY if not concerned.isdisjoint(_TOPOLOGY - _ALWAYS) else concerned


def row(fault: Fault, run: Run) -> Row:
    """Hold what was seen against what the fault declares."""
    verdicts = run.verdicts()
    reasons = {i: run.reasons(i) for i in verdicts}
    wrong, told = {}, _told(fault, verdicts, reasons)
    for requirement, verdict in verdicts.items():
        if complaint := _wrong(fault, requirement, verdict, reasons[requirement], told):
            wrong[requirement] = complaint
    wrong |= {i: "was not run" for i in fault.reds if i not in verdicts}
    if "Traceback" in run.output:
        wrong["output"] = "holds a traceback"
    if len(run.hung) > _MOST_HUNG:
        wrong["time-outs"] = "; ".join(run.hung)
    if run.status != _status(verdicts):
        wrong["status"] = f"exit status {run.status}"
    proofs = {i: _line(reasons.get(i, ""), text) for i, text in fault.reds.items()}
    causes = tuple(dict.fromkeys(_causes(run)))
    for text in causes:
        if fault.cause and not re.search(fault.cause, text):
            wrong["cause"] = f"should be {fault.cause!r}, but is: {text}"
    reds = tuple(fault.reds)
    return Row(
        fault.name,
        fault.source,
        not reds,
        verdicts,
        reds,
        proofs,
        wrong,
        causes,
        fault.cause,
    )


def _causes(run: Run) -> Iterator[str]:
    """Yield the sentences on why packets were lost."""
    for requirement in run.report.get("requirements", []):
        for test in requirement["tests"]:
            if test.get("verdict") == Verdict.KNOWN_DEVIATION:  # has a cause of its own
                continue
            for evidence in test.get("evidence", []):
                yield from (loss["sentence"] for loss in evidence.get("losses", []))
            # flows without sniffers have no other evidence
            for lines in re.findall(_WHY, test["reason"]):
                yield from (line.strip() for line in lines.splitlines() if _FATE in line)


def _wrong(fault: Fault, requirement: str, verdict: str, reasons: str, told: frozenset[str]) -> str:
    if text := fault.reds.get(requirement):
        if verdict != (failed := _failed(requirement)):
            return f"should be {failed!r} ({text}), but: {verdict}"
        return "" if text in reasons else f"should say {text!r}, but says: {reasons[:1500]}"
    if cause := fault.under.get(requirement):
        is_told = verdict == Verdict.NOT_RUN and f"see {cause}" in reasons
        if cause == hooked.REQUIREMENT and drops.recorder() is None:
            # only the kernel's record of drops tells that a hook dropped them
            is_told |= verdict == _failed(requirement)
        return "" if is_told else f"should be told under {cause}, but: {verdict}: {reasons[:1500]}"
    allowed = {Verdict.CONFORMS, Verdict.NOT_APPLICABLE}
    allowed |= {Verdict.KNOWN_DEVIATION} if requirement in fault.deviating else set()
    allowed |= {Verdict.RECOMMENDED} if requirement in NOT_MET - fault.near else set()
    allowed |= {_failed(requirement)} if requirement in _consequences(fault) else set()
    allowed |= {Verdict.COULD_NOT_TEST} if requirement in fault.untestable else set()
    if requirement in _consequences(fault) | fault.untestable | told:
        allowed |= {Verdict.NOT_RUN}  # because of a requirement that must turn red
    return "" if verdict in allowed else f"{verdict}: {reasons[:1500]}"


def _told(fault: Fault, verdicts: Mapping[str, str], reasons: Mapping[str, str]) -> frozenset[str]:
    """The requirements that are told under those that must turn red, or may in consequence.

    So are those that are told under these.
    """
    told = {*fault.reds, *fault.under} | _consequences(fault)
    waiting = {
        requirement: set(re.findall(_SEE, reasons[requirement]))
        for requirement, verdict in verdicts.items()
        if verdict == Verdict.NOT_RUN
    }
    while found := {i for i, causes in waiting.items() if causes and causes <= told} - told:
        told |= found
    return frozenset(told)


def _failed(requirement: str) -> Verdict:
    """The verdict on a plugin that does not meet a requirement."""
    level = requirements.REQUIREMENTS[requirement].level
    return Verdict.RECOMMENDED if level is Level.SHOULD else Verdict.DOES_NOT_CONFORM


def _consequences(fault: Fault) -> frozenset[str]:
    again = (ids for group, ids in _AGAIN.items() if any(i.startswith(group) for i in fault.reds))
    called = {*fault.chain, *fault.wraps}
    of_plugins = (ids for plugin, ids in _OF_PLUGINS.items() if plugin in called)
    return fault.follows | frozenset().union(*again) - fault.near | frozenset().union(*of_plugins)


def _status(verdicts: Mapping[str, str]) -> int:
    seen = set(verdicts.values())
    return 1 if Verdict.DOES_NOT_CONFORM in seen else 6 if Verdict.COULD_NOT_TEST in seen else 0


def _line(reasons: str, text: str) -> str:
    return next((line.strip() for line in reasons.splitlines() if text in line), "")


def lines(rows: Iterable[Row]) -> list[str]:
    """The matrix as text."""
    rows = list(rows)
    width = max(len(r.fault) for r in rows)
    found = [f"{'':{width}}  {''.join(head)}" for head in _heads()]
    for one in rows:
        cells = "".join(one.mark(i) for i in REQUIREMENTS)
        found.append(f"{one.fault:{width}}  {cells}")
    return [*found, "", _LEGEND, "", *summary(rows)]


def _heads() -> list[str]:
    """The requirements' ids, written downwards."""
    tall = max(map(len, REQUIREMENTS))
    return ["".join(i.ljust(tall)[n] for i in REQUIREMENTS) for n in range(tall)]


def summary(rows: Iterable[Row]) -> list[str]:
    """The counts: faults caught for the right reason, false reds, requirements without proof."""
    rows = list(rows)
    broken, healthy = [r for r in rows if not r.healthy], [r for r in rows if r.healthy]
    caught = [r for r in broken if not any(i in r.wrong for i in r.reds)]
    clean = [r for r in rows if not r.wrong]
    unproven = [i for i in REQUIREMENTS if not any(i in r.reds and i not in r.wrong for r in rows)]
    rate = 100 * len(caught) / len(broken) if broken else 0
    false = sum(1 for r in healthy for i in r.wrong if i in REQUIREMENTS)
    found = [
        f"{len(caught)} of {len(broken)} faults caught for the right reason ({rate:.0f} %)",
        f"{false} false reds on {len(healthy)} healthy plugins",
        f"{len(REQUIREMENTS) - len(unproven)} of {len(REQUIREMENTS)} requirements proven",
        _of_causes(rows),
        f"{len(rows) - len(clean)} rows with anything unexpected",
    ]
    return found + [f"not proven: {', '.join(unproven)}"] * bool(unproven)


def _of_causes(rows: Iterable[Row]) -> str:
    """How often a lost packet's cause was named, of the faults whose cause the kernel knows."""
    known = [row for row in rows if row.cause]
    named, true = sum(len(r.causes) for r in known), sum(len(r.true_causes) for r in known)
    faults = sum(bool(r.true_causes) for r in known)
    return (
        f"the cause of lost packets named for {faults} of {len(known)} faults:"
        f" {true} of {named} sentences are true"
    )


def write(path: Path, rows: Iterable[Row]) -> None:
    """The matrix as JSON."""
    rows = list(rows)
    document = {"summary": summary(rows), "rows": [asdict(r) for r in rows]}
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def in_order(rows: Iterable[Row]) -> list[Row]:
    """Rows in the order of the catalogue, which that of parallel runs is not."""
    from selftests.faults import catalogue

    faults = (*catalogue.FAULTS, *catalogue.OF_MODULES)
    healthy = (*catalogue.HEALTHY, *catalogue.HEALTHY_OF_MODULES)
    order = {fault.name: number for number, fault in enumerate((*faults, *healthy))}
    return sorted(rows, key=lambda r: order[r.fault])


def from_property(value: Mapping[str, Any]) -> Row:
    """A row that travelled as a test's property, in plain JSON values."""
    return Row(**{**value, "reds": tuple(value["reds"]), "causes": tuple(value["causes"])})
