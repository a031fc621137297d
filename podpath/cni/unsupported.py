"""What of a conflist no profile knows: pods' packets then take other ways than podpath expects."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podpath.cni.conflist import Conflist
from podpath.errors import CouldNotTest

#: In place of a plugin's type: none of either can be one, as a type is the name of a program.
FIRST, ANY = "/first", "/any"


@dataclass(frozen=True)
class Unknown:
    """A plugin of a chain, or some of its settings.

    plugin: its type, FIRST for the first plugin, or ANY; settings: any of them, or empty if the
    plugin itself is what is not known; does: why podpath does not know what to expect.
    """

    plugin: str
    settings: tuple[str, ...]
    does: str
    remedy: str

    def found(self, section: Mapping[str, Any], *, first: bool) -> str:
        """What of it a plugin's section of the conflist has, in words; empty if nothing."""
        kind = section.get("type")
        if self.plugin not in (kind, ANY) and not (first and self.plugin == FIRST):
            return ""
        plugin = f'the plugin "{kind}"'
        if not self.settings:
            return plugin
        return next((f'"{key}" of {plugin}' for key in self.settings if section.get(key)), "")


_WAYS = (
    Unknown(
        FIRST,
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
        "changes the interface, and podpath expects it as the first plugin makes it",
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
    """Raise CouldNotTest if a conflist, read from path, has something of the kind. Pure."""
    for number, section in enumerate(conflist.sections):
        for one in _WAYS:
            if found := one.found(section, first=number == 0):
                raise CouldNotTest(f"{found} in {path} {one.does}", one.remedy)
