"""List everything that a run needs, with its presence and the way to get it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from podpath.cni import unsupported
from podpath.errors import CouldNotTest
from podpath.nodes import kinds
from podpath.nodes.kind import Kind, Need
from podpath.run import checks, origin
from podpath.run.plan import Plan
from podpath.system import kernel, programs
from podpath.system.packages import how_to_install


@dataclass(frozen=True, slots=True)
class Finding:
    """State of one thing that a run needs.

    Attributes:
        name: name of the thing.
        found: true if it is present and suitable.
        detail: its description, or a sentence on why it is missing or unsuitable.
        remedy: way to get it; empty if it is present.
        package: Debian package that has it; empty if it is present, or if no package has it.
    """

    name: str
    found: bool
    detail: str
    remedy: str = ""
    package: str = ""


def examine(kind: Kind, read: Callable[[], Plan]) -> Iterator[Finding]:
    """Yield a finding for each thing that a run needs, in the order of their use.

    Args:
        kind: kind of node.
        read: function that reads the plan. A CouldNotTest that it raises becomes a finding, unless
            it repeats that of a need of the node.
    """
    yield _seen(Need("root", checks.root, "yes"))
    yield from of_programs(kind)
    of_node = list(of_kind(kind))
    yield from of_node
    try:
        later = kind.later
    except CouldNotTest:  # the engine is a need of the kind
        return
    if later:
        yield Finding("conflist", True, later)
    else:
        known = {finding.detail for finding in of_node if not finding.found}
        yield from (finding for finding in of_plan(read) if finding.detail not in known)


def of_programs(kind: Kind) -> Iterator[Finding]:
    """Yield a finding for each need that Debian packages: programs, libpcap and CNI plugins."""
    missing = programs.missing(kind.tools, plugins=not kind.own_plugins)
    for tool in kind.tools:
        if tool.name not in missing:
            yield Finding(tool.name, True, programs.find(tool) or "")
    for name, package in missing.items():
        yield Finding(name, False, "is missing", how_to_install([package]), package)


def of_kind(kind: Kind) -> Iterator[Finding]:
    """Yield a finding for each need that the kind of node has besides programs."""
    return map(_seen, kind.needs())


def packages(findings: Iterable[Finding]) -> dict[str, str]:
    """Return name -> package of each missing thing that Debian has."""
    return {finding.name: finding.package for finding in findings if finding.package}


def install_command(kind: str) -> str:
    """Return the command that installs the Debian packages that a kind of node needs."""
    return " ".join(
        ["podpath doctor --install", *([] if kind == kinds.DEFAULT else ["--node", kind])]
    )


def of_plan(read: Callable[[], Plan]) -> Iterator[Finding]:
    """Yield findings for the conflist, its plugins, and everything else that options name.

    Args:
        read: function that reads the plan. A CouldNotTest that it raises becomes a finding.
    """
    try:
        plan = read()
    except CouldNotTest as error:
        yield Finding("conflist", False, error.message, error.remedy)
        return
    conflist = plan.network.conflist
    yield Finding("conflist", True, f"{conflist.name}, {plan.conflist_path}")
    yield Finding("CNI version", True, str(plan.agreement or conflist.version))
    yield from _of_plugins(plan)
    yield from map(_seen, plan.kind.needs_of(plan))
    if conflist.vlans:
        yield _seen(Need("VLAN filtering", kernel.check_vlan_filtering, "yes"))
    if plan.kind.node_setup and not plan.kind.takes_setup:
        yield Finding(
            "node setup",
            False,
            f"--podpath-node-setup prepares the embedded node, not the {plan.kind.name} node",
            "Leave it out, and prepare the node itself",
        )
    for need in (
        Need("profile", partial(checks.mode, plan), plan.network.profile.name),
        Need("paths", partial(unsupported.check, conflist, plan.conflist_path), "known"),
        Need("address ranges", partial(checks.ranges, plan), "large enough"),
    ):
        yield _seen(need)
    if plan.report:
        yield _seen(Need("report", partial(checks.writable, plan.report), str(plan.report)))


def _of_plugins(plan: Plan) -> Iterator[Finding]:
    """Yield a finding for each plugin, and one for known deviations if all plugins are present."""
    for directory in plan.plugin_directories:
        yield _seen(Need("plugin directory", partial(checks.directory, directory), directory))
    names = plan.network.conflist.delegates
    findings = [_seen(Need(f"plugin {name}", partial(_plugin, plan, name))) for name in names]
    yield from findings
    if all(finding.found for finding in findings):
        yield _seen(Need("known deviations", partial(_deviations, plan)))
        yield _seen(Need("releases", partial(checks.releases, plan), "know all keys"))


def _seen(need: Need) -> Finding:
    """Look for a need, and return the finding."""
    try:
        seen = need.look()
    except CouldNotTest as error:
        return Finding(need.name, False, error.message, error.remedy)
    return Finding(need.name, True, need.detail or str(seen))


def _deviations(plan: Plan) -> str:
    return f"{len(plan.known_deviations)} of these plugins, {plan.deviations}"


def _plugin(plan: Plan, name: str) -> str:
    path = plan.plugin(name)
    return f"{path} ({origin.of(path)})"
