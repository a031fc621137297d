"""What of a conflist no profile knows: pods' packets then take other ways than podpath expects."""

from dataclasses import dataclass
from pathlib import Path

from podpath.conflist import Conflist
from podpath.errors import CouldNotTest


@dataclass(frozen=True)
class Unknown:
    """A plugin of a chain, or some of its settings.

    plugin: its type, or empty for the first plugin, whatever that is; settings: any of them, or
    empty if the plugin itself is what is not known; does: why podpath does not know what to expect.
    """

    plugin: str
    settings: tuple[str, ...]
    does: str
    remedy: str


_WAYS = (
    Unknown(
        "",
        ("portIsolation", "vlan", "vlanTrunk"),
        "lets pods reach some and not others, and podpath does not know whom",
        "Leave it out: all else of the plugin can be tested without it",
    ),
    Unknown(
        "bandwidth",
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
        kind = section.get("type")
        for one in _WAYS:
            if one.plugin != kind and (one.plugin or number):
                continue
            plugin = f'the plugin "{kind}" in {path}'
            if not one.settings:
                raise CouldNotTest(f"{plugin} {one.does}", one.remedy)
            for key in one.settings:
                if section.get(key):
                    raise CouldNotTest(f'"{key}" of {plugin} {one.does}', one.remedy)
