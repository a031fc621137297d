"""Settings of the node's own links, before and after pods come."""

import pytest

from podpath.nodes import link_settings

_BEFORE = {"eth0 MTU": "1500", "cni0 MTU": "1500", "gone MTU": "1500"}


@pytest.mark.parametrize(
    ("later", "changed"),
    [
        ([_BEFORE, _BEFORE], []),
        ([_BEFORE | {"eth0 MTU": "1400"}, _BEFORE], ["changed at node eth0 MTU"]),
        ([_BEFORE | {"eth0 MTU": "1400"}] * 2, ["changed at node eth0 MTU"]),
        ([{"new MTU": "1400"}], []),
    ],
    ids=["nothing", "for-a-while", "for-good", "other-links"],
)
def test_changes_of_links_that_stay(later: list[dict[str, str]], changed: list[str]) -> None:
    """Each change is listed once, also if it was undone."""
    found = link_settings.changes(_BEFORE, *later)

    assert [str(d).partition(":")[0] for d in found] == changed


def test_each_setting_is_a_text() -> None:
    assert link_settings.texts({"eth0 MTU": "1500"}) == ("eth0 MTU: 1500",)


def test_marks_of_links() -> None:
    """Those of other links, as of pods, are left out."""
    listing = """[
      {"ifname": "cni0", "flags": ["BROADCAST", "PROMISC"], "altnames": ["br-1", "br-2"]},
      {"ifname": "eth0", "flags": ["BROADCAST"]},
      {"ifname": "veth1", "flags": ["PROMISC"], "altnames": ["pod"]}
    ]"""

    marks = list(link_settings.marks_in(listing, ("eth0", "cni0")))

    assert marks == ["cni0 promiscuous", "cni0 also named br-1", "cni0 also named br-2"]
    assert [d.seen for d in link_settings.left(marks, marks[:2])] == ["cni0 also named br-2"]
