"""What can be told before a node is started: everything that the user can mend at once."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from podpath.cni import features, unsupported
from podpath.errors import CouldNotTest
from podpath.model import STACKED
from podpath.nodes.cluster import host, kind, kind_config, kube_api
from podpath.profiles import Profile
from podpath.requirements import CORE
from podpath.run import origin
from podpath.run.plan import Plan
from podpath.system import programs, sysctl

#: The most pods that the suite has on one node at the same time.
PODS = 12

_TBF = "root tbf rate 1mbit burst 10kb latency 1s"
#: What the kernel must have to limit a rate in each direction: links, queueing disciplines.
_SHAPING = {
    "ingress": ((), (_TBF,)),
    "egress": (("ifb",), (_TBF, "ingress")),
}

#: What the embedded node needs of the kernel.
FILE_SYSTEMS = ("overlay", "tmpfs")
LINKS = ("bridge", "veth")


def check_root() -> None:
    """Raise CouldNotTest for any other user."""
    if os.geteuid() != 0:
        raise CouldNotTest("podpath must make namespaces, and so needs root", "Run it with sudo")


def check(wanted: Plan) -> None:
    """Raise CouldNotTest, with the remedy, for the first thing that stands in the way."""
    check_root()
    programs.check(wanted.node)
    if wanted.node == "kind":
        kind.check(wanted.cluster)
        if not kind.exists(wanted.cluster):
            kind_config.check(wanted.cluster.config, [r.subnet for r in wanted.conflist.ranges])
    if wanted.node == "host":
        kube_api.installed()
        if wanted.plugin_directories:
            raise CouldNotTest(
                "--podpath-node host tests the plugins that the node has, and installs none",
                "Leave out --podpath-cni-bin",
            )
    for directory in wanted.plugin_directories:
        if not os.path.isdir(directory):
            raise CouldNotTest(
                f"the plugin directory {directory} does not exist", "Correct --podpath-cni-bin"
            )
    _ = wanted.known_deviations
    check_ranges(wanted)
    unsupported.check(wanted.conflist, wanted.conflist_path)
    check_mode(wanted)
    if wanted.node == "embedded":
        _check_kernel(wanted.profile)
    if wanted.report:
        _check_writable(wanted.report)


def check_mode(wanted: Plan) -> None:
    """Raise CouldNotTest if the profile's paths are not of the mode that the conflist asks for."""
    lower, asked = wanted.profile.lower, wanted.profile.mode_in(wanted.conflist.section)
    if lower and asked != lower.mode:
        raise CouldNotTest(
            f"{wanted.conflist_path} asks for mode {asked!r}, and the paths of the profile"
            f" {wanted.profile.name} are those of mode {lower.mode!r}",
            "Give --podpath-profile one that says which way packets take in that mode",
        )


def check_ranges(wanted: Plan) -> None:
    """Raise CouldNotTest if the conflist's ranges are not such as podpath can test."""
    families = wanted.conflist.families
    for family in families:
        if len(wanted.conflist.ranges_of(family)) > 1:
            raise CouldNotTest(
                f"{wanted.conflist_path} has more than one IPv{family.value} range",
                "podpath tests one range an IP version: leave one",
            )
        usable = sum(r.usable for r in wanted.conflist.ranges_of(family))
        if usable < PODS:
            raise CouldNotTest(
                f"the IPv{family.value} range of {wanted.conflist_path} has {usable} addresses"
                f" for pods, and the suite needs {PODS}",
                "Use a larger subnet or range",
            )


def _check_kernel(profile: Profile) -> None:
    for name in FILE_SYSTEMS:
        check_file_system(name)
    for link in dict.fromkeys((*LINKS, profile.kind)):
        check_link(link)


def check_file_system(name: str) -> None:
    """Raise CouldNotTest if the kernel does not have a kind of file system."""
    known = Path("/proc/filesystems").read_text().split()
    if name not in known and not _loaded(name):
        raise CouldNotTest(f'this kernel has no file system "{name}"', f"Load it: modprobe {name}")


@cache
def check_link(kind: str) -> None:
    """Raise CouldNotTest if the kernel cannot make a kind of link."""
    ip = programs.locate("ip")
    make = f"{ip} link add podpath0 type {kind}"
    if kind in STACKED:
        make = f"{ip} link add podpath1 type bridge && {ip} link add link podpath1 type {kind}"
    if refusal := _refusal(make):
        raise CouldNotTest(
            f'this kernel cannot make a link of type "{kind}" ({refusal})',
            f"Load it: modprobe {kind}",
        )


def _refusal(make: str) -> str:
    """What the kernel says against it, empty if nothing; in a namespace that ends with it."""
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", make], capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stderr.strip() or f"status {done.returncode}"


def check_queue(discipline: str) -> None:
    """Raise CouldNotTest if the kernel cannot make a queueing discipline, as tc(8) names it."""
    ip, tc = programs.locate("ip"), shutil.which("tc", path=programs.search_path()) or "tc"
    make = f"{ip} link add podpath0 type bridge && {tc} qdisc add dev podpath0 {discipline}"
    if refusal := _refusal(make):
        raise CouldNotTest(
            f'this kernel cannot make the queueing discipline "{discipline}" ({refusal})',
            "Use a kernel with sch_tbf and sch_ingress, as the bandwidth plugin needs them",
        )


def check_shaping(direction: str) -> None:
    """Raise CouldNotTest if the kernel cannot limit the rate of a direction, ingress or egress."""
    links, disciplines = _SHAPING[direction]
    for link in links:
        check_link(link)
    for discipline in disciplines:
        check_queue(discipline)


def _loaded(module: str) -> bool:
    modprobe = shutil.which("modprobe", path=programs.search_path())
    if modprobe is None:
        return False
    return subprocess.run([modprobe, module], capture_output=True, check=False).returncode == 0


def _check_writable(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise CouldNotTest(
            f"the report directory {directory} is not writable: {error.strerror}",
            "Name a writable directory with --podpath-report",
        ) from None


def describe(wanted: Plan) -> dict[str, str]:
    """What the header and the report say of it: name -> text."""
    network = wanted.conflist
    facts = {
        "node": wanted.node,
        "kernel": os.uname().release,
        "machine": os.uname().machine,
        **_node_facts(wanted),
        **_host_settings(wanted),
        "conflist": f"{network.name} ({' + '.join(network.plugins)}), {wanted.conflist_path}",
        "profile": wanted.profile.name,
        "profile origin": wanted.profile_origin,
        **_features(wanted.features),
    }
    for name, path in wanted.plugins.items():
        facts[f"plugin {name}"] = f"{path} ({origin.of(path)})"
    for known in wanted.known_deviations:
        name, text = f"known deviation {known.requirement}", f"{known.reason} ({known.source})"
        told = facts.get(name, text)
        facts[name] = told if text in told else f"{told}; {text}"
    return facts


def _features(reasons: Mapping[str, str]) -> dict[str, str]:
    """Those that are tested, and the others, by why they are not."""
    tested = [name for name, why in reasons.items() if not why]
    waived = [name for name, why in reasons.items() if why == features.WAIVED]
    absent = [name for name, why in reasons.items() if why not in ("", features.WAIVED)]
    told = {"features": [CORE, *tested], "features not tested": absent}
    return {
        **{name: ", ".join(some) for name, some in told.items() if some},
        **({f"features {features.WAIVED}": ", ".join(waived)} if waived else {}),
    }


def _node_facts(wanted: Plan) -> dict[str, str]:
    """What kind of node it is made with; what the node itself has is told by the node."""
    if wanted.node == "kind":
        return kind.check(wanted.cluster)
    if wanted.node == "host":
        return host.describe()
    found = {}
    for name in ("containerd", "runc"):
        path = programs.locate(name)  # runc's may be crun's
        found[os.path.basename(path)] = programs.first_line(path, "--version")
    return found


def _host_settings(wanted: Plan) -> dict[str, str]:
    """Those that pods' networks start with, where they are not the kernel's own."""
    found = sysctl.of_host()
    why = "pods start with these values, which podpath does not attribute to the plugin"
    if wanted.node != "embedded":
        why += "; whether it sets them itself is seen on the embedded node only"
    return {"host settings": f"{', '.join(found)} ({why})"} if found else {}
