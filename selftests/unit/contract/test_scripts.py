"""Plugins as scripts are: errors that are not reported, and interfaces of one name alone."""

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from podpath.contract import breakages, chained, first_container, refusals, subjects
from podpath.contract.answers import Answer
from podpath.contract.attachments import Attachment
from podpath.contract.runtime import Runtime
from podpath.contract.subjects import Role, Subject
from podpath.errors import DoesNotConform, Unmet
from selftests.unit import samples

if TYPE_CHECKING:
    from podpath.nodes.base import Node

_NO_DOCUMENT = (1, "")
_SUCCESS = (0, '{"cniVersion": "1.0.0", "ips": [{"address": "10.88.0.2/16"}]}')
_ERROR = (1, '{"cniVersion": "1.0.0", "code": 4, "msg": "no namespace"}')
_OWN_CODE = (1, '{"cniVersion": "1.0.0", "code": 42, "msg": "no namespace"}')


class _Runtime(Runtime):
    """A runtime whose plugin's ADD depends on CNI_IFNAME, on a node with the links of a namespace.

    Attributes:
        by_name: CNI_IFNAME -> exit status and stdout of ADD; "" for any other.
        asked: CNI_IFNAME of each ADD.
        deleted: names of the links that were deleted.
    """

    def __init__(self, by_name: dict[str, tuple[int, str]], link: dict[str, Any]) -> None:
        ended = SimpleNamespace(returncode=0, stdout=json.dumps([link]), stderr="")
        self.deleted: list[str] = []

        def run(command: list[str]) -> SimpleNamespace:
            self.deleted += command[-1:] if command[:3] == ["ip", "link", "delete"] else []
            return ended

        node = SimpleNamespace(run=run)
        super().__init__(cast("Node", node), "n", "")
        self.by_name = by_name
        self.asked: list[str] = []

    def execute(self, plugin: str, *arguments: Any) -> Answer:
        environment = arguments[1]
        command, name = environment["CNI_COMMAND"], environment["CNI_IFNAME"]
        status, output = self.by_name.get(name, self.by_name[""]) if command == "ADD" else (0, "")
        self.asked += [name] if command == "ADD" else []
        return Answer(plugin, command, status, output, "", 0.1)


def _runtime(others: tuple[int, str], of_eth0: tuple[int, str], **link: Any) -> _Runtime:
    return _Runtime({"": others, "eth0": of_eth0}, {"ifname": "net1", "flags": ["UP"]} | link)


def _subject(role: Role) -> Subject:
    return next(s for s in subjects.of(samples.network().conflist) if s.role is role)


def _attachment(runtime: Runtime, role: Role = Role.INTERFACE) -> Attachment:
    return Attachment(runtime, _subject(role), "1.0.0")


def _answer(status: int, output: str) -> Answer:
    return Answer("bridge", "ADD", status, output, "", 0.1)


@pytest.mark.parametrize("unreported", [_NO_DOCUMENT, _SUCCESS, _OWN_CODE])
def test_plugin_that_reports_no_failure_has_one_violation(unreported: tuple[int, str]) -> None:
    absent = _attachment(_runtime(unreported, unreported))

    with pytest.raises(Unmet) as caught:
        refusals.refused(absent, _answer(*unreported), codes=[1])

    assert caught.value.requirement == "CNI-ERROR"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (_SUCCESS, "success"),
        (_NO_DOCUMENT, "output"),
        (_ERROR, "error code"),
        (_OWN_CODE, "error code"),
    ],
)
def test_failure_that_is_reported_leaves_other_calls_their_own(
    answer: tuple[int, str], kind: str
) -> None:
    absent = _attachment(_runtime(_ERROR, _ERROR))

    found = refusals.refused(absent, _answer(*answer), codes=[1])

    assert kind in [d.kind for d in found]


def test_failed_adds_links_are_removed_once_no_container_is_in_use() -> None:
    """The next ADD may want their names."""
    runtime = _runtime(_ERROR, _SUCCESS, ifname="eth0-tmp")
    container = _attachment(runtime)
    container.add()
    container.tidy()
    assert runtime.deleted == []

    runtime.own_links = frozenset({"cni0"})
    runtime.live.add("contract-1")
    container.tidy()
    assert runtime.deleted == []

    runtime.live.clear()
    container.tidy()
    container.tidy()
    assert runtime.deleted == ["eth0-tmp"]


def test_answers_of_a_chained_plugin_are_its_own() -> None:
    """CNI-ERROR is about the plugins that create interfaces."""
    absent = _attachment(_runtime(_NO_DOCUMENT, _NO_DOCUMENT), Role.CHAINED)

    assert refusals.refused(absent, _answer(*_NO_DOCUMENT), codes=[1])


@pytest.mark.parametrize(
    ("others", "of_eth0", "interface", "asked"),
    [
        pytest.param(_SUCCESS, _SUCCESS, "net1", ["net1"], id="any-name"),
        pytest.param(_ERROR, _SUCCESS, "eth0", ["net1", "eth0"], id="eth0-alone"),
    ],
)
def test_first_container_shows_the_name_that_others_have(
    others: tuple[int, str], of_eth0: tuple[int, str], interface: str, asked: list[str]
) -> None:
    """A plugin that is unable to use CNI_IFNAME must return an error."""
    runtime = _runtime(others, of_eth0)

    first_container.made(runtime, samples.network())

    assert runtime.interface == interface
    assert runtime.with_directory("/x").interface == interface
    assert _attachment(runtime).interface == interface
    assert list(dict.fromkeys(runtime.asked)) == asked


def test_plugin_whose_add_always_fails_is_called_as_usual_afterwards() -> None:
    runtime = _runtime(_ERROR, _NO_DOCUMENT)

    with pytest.raises(DoesNotConform, match="no namespace"):
        first_container.made(runtime, samples.network())

    assert runtime.interface == "net1"


def test_add_that_makes_no_interface_fails() -> None:
    """A runtime is content with a result that has an address."""
    runtime = _runtime(_SUCCESS, _SUCCESS, ifname="lo")

    with pytest.raises(DoesNotConform, match="made no interface"):
        first_container.made(runtime, samples.network())


def test_interface_without_the_results_address_cannot_be_broken() -> None:
    container = _attachment(_runtime(_SUCCESS, _SUCCESS, addr_info=[]))
    container.result = json.loads(_SUCCESS[1])

    assert "CNI-ADD-INTERFACE" in breakages.address(container, samples.network()).impossible


@pytest.mark.parametrize(
    ("taken", "added"), [("default", "198.51.100.0/24"), ("198.51.100.0/24", "198.18.0.0/15")]
)
def test_later_plugins_route_is_one_that_the_container_lacks(taken: str, added: str) -> None:
    """A configuration may have a route to a network for documentation."""
    container = _attachment(_runtime(_SUCCESS, _SUCCESS, dst=taken))

    assert chained.route(container)["routes"] == [{"dst": added}]


def test_interface_that_is_down_can_have_no_route() -> None:
    container = _attachment(_runtime(_SUCCESS, _SUCCESS, flags=["BROADCAST"]))

    with pytest.raises(Unmet) as caught:
        chained.route(container)

    assert caught.value.requirement == "TOPO-POD-LINKS"
