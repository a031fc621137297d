"""What an inventory leaves out."""

from podpath.nodes import inventory
from podpath.nodes.inventory import Inventory


def test_settings_of_pods_links_are_left_out() -> None:
    """Not those of a directory that a link is named after, nor those that a pattern would match."""
    links = ["veth1a2b", "ipv4", "conf", "*", "a.5"]

    assert list(inventory.of_pods(links)) == ["--exclude-dir=veth1a2b"]


def test_processes_may_end() -> None:
    """What a plugin starts for a pod may end by itself; what is still there was not ended."""
    before, now = Inventory({"processes": ("arping",)}), Inventory({"processes": ("sleep",)})

    assert list(map(str, now.since(before))) == [
        "left behind at processes: expected gone, saw sleep"
    ]
