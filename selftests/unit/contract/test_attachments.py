"""Pure parts of the checks of two attachments, and of ranges that are used up."""

from ipaddress import ip_address
from typing import Any, cast
from unittest.mock import patch

import pytest

from podpath.cni.network import Network
from podpath.contract import failures, links, parallel, siblings, subjects
from podpath.contract.attachments import Attachment
from podpath.contract.links import AttachmentState, Link
from podpath.contract.runtime import Runtime
from podpath.errors import Unmet
from podpath.model import Difference
from podpath.nodes.base import Node
from podpath.nodes.inventory import Inventory
from selftests.unit import samples


def attachment(result: dict[str, Any]) -> Attachment:
    chain = subjects.of(network([{"subnet": "10.88.0.0/24"}]).conflist)[0]
    runtime = Runtime(cast("Node", None), "network", "/opt/cni/bin")
    made = Attachment(runtime, chain, result["cniVersion"])
    made.result = result
    return made


@pytest.mark.parametrize(
    "result",
    [
        {"cniVersion": "0.1.0", "ip4": {"ip": "10.88.0.2/24"}, "ip6": {"ip": "fd00:88::2/64"}},
        {
            "cniVersion": "1.0.0",
            "ips": [{"address": "10.88.0.2/24"}, {"address": "fd00:88::2/64"}],
        },
    ],
)
def test_attachment_is_known_by_its_addresses_in_any_version(result: dict[str, Any]) -> None:
    """Its lease is its own, not another container's, also where the result has no "ips"."""
    made = attachment(result)

    assert made.known_by() == [made.container, "10.88.0.2", "fd00:88::2"]


def at_once(addresses: tuple[str, ...]) -> list[Difference]:
    """ADD of two containers, whose results have one address, while they have others."""
    result = {"cniVersion": "0.2.0", "ip4": {"ip": "10.88.0.2/24"}}
    containers = [attachment(result), attachment(result)]
    has = {containers[0].interface: Link("02:00:00:00:00:01", addresses)}
    state = AttachmentState(result, containers[0].interface, "", has, {})
    with (
        patch.object(Attachment, "add", return_value=[]),
        patch.object(Attachment, "state", return_value=state),
    ):
        return parallel.added(containers)


def test_containers_with_one_address_are_seen_in_any_version() -> None:
    (difference,) = at_once(("10.88.0.2/24",))

    assert (difference.kind, difference.where) == ("address", "10.88.0.2/24")


def test_address_that_no_container_has_is_a_finding_about_results() -> None:
    with pytest.raises(Unmet) as raised:
        at_once(("10.88.0.3/24",))

    assert raised.value.requirement == "CNI-ADD-INTERFACE"


def inventory(**things: tuple[str, ...]) -> Inventory:
    return Inventory({"leases": (), "rules": (), **things})


def test_own_things_are_those_that_appeared() -> None:
    before, now = inventory(rules=("a",)), inventory(rules=("a", "b"), leases=("10.88.0.2 x",))

    assert siblings.own(now, before) == {("rules", "b"), ("leases", "10.88.0.2 x")}


def test_only_own_things_are_lost() -> None:
    before = inventory(rules=("a", "b"))

    (difference,) = siblings.lost(inventory(), before, {("rules", "b"), ("leases", "b")})

    assert (difference.kind, difference.where, difference.expected) == ("lost", "rules", "b")


def test_settings_of_a_link_that_is_gone_are_left_out() -> None:
    """Its other end vanishes with an interface; the links that stay must be as before."""
    before = siblings.Standing(
        {}, frozenset(), {"node a isolated": "False", "node b MTU": "1500"}, {}
    )
    now = siblings.Standing({}, frozenset(), {"node a isolated": "True"}, {})

    (difference,) = siblings.changes(before, now, "ADD of net2")

    assert (str(difference.where), difference.seen) == ("node a isolated", "True")


def network(*sets: list[dict[str, str]], **more: Any) -> Network:
    ipam = {"type": "host-local", "ranges": [*sets], "routes": [{"dst": "0.0.0.0/0"}], **more}
    return samples.network(ipam)


def test_last_set_has_one_address_left() -> None:
    both = network(
        [{"subnet": "10.88.0.0/24"}], [{"subnet": "fd00:88::/64", "gateway": "fd00:88::9"}]
    )
    chain = subjects.of(both.conflist)[0]

    narrowed = failures.with_one_address(chain, both, ip_address("fd00:88::77"))

    ipam = narrowed.main.section["ipam"]
    assert ipam["ranges"][1] == [
        {
            "subnet": "fd00:88::/64",
            "rangeStart": "fd00:88::77",
            "rangeEnd": "fd00:88::77",
            "gateway": "fd00:88::9",
        }
    ]
    assert ipam["ranges"][0][0]["rangeEnd"] == "10.88.0.254"
    assert ipam["routes"] == [{"dst": "0.0.0.0/0"}]
    assert narrowed.steps[1:] == chain.steps[1:]


def test_subnet_of_the_section_itself_becomes_a_range() -> None:
    old = samples.network({"ranges": [], "subnet": "10.88.0.0/24"})
    chain = subjects.of(old.conflist)[0]

    ipam = failures.with_one_address(chain, old, ip_address("10.88.0.7")).main.section["ipam"]

    assert "subnet" not in ipam
    assert [r["rangeStart"] for r in ipam["ranges"][0]] == ["10.88.0.7"]


@pytest.mark.parametrize(
    "ipam", [{"type": "dhcp"}, {"type": "whereabouts", "range": "10.88.0.0/24"}]
)
def test_addresses_of_other_ipams_are_not_used_up(ipam: dict[str, str]) -> None:
    of_others = samples.network(ipam)

    assert failures.free_address(None, of_others) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(("plugin", "is_called"), [("dhcp", False), ("acme", True)])
def test_ipam_that_is_called_alone(plugin: str, is_called: bool) -> None:
    """The plugin dhcp sends by an interface, which a call without its caller does not have."""
    names = [subject.name for subject in subjects.of(samples.network({"type": plugin}).conflist)]

    assert (plugin in names) is is_called


def test_changed_link_is_described_in_words() -> None:
    """Both a link that came, and one that has another address."""
    link = Link("02:00:00:00:00:01", ("10.88.0.2/24", "fd00::2/64"), ("fd00::2/64",))
    (came,) = links.changes({}, {"veth0": link})

    assert (came.expected, came.seen) == (
        "none",
        "MAC 02:00:00:00:00:01, 10.88.0.2/24, fd00::2/64 (not usable yet)",
    )
