"""Delegating plugins: what the conflist states of the delegate, and what its record adds."""

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest

from podpath.cni import delegation
from podpath.cni.conflist import Conflist, parse
from podpath.cni.fields import Malformed
from podpath.cni.network import Network
from podpath.contract import subjects
from podpath.contract.subjects import Role
from podpath.errors import CouldNotTest
from podpath.nodes import delegates
from podpath.nodes.base import Node
from podpath.nodes.pod import Pod

RECORD = {
    "type": "bridge",
    "isGateway": True,
    "mtu": 1450,
    "ipMasq": False,
    "ipam": {
        "type": "host-local",
        "ranges": [[{"subnet": "10.42.3.0/24"}]],
        "routes": [{"dst": "10.42.0.0/16"}],
    },
}
MACVLAN = {"type": "macvlan", "ipam": {"type": "host-local", "subnet": "10.9.0.0/24"}}


def chain(*sections: dict[str, Any]) -> Conflist:
    return parse(json.dumps({"cniVersion": "1.0.0", "name": "net", "plugins": sections}))


def flannel(**delegate: Any) -> Conflist:
    return chain({"type": "flannel", "delegate": delegate}, {"type": "portmap"})


def test_flannel_delegates_to_bridge() -> None:
    """Ranges and MTU are not known before a pod; masquerading is expected until then."""
    read = flannel(hairpinMode=True, isDefaultGateway=True)

    assert str(read.delegation) == "flannel, which delegates to bridge"
    assert (read.main_plugin, read.wiring_plugin) == ("flannel", "bridge")
    assert (read.hairpin, read.is_default_gateway, read.mtu) == (True, True, None)
    assert (read.ipam.plugin, read.ipam.is_stated) == ("host-local", False)
    assert read.section["ipMasq"] is True
    assert read.delegates == ("flannel", "portmap", "bridge", "host-local")
    assert flannel().is_gateway


def test_masquerading_that_flanneld_decides_on() -> None:
    """Unless the conflist states it."""
    assert _assumed(flannel()) == {"ipMasq"}
    assert _assumed(flannel(ipMasq=False)) == set()


def _assumed(read: Conflist) -> frozenset[str]:
    assert read.delegation
    return read.delegation.assumed


def test_flannel_may_delegate_to_another_plugin() -> None:
    read = flannel(type="ptp")

    assert (read.wiring_plugin, read.is_gateway) == ("ptp", False)


@pytest.mark.parametrize(
    "main",
    [
        pytest.param({"type": "acme", "delegate": MACVLAN}, id="delegate"),
        pytest.param({"type": "multus", "delegates": [MACVLAN]}, id="multus"),
        pytest.param({"type": "multus", "delegates": [{"plugins": [MACVLAN]}]}, id="multus-list"),
    ],
)
def test_delegate_may_be_in_the_conflist(main: dict[str, Any]) -> None:
    read = chain(main)

    assert (read.wiring_plugin, read.ipam.is_stated) == ("macvlan", True)
    assert read.delegates == (main["type"], "macvlan", "host-local")


def test_delegate_that_delegates_is_followed() -> None:
    """As on k3s: multus calls flannel, which calls bridge."""
    flannel = {"type": "flannel", "delegate": {"hairpinMode": True}}
    read = chain({"type": "multus", "delegates": [{"plugins": [flannel]}]})

    assert str(read.delegation) == ("multus, which delegates to flannel, which delegates to bridge")
    assert (read.wiring_plugin, read.hairpin) == ("bridge", True)
    assert read.delegates == ("multus", "flannel", "bridge", "host-local")


@pytest.mark.parametrize(
    ("main", "directory"),
    [
        ({"type": "multus", "delegates": [{"name": "inner", "plugins": [MACVLAN]}]}, "inner"),
        ({"type": "multus", "delegates": [{**MACVLAN, "name": "inner"}]}, "inner"),
        ({"type": "acme", "delegate": {**MACVLAN, "name": "inner"}}, "inner"),
        ({"type": "acme", "delegate": MACVLAN}, "net"),
    ],
)
def test_leases_are_under_the_name_of_the_delegates_network(
    main: dict[str, Any], directory: str
) -> None:
    assert chain(main).ipam.lease_directory == f"/var/lib/cni/networks/{directory}"


@pytest.mark.parametrize("delegates", [None, [], ["macvlan"], [{"plugins": []}], [{"type": ""}]])
def test_multus_without_a_delegate_is_refused(delegates: Any) -> None:
    with pytest.raises(Malformed, match='no "delegates" with the configuration'):
        chain({"type": "multus", "delegates": delegates})


def test_other_plugins_do_not_delegate() -> None:
    assert chain(MACVLAN).delegation is None
    assert chain({"type": "acme", "delegate": "somebody"}).delegation is None


def test_delegate_is_called_in_each_version() -> None:
    """So a version that it does not know is not applicable; its IPAM is not called alone."""
    tested = subjects.of(flannel())

    assert [s.role for s in tested] == [Role.CHAIN, Role.INTERFACE, Role.CHAINED]
    assert tested[1].plugins == ("flannel", "bridge", "host-local")


def node(files: dict[str, str]) -> Node:
    """Return a node with some files."""

    def read(path: str) -> str:
        if path not in files:
            raise FileNotFoundError(path)
        return files[path]

    return cast("Node", SimpleNamespace(read=read))


PODS = cast("list[Pod]", [SimpleNamespace(sandbox="abc"), SimpleNamespace(sandbox="def")])


def test_record_completes_the_configuration() -> None:
    """The first one that there is: each pod of a node is given the same."""
    text = json.dumps(RECORD)
    read = delegates.completed(flannel(), node({"/var/lib/cni/flannel/def": text}), PODS)

    assert (read.mtu, read.ipam.is_stated, read.section["ipMasq"]) == (1450, True, False)
    assert [str(r.subnet) for r in read.ipam.ranges] == ["10.42.3.0/24"]
    assert [str(r.destination) for r in read.ipam.routes] == ["10.42.0.0/16"]
    assert read.main_plugin == "flannel"


def test_configuration_without_a_record_stays_as_it_is() -> None:
    written = flannel()

    assert delegates.completed(written, node({}), PODS) is written
    assert delegates.completed(chain(MACVLAN), node({}), PODS).delegation is None


@pytest.mark.parametrize("text", ["", "[]", '{"name": "net"}', '{"type": "bridge"}'])
def test_record_that_is_no_configuration_is_told(text: str) -> None:
    with pytest.raises(CouldNotTest, match="flannel keeps no configuration of its delegate at"):
        delegates.completed(flannel(), node({"/var/lib/cni/flannel/abc": text}), PODS)


def test_profile_is_the_delegates() -> None:
    written = flannel(type="ptp")

    assert Network(written, Network.covering(written)).profile.name == "ptp"


def test_every_delegate_takes_part() -> None:
    """Also those in a list of plugins, and those of a delegate that delegates itself."""
    flannel = {"type": "flannel", "delegate": {"hairpinMode": True}}
    section = {"type": "multus", "delegates": [{"plugins": [flannel, {"type": "tuning"}]}, MACVLAN]}

    names = [plugin for plugin, _ in delegation.delegated(section)]
    assert names == ["flannel", "bridge", "tuning", "macvlan"]


def test_delegates_are_called_in_the_version_of_their_caller() -> None:
    """Where the configuration states one; a missing one is the caller's to add."""
    inner = {"cniVersion": "1.0.0", "plugins": [{"type": "bridge"}]}
    section = {"type": "multus", "delegates": [inner], "delegate": MACVLAN}

    assert delegation.in_version(section, "0.4.0") == {
        "type": "multus",
        "delegates": [inner | {"cniVersion": "0.4.0"}],
        "delegate": MACVLAN,
    }
