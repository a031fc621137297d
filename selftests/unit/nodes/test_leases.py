"""Lease stores: which one a network has, and the output of a command that lists leases."""

from dataclasses import replace
from ipaddress import ip_address
from types import SimpleNamespace
from typing import Any, cast

import pytest

from podpath.errors import CouldNotTest
from podpath.nodes import leases
from podpath.nodes.base import Node

from .. import samples


def node(status: int, output: str, errors: str = "") -> Node:
    """Return a node on which each command ends like this."""
    ended = SimpleNamespace(returncode=status, stdout=output, stderr=errors)
    return cast("Node", SimpleNamespace(run=lambda _: ended))


def test_store_follows_from_the_ipam_plugin() -> None:
    """host-local's is known; another one's is not, unless a command lists it."""
    other = samples.network({"type": "acme-ipam"})

    assert isinstance(leases.store(samples.network()), leases.HostLocal)
    assert leases.store(samples.network()).unreadable == ""
    assert 'where the IPAM plugin "acme-ipam" keeps' in leases.store(other).unreadable
    assert leases.store(replace(other, lease_command="list")) == leases.Listed("list")


def test_unknown_store_has_no_leases_and_cannot_be_changed() -> None:
    store: Any = leases.Unknown("")

    assert "the plugin's own IPAM" in store.unreadable
    assert store.leases(node(0, "")) == {}
    assert store.rewind(node(0, ""), ip_address("10.0.0.2")) is False
    assert store.deletion(["10.0.0.2"]) == ""


def test_leases_of_host_local_can_be_deleted() -> None:
    store = leases.store(samples.network())

    assert store.deletion(["10.88.0.2"]) == "rm /var/lib/cni/networks/podpath/10.88.0.2"


def test_command_lists_leases() -> None:
    """The interface may be left out; an address may have a prefix length."""
    printed = "10.0.0.2 abc eth0\n\n fd00:0::2/64  def\n"

    assert leases.Listed("list").leases(node(0, printed)) == {"10.0.0.2": "abc", "fd00::2": "def"}


@pytest.mark.parametrize("line", ["10.0.0.2", "abc 10.0.0.2", "no leases found"])
def test_other_output_is_told(line: str) -> None:
    with pytest.raises(CouldNotTest, match=rf"--podpath-leases printed '{line}'"):
        leases.leases_of(f"10.0.0.3 abc\n{line}")


def test_command_that_fails_is_told() -> None:
    with pytest.raises(CouldNotTest, match="failed on the node: no such table"):
        leases.Listed("list").leases(node(1, "", "no such table\n"))
