"""What can be told before a node is started: everything that the user can mend at once."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from podpath.cni import features, unsupported
from podpath.errors import CouldNotTest
from podpath.requirements import CORE, Ability
from podpath.run import origin
from podpath.run.plan import Plan
from podpath.system import programs, sysctl

#: The most pods that the suite has on one node at the same time.
PODS = 12


def check_root() -> None:
    """Raise CouldNotTest for any other user."""
    if os.geteuid() != 0:
        raise CouldNotTest("podpath must make namespaces, and so needs root", "Run it with sudo")


def check(wanted: Plan) -> None:
    """Raise CouldNotTest, with the remedy, for the first thing that stands in the way."""
    check_root()
    programs.check(wanted.kind.tools, plugins=not wanted.kind.own_plugins)
    for need in (*wanted.kind.needs(), *wanted.kind.needs_of(wanted)):
        need.look()
    for directory in wanted.plugin_directories:
        if not os.path.isdir(directory):
            raise CouldNotTest(
                f"the plugin directory {directory} does not exist", "Correct --podpath-cni-bin"
            )
    _ = wanted.known_deviations
    check_ranges(wanted)
    unsupported.check(wanted.network.conflist, wanted.conflist_path)
    check_mode(wanted)
    if wanted.report:
        _check_writable(wanted.report)


def check_mode(wanted: Plan) -> None:
    """Raise CouldNotTest if the profile's paths are not of the mode that the conflist asks for."""
    lower, asked = wanted.network.profile.lower, wanted.network.mode
    if lower and asked != lower.mode:
        raise CouldNotTest(
            f"{wanted.conflist_path} asks for mode {asked!r}, and the paths of the profile"
            f" {wanted.network.profile.name} are those of mode {lower.mode!r}",
            "Give --podpath-profile one that says which way packets take in that mode",
        )


def check_ranges(wanted: Plan) -> None:
    """Raise CouldNotTest if the conflist's ranges are not such as podpath can test."""
    families = wanted.network.families
    for family in families:
        if len(wanted.network.ipam.ranges_of(family)) > 1:
            raise CouldNotTest(
                f"{wanted.conflist_path} has more than one IPv{family.value} range",
                "podpath tests one range an IP version: leave one",
            )
        usable = sum(r.usable for r in wanted.network.ipam.ranges_of(family))
        if usable < PODS:
            raise CouldNotTest(
                f"the IPv{family.value} range of {wanted.conflist_path} has {usable} addresses"
                f" for pods, and the suite needs {PODS}",
                "Use a larger subnet or range",
            )


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
    conflist = wanted.network.conflist
    facts = {
        "node": wanted.kind.name,
        "kernel": os.uname().release,
        "machine": os.uname().machine,
        **wanted.kind.describe(),
        **_host_settings(wanted),
        "conflist": f"{conflist.name} ({' + '.join(conflist.plugins)}), {wanted.conflist_path}",
        "profile": wanted.network.profile.name,
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


def _host_settings(wanted: Plan) -> dict[str, str]:
    """Those that pods' networks start with, where they are not the kernel's own."""
    found = sysctl.of_host()
    why = "pods start with these values, which podpath does not attribute to the plugin"
    if Ability.CALLS not in wanted.kind.abilities:
        why += "; whether it sets them itself is seen on the embedded node only"
    return {"host settings": f"{', '.join(found)} ({why})"} if found else {}
