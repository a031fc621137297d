"""Check the process's user, and the files and values that options name: one function a thing."""

import os
import tempfile
from pathlib import Path

from podpath.cni import reference
from podpath.cni.code import PLUGINS
from podpath.errors import CouldNotTest
from podpath.run import origin
from podpath.run.plan import Plan
from podpath.system import gobuild

#: Most pods that the suite runs on one node at the same time.
PODS = 12


def root() -> None:
    """Check that the user is root.

    Raises:
        CouldNotTest: the user is another one.
    """
    if os.geteuid() != 0:
        raise CouldNotTest("podpath must make namespaces, and so needs root", "Run it with sudo")


def directory(path: str) -> None:
    """Check that a directory of plugins exists.

    Raises:
        CouldNotTest: it does not exist.
    """
    if not os.path.isdir(path):
        raise CouldNotTest(
            f"the plugin directory {path} does not exist", "Correct --podpath-cni-bin"
        )


def mode(plan: Plan) -> None:
    """Check that the profile's paths are those of the conflist's mode.

    Raises:
        CouldNotTest: they are those of another mode.
    """
    profile, section = plan.network.profile, plan.network.conflist.section
    for key, value in profile.keys.items():
        if bool(section.get(key)) is not value:
            has = "does not have" if value else "has"
            raise CouldNotTest(
                f'{plan.conflist_path} {has} "{key}", and the paths of the profile {profile.name}'
                f" are those {'with' if value else 'without'} it",
                "Give --podpath-profile one that has the paths of packets then, or leave it out",
            )
    if profile.lower and not profile.is_of_mode(section):
        raise CouldNotTest(
            f"{plan.conflist_path} asks for mode {plan.network.mode!r}, and the paths of the"
            f" profile {profile.name} are those of mode {profile.lower.mode!r}",
            "Give --podpath-profile one that says which way packets take in that mode",
        )


def releases(plan: Plan) -> None:
    """Check that no plugin is of a release that does not know a key of its section.

    A script may do by itself what the release that it calls does not.

    Raises:
        CouldNotTest: a plugin is of such a release.
    """
    for section in plan.network.conflist.sections:
        kind = str(section["type"])
        path = plan.plugin(kind)
        for code in origin.of(path).codes if gobuild.is_program(path) else ():
            if code.project != PLUGINS or code.plugin != kind or not code.version:
                continue
            for key, first in reference.too_new(section, code.version):
                raise CouldNotTest(
                    f'"{key}" of the plugin "{kind}" came with release {first}, and {path} is of'
                    f" release {code.version}, which does not know it",
                    f"Use release {first} or later with --podpath-cni-bin, or leave the key out",
                )


def ranges(plan: Plan) -> None:
    """Check that each set of ranges of the conflist has enough addresses.

    Raises:
        CouldNotTest: a set has fewer addresses than the suite needs, or the ranges have more
            gateways than the bridge can hold, or subnets that masquerading separates.
    """
    if plan.network.ipam.plugin == "static":
        fixed = plan.network.conflist.section["ipam"].get("addresses")
        gives = (
            "gives each pod the same addresses"
            if fixed
            else "gives each pod what its runtime requests, and containerd requests none"
        )
        raise CouldNotTest(
            f'the IPAM plugin "static" of {plan.conflist_path} {gives}; the suite needs {PODS}'
            " different ones",
            "Test the other plugins of the chain with host-local in its place",
        )
    if excess := plan.network.conflist.excess_gateways:
        raise CouldNotTest(
            f"the ranges of {plan.conflist_path} have the IPv4 gateways"
            f" {', '.join(map(str, excess))}, and a bridge holds one: ADD fails with an address of"
            " another range",
            "Write ranges of one subnet",
        )
    if hidden := plan.network.conflist.hidden_ranges:
        raise CouldNotTest(
            f"a set of ranges of {plan.conflist_path} has the subnets"
            f' {", ".join(map(str, hidden))}, and "ipMasq" masquerades what pods of one send to'
            " pods of another",
            'Write ranges of one subnet, or leave "ipMasq" out',
        )
    for alternatives in plan.network.ipam.sets:
        usable = sum(r.usable for r in alternatives)
        if usable < PODS:
            noun = "range" if len(alternatives) == 1 else "set of ranges"
            raise CouldNotTest(
                f"the IPv{alternatives[0].subnet.version} {noun} of {plan.conflist_path} has"
                f" {usable} addresses"
                f" for pods, and the suite needs {PODS}",
                "Use a larger subnet or range",
            )


def writable(report: Path) -> None:
    """Check that podpath can write to the directory of the report, and create it if needed.

    Raises:
        CouldNotTest: the directory is not writable.
    """
    try:
        report.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=report):
            pass
    except OSError as error:
        raise CouldNotTest(
            f"the report directory {report} is not writable: {error.strerror}",
            "Name a writable directory with --podpath-report",
        ) from None
