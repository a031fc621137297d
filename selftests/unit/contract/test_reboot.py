"""What is left of containers of before a reboot."""

from types import SimpleNamespace
from typing import cast

import pytest

from podpath.contract import reboot
from podpath.contract.attachments import Attachment
from podpath.nodes.inventory import Inventory


@pytest.mark.parametrize(
    ("appeared", "is_left"),
    [
        ("table ip nat chain POSTROUTING: ip saddr 10.99.0.0/16 masquerade", False),
        ("table ip nat chain POSTROUTING: ip saddr 10.88.0.7 masquerade", True),
        ("table ip nat chain POSTROUTING: ip saddr 203.0.113.0/24 masquerade", True),
    ],
    ids=["of-a-daemon", "of-an-old-container", "new"],
)
def test_what_appears_after_del_was_there_before_the_reboot(
    appeared: str, *, is_left: bool
) -> None:
    """A daemon of the plugin brings it back a moment after ADD, whatever DEL does."""
    old = SimpleNamespace(container="old-1", known_by=lambda: ["old-1", "10.88.0.7"])
    earlier = {
        "rules": (
            "table ip nat chain POSTROUTING: ip saddr 10.99.0.0/16 masquerade",
            "table ip nat chain POSTROUTING: ip saddr 10.88.0.7 masquerade",
        )
    }
    before, now = Inventory({"rules": ()}), Inventory({"rules": (appeared,)})

    found = reboot._of_old(now, before, [cast("Attachment", old)], earlier)

    assert [d.seen for d in found] == [appeared] * is_left
