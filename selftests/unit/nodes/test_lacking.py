"""Things that the node lacks are told from those that a plugin fails to make itself."""

import json

import pytest

from podpath.cni import conflist
from podpath.nodes.lacking import Surroundings, named_daemons, named_links, thing

SECTIONS = [
    {"type": "macvlan", "master": "eth1"},
    {"type": "portmap", "externalSetMarkChain": "KUBE-MARK-MASQ"},
]


def surroundings(*present: str) -> Surroundings:
    """A node that has these things and no others."""
    there = set(present).__contains__
    return Surroundings(there, there, there, there)


LACKING = [
    pytest.param(
        "open /run/flannel/subnet.env: no such file or directory",
        "/run/flannel/subnet.env",
        "the file /run/flannel/subnet.env",
        id="file",
    ),
    pytest.param(
        "dial unix /var/run/dbus/system_bus_socket: connect: no such file or directory",
        "/var/run/dbus/system_bus_socket",
        "a program that listens on /var/run/dbus/system_bus_socket",
        id="socket",
    ),
    pytest.param(
        "dial unix /run/agent.sock: connect: connection refused",
        "/run/agent.sock",
        "a program that listens on /run/agent.sock",
        id="daemon-has-ended",
    ),
    pytest.param(
        'failed to lookup master "eth1": Link not found',
        "eth1",
        "the interface eth1, which the conflist names",
        id="master",
    ),
    pytest.param(
        "exit status 2: iptables v1.8.9 (nf_tables): Chain 'KUBE-MARK-MASQ' does not exist",
        "KUBE-MARK-MASQ",
        "the chain KUBE-MARK-MASQ of iptables, which the conflist names",
        id="chain",
    ),
    pytest.param(
        "-j KUBE-MARK-MASQ: iptables: No chain/target/match by that name.",
        "KUBE-MARK-MASQ",
        "the chain KUBE-MARK-MASQ of iptables, which the conflist names",
        id="legacy-chain",
    ),
]


@pytest.mark.parametrize(("error", "name", "lacking"), LACKING)
def test_node_lacks_what_others_make(error: str, name: str, lacking: str) -> None:
    """The same error is the plugin's own if the node has the thing."""
    assert thing(error, SECTIONS, surroundings()) == lacking
    assert thing(error, SECTIONS, surroundings(name)) == ""


def test_node_lacks_a_name_server() -> None:
    error = "dial tcp: lookup controller.example on 127.0.0.53:53: no such host"

    assert thing(error, SECTIONS, surroundings()) == ("a name server that knows controller.example")


@pytest.mark.parametrize(
    "error",
    [
        "open /var/lib/cni/networks/podpath/10.88.0.2: no such file or directory",
        "open /run/mycni/lock: no such file or directory",
        "open /run/mycni/store.json: no such file or directory",
        "open /run/netns/x.conf: no such file or directory",
        "open /proc/sys/net/ipv4/conf/veth0/forwarding: no such file or directory",
        "failed to set veth12: no such device",
        "Chain 'CNI-DN-1234' does not exist",
        "Cannot find device",
        "no can do",
    ],
)
def test_plugin_makes_its_own_state(error: str) -> None:
    """Its store, its locks, its links and its chains; the conflist names none of these."""
    assert thing(error, [{"type": "bridge", "bridge": "cni0"}], surroundings()) == ""


@pytest.mark.parametrize(
    ("sections", "names"),
    [
        ([{"type": "macvlan", "master": "eth1"}], ["eth1"]),
        ([{"type": "loopback"}, {"type": "ipvlan", "master": "eth1"}], ["eth1"]),
        ([{"type": "acme", "options": {"uplink": "eth1"}}], ["eth1"]),
        ([{"type": "bridge", "master": "eth1", "link": "eth2"}], []),
        ([{"type": "bridge"}, {"type": "acme", "device": "eth1"}], []),
    ],
    ids=["macvlan", "after-loopback", "other-plugin", "ignored-keys", "chained"],
)
def test_interfaces_that_pods_lie_on(sections: list[dict[str, str]], names: list[str]) -> None:
    """Only a key that the main plugin reads names an interface."""
    ipam = {"type": "host-local", "subnet": "10.1.0.0/16"}
    written = [section | {"ipam": ipam} for section in sections]
    document = {"cniVersion": "1.0.0", "name": "net", "plugins": written}

    assert named_links(conflist.parse(json.dumps(document))) == names


@pytest.mark.parametrize(
    ("ipam", "firewall", "daemons"),
    [
        ({"type": "dhcp"}, {}, [("dhcp", "/run/cni/dhcp.sock")]),
        ({"type": "dhcp", "daemonSocketPath": "/run/d.sock"}, {}, [("dhcp", "/run/d.sock")]),
        ({"type": "acme"}, {"backend": "iptables"}, []),
        (
            {"type": "acme"},
            {"backend": "firewalld"},
            [("firewalld", "/run/dbus/system_bus_socket")],
        ),
    ],
)
def test_daemons_that_plugins_use(
    ipam: dict[str, str], firewall: dict[str, str], daemons: list[tuple[str, str]]
) -> None:
    plugins = [{"type": "bridge", "ipam": ipam}, {"type": "firewall"} | firewall]
    document = {"cniVersion": "1.0.0", "name": "net", "plugins": plugins}

    assert list(named_daemons(conflist.parse(json.dumps(document)))) == daemons
