"""Settings of a conflist that no profile covers: podpath does not know the path of the packets."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podpath.cni.conflist import Conflist
from podpath.errors import CouldNotTest

#: In place of a plugin's type: neither can be a type, as a type is the name of a program.
MAIN, ANY = "/main", "/any"


@dataclass(frozen=True)
class Unknown:
    """A plugin of a chain, or some of its settings, whose effect podpath does not know.

    Attributes:
        plugin: type of the plugin; MAIN for the main one; ANY for each.
        settings: keys of which one suffices; empty if the plugin itself is unknown.
        does: effect of it, and why podpath does not know what to expect.
        remedy: change of the conflist that makes it usable.
    """

    plugin: str
    settings: tuple[str, ...]
    does: str
    remedy: str

    def part_of(self, section: Mapping[str, Any], *, main: bool) -> str:
        """Return the part of a plugin's section that is unknown, in words; empty if none."""
        kind = section.get("type")
        if self.plugin not in (kind, ANY) and not (main and self.plugin == MAIN):
            return ""
        plugin = f'the plugin "{kind}"'
        if not self.settings:
            return plugin
        return next((f'"{key}" of {plugin}' for key in self.settings if section.get(key)), "")


_WAYS = (
    Unknown(
        MAIN,
        ("portIsolation", "vlan", "vlanTrunk"),
        "lets pods reach some and not others, and podpath does not know whom",
        "Leave it out: all else of the plugin can be tested without it",
    ),
    Unknown(
        ANY,
        ("ingressRate", "egressRate"),
        "limits every pod, and podpath does not know the way that their packets take then",
        'Leave it out, and set "capabilities": {"bandwidth": true}: podpath then asks for a rate'
        " itself",
    ),
    Unknown(
        "tuning",
        ("mtu", "mac", "promisc", "allmulti"),
        "changes the interface, and podpath expects it as the main plugin makes it",
        "Leave it out; many plugins have an mtu of their own",
    ),
    Unknown(
        "sbr",
        (),
        "routes what pods send by its own rules, and podpath does not know the way that it takes",
        "Leave it out: the plugins before it can be tested without it",
    ),
    Unknown(
        "vrf",
        (),
        "gives pods' interfaces a routing table of their own, and podpath does not know its routes",
        "Leave it out: the plugins before it can be tested without it",
    ),
)


def check(conflist: Conflist, path: Path) -> None:
    """Check that a conflist has no setting that no profile covers. Pure.

    Args:
        conflist: conflist to check.
        path: file of the conflist, for the message.

    Raises:
        CouldNotTest: the conflist has such a setting.
    """
    for number, section in enumerate(conflist.sections):
        for unknown in _WAYS:
            if words := unknown.part_of(section, main=number == conflist.main):
                raise CouldNotTest(f"{words} in {path} {unknown.does}", unknown.remedy)
