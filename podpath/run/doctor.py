"""What a machine has, and lacks, of what podpath needs: all of it at once, with the remedies."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from podpath.cni import unsupported
from podpath.errors import CouldNotTest
from podpath.nodes.kind import Kind, Need
from podpath.run import origin, preflight
from podpath.run.plan import Plan
from podpath.system import programs


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is needed.

    detail: what was found, or why it will not do; remedy: how to get it, empty if it is there.
    """

    name: str
    found: bool
    detail: str
    remedy: str = ""


def examine(wanted: Callable[[], Plan], kind: Kind) -> list[Finding]:
    """All that a kind of node needs, in the order in which it is needed.

    wanted: reads what the user named; what it raises is a finding, too.
    """
    return [
        _of("root", preflight.check_root, "yes"),
        *_programs(kind),
        *map(_of_need, kind.needs()),
        *_configuration(wanted),
    ]


def _of(name: str, look: Callable[[], object], detail: str = "") -> Finding:
    """What comes of looking: the detail, or what the look gives, or why it failed."""
    try:
        seen = look()
    except CouldNotTest as error:
        return Finding(name, False, error.message, error.remedy)
    return Finding(name, True, detail or str(seen))


def _of_need(need: Need) -> Finding:
    return _of(need.name, need.look, need.detail)


def _programs(kind: Kind) -> Iterator[Finding]:
    absent = programs.missing(kind.tools, plugins=not kind.own_plugins)
    for tool in kind.tools:
        if tool.name not in absent:
            yield Finding(tool.name, True, programs.find(tool) or "")
    for name, package in absent.items():
        yield Finding(name, False, "is missing", programs.how_to_install([package]))


def _configuration(wanted: Callable[[], Plan]) -> Iterator[Finding]:
    """The conflist, and each of its plugins."""
    try:
        plan = wanted()
    except CouldNotTest as error:
        yield Finding("conflist", False, error.message, error.remedy)
        return
    conflist, profile = plan.network.conflist, plan.network.profile
    yield Finding("conflist", True, f"{conflist.name}, {plan.conflist_path}")
    for name in conflist.delegates:
        yield _of(f"plugin {name}", partial(_plugin, plan, name))
    yield from map(_of_need, plan.kind.needs_of(plan))
    yield _of("profile", lambda: preflight.check_mode(plan), profile.name)
    yield _of("paths", lambda: unsupported.check(conflist, plan.conflist_path), "known")
    yield _of("address ranges", lambda: preflight.check_ranges(plan), "large enough")


def _plugin(plan: Plan, name: str) -> str:
    path = plan.plugin(name)
    return f"{path} ({origin.of(path)})"
