"""What a machine has, and lacks, of what podpath needs: all of it at once, with the remedies."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from podpath.cni import unsupported
from podpath.errors import CouldNotTest
from podpath.nodes import image
from podpath.nodes.cluster import host, kind, kind_config, kube_api
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


def examine(wanted: Callable[[], Plan], node: str) -> list[Finding]:
    """All that a kind of node needs, in the order in which it is needed.

    wanted: reads what the user named; what it raises is a finding, too.
    """
    return [
        _of("root", preflight.check_root, "yes"),
        *_programs(node),
        *_kernel(node),
        *_cluster(node),
        *_configuration(wanted),
    ]


def _of(name: str, look: Callable[[], object], detail: str = "") -> Finding:
    """What comes of looking: the detail, or what the look gives, or why it failed."""
    try:
        seen = look()
    except CouldNotTest as error:
        return Finding(name, False, error.message, error.remedy)
    return Finding(name, True, detail or str(seen))


def _programs(node: str) -> Iterator[Finding]:
    absent = programs.missing(node)
    for tool in programs.TOOLS:
        if node in tool.nodes and tool.name not in absent:
            yield Finding(tool.name, True, programs.find(tool) or "")
    for name, package in absent.items():
        yield Finding(name, False, "is missing", programs.how_to_install([package]))


def _kernel(node: str) -> Iterator[Finding]:
    if node != "embedded":
        return
    for name in preflight.FILE_SYSTEMS:
        yield _of(f"file system {name}", partial(preflight.check_file_system, name), "yes")
    for name in preflight.LINKS:
        yield _of(f"link {name}", partial(preflight.check_link, name), "yes")


def _cluster(node: str) -> Iterator[Finding]:
    if node == "kind":
        options = kind.Options("podpath", keep=False, config=kind_config.SHIPPED)
        yield _of("kind", lambda: ", ".join(kind.check(options).values()))
    if node == "host":
        yield _of("Python package kubernetes", kube_api.installed, "yes")
        yield _of("node", host.check, f"yes, of process {host.PID}")
        yield Finding("pod image", True, f"{image.NAME}, to be loaded into the node")


def _configuration(wanted: Callable[[], Plan]) -> Iterator[Finding]:
    """The conflist, and each of its plugins."""
    try:
        plan = wanted()
    except CouldNotTest as error:
        yield Finding("conflist", False, error.message, error.remedy)
        return
    yield Finding("conflist", True, f"{plan.conflist.name}, {plan.conflist_path}")
    for name in plan.conflist.delegates:
        yield _of(f"plugin {name}", partial(_plugin, plan, name))
    if plan.node == "embedded" and plan.profile.kind not in preflight.LINKS:
        kind = plan.profile.kind
        yield _of(f"link {kind}", partial(preflight.check_link, kind), "yes")
    yield _of("profile", lambda: preflight.check_mode(plan), plan.profile.name)
    yield _of("paths", lambda: unsupported.check(plan.conflist, plan.conflist_path), "known")
    yield _of("address ranges", lambda: preflight.check_ranges(plan), "large enough")


def _plugin(plan: Plan, name: str) -> str:
    path = plan.plugin(name)
    return f"{path} ({origin.of(path)})"
