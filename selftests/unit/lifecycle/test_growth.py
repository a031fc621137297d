"""Files that still have an address of a deleted pod."""

from ipaddress import ip_address

import pytest

from podpath.lifecycle import growth
from podpath.model import PodNetwork
from podpath.nodes.pod import Pod
from podpath.nodes.state_files import _ADDRESS

OWN, OTHER, MAC = "10.88.0.5", "10.88.0.4", "02:00:00:00:00:05"


def _pod(address: str = OWN, mac: str = MAC) -> Pod:
    result = {"interfaces": [{"name": "eth0", "mac": mac, "sandbox": "/run/netns/x"}]}
    network = PodNetwork("transient", "x", (ip_address(address),), "sandbox", result)
    return Pod("transient", "sandbox", network, {}, {})


@pytest.mark.parametrize(
    ("before", "now", "left"),
    [
        ({OTHER}, {OTHER, OWN}, [OWN]),
        ({MAC[:-1] + "4"}, {MAC[:-1] + "4", MAC}, [MAC]),
        ({OTHER}, {OWN}, []),
        (set(), {OWN}, []),
        ({OTHER, OWN}, {OTHER, OWN}, []),
        ({OTHER}, {OTHER, "10.88.0.55"}, []),
    ],
    ids=["list", "list-of-macs", "last-address", "first-address", "known", "longer"],
)
def test_lists_that_gained_an_address(before: set[str], now: set[str], left: list[str]) -> None:
    """A file that replaces its address is no list of pods."""
    found = growth.appended({"/x": frozenset(before)}, {"/x": frozenset(now)}, _pod())

    assert [d.seen for d in found] == [f"{address} in /x" for address in left]


def test_addresses_in_a_text() -> None:
    text = "10.88.0.5:80 fd00:88::5/64, 02:00:00:00:00:05; 1.2.3.4.5 12:30"

    assert _ADDRESS.findall(text) == [OWN, "fd00:88::5", MAC]


def test_address_of_the_last_pod_beside_those_of_running_ones_is_no_list() -> None:
    """A store may keep the address that it gave last, as kerolt/simple-cni does."""
    second = _pod("10.88.0.6", MAC[:-1] + "6")
    before = {"/x": frozenset({OTHER})}

    last = growth.appended(before, {"/x": frozenset({OTHER, "10.88.0.6"})}, _pod(), second)
    both = growth.appended(before, {"/x": frozenset({OTHER, OWN, "10.88.0.6"})}, _pod(), second)

    assert last == []
    assert [d.seen for d in both] == [f"{OWN} in /x", "10.88.0.6 in /x"]
