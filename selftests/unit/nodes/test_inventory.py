"""The settings of links that an inventory does not read."""

from podpath.nodes import inventory


def test_settings_of_pods_links_are_left_out() -> None:
    """Not those of a directory that a link is named after, nor those that a pattern would match."""
    links = ["veth1a2b", "ipv4", "conf", "*", "a.5"]

    assert list(inventory.of_pods(links)) == ["--exclude-dir=veth1a2b"]
