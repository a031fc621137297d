"""Things that the node lacks are told from those that a plugin fails to make itself."""

import json
from typing import Any

import pytest

from podpath.cni import conflist
from podpath.nodes.expectations import Surroundings, thing
from podpath.nodes.lacking import named_daemons, named_links

SECTIONS = [
    {"type": "macvlan", "master": "eth1"},
    {"type": "portmap", "externalSetMarkChain": "KUBE-MARK-MASQ"},
]
CLUSTER = {"type": "acme", "kubernetes": {"kubeconfig": "/etc/acme/acme.kubeconfig"}}


def surroundings(*present: str) -> Surroundings:
    """A node that has these things and no others."""
    there = set(present).__contains__
    return Surroundings(there, there, there, there, there, there)


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
    pytest.param(
        'failed to find plugin "bridge" in path [/opt/podpath/cni/bin]',
        "/opt/podpath/cni/bin/bridge",
        "the plugin bridge in /opt/podpath/cni/bin",
        id="plugin-of-libcni",
    ),
    pytest.param(
        'netplugin failed: "/cni/my-cni: line 37: /opt/cni/bin/host-local: No such file or"',
        "/opt/cni/bin/host-local",
        "the plugin host-local in /opt/cni/bin",
        id="plugin-of-a-script",
    ),
    pytest.param(
        "/cni/my-cni: line 12: jq: command not found",
        "/usr/bin/jq",
        "the program jq",
        id="program-of-bash",
    ),
    pytest.param(
        "/cni/my-cni: 12: brctl: not found",
        "/usr/sbin/brctl",
        "the program brctl",
        id="program-of-dash",
    ),
    pytest.param(
        'exec: "ipset": executable file not found in $PATH',
        "/sbin/ipset",
        "the program ipset",
        id="program-of-go",
    ),
    pytest.param(
        "FileNotFoundError: [Errno 2] No such file or directory: 'prips'",
        "/usr/local/bin/prips",
        "the program prips",
        id="program-of-python",
    ),
    pytest.param(
        "stat /var/lib/calico/nodename: no such file or directory: check that the calico/node"
        " container is running and has mounted /var/lib/calico/",
        "/var/lib/calico/nodename",
        "the file /var/lib/calico/nodename",
        id="calico",
    ),
    pytest.param(
        "have you checked that your default network is ready? still waiting for"
        " readinessindicatorfile @ /run/multus/cni/net.d/10-ovn.conf. pollimmediate error: timed"
        " out waiting for the condition",
        "/run/multus/cni/net.d/10-ovn.conf",
        "the file /run/multus/cni/net.d/10-ovn.conf",
        id="multus",
    ),
    pytest.param(
        "error loading config: stat /etc/cni/net.d/ZZZ-istio-cni-kubeconfig: no such file",
        "/etc/cni/net.d/ZZZ-istio-cni-kubeconfig",
        "the file /etc/cni/net.d/ZZZ-istio-cni-kubeconfig",
        id="kubeconfig-without-suffix",
    ),
    pytest.param(
        "unable to connect to Cilium daemon: failed to create cilium agent client after 30.000000"
        ' seconds timeout: Get "http://localhost/v1/config": dial unix /var/run/cilium/cilium.sock:'
        " connect: no such file or directory\nIs the agent running?",
        "/var/run/cilium/cilium.sock",
        "a program that listens on /var/run/cilium/cilium.sock",
        id="cilium",
    ),
    pytest.param(
        'desc = "transport: Error while dialing: dial tcp 127.0.0.1:50051: connect: connection'
        ' refused"',
        "127.0.0.1:50051",
        "a program that answers at 127.0.0.1:50051",
        id="aws",
    ),
    pytest.param(
        'Get "https://10.96.0.1:443/api/v1/nodes/n": dial tcp 10.96.0.1:443: i/o timeout',
        "10.96.0.1:443",
        "a program that answers at 10.96.0.1:443",
        id="api-server",
    ),
    pytest.param(
        'plugin type="bridge" failed (add): config file not found',
        "acme",
        "the configuration file of the plugin acme",
        id="whereabouts",
    ),
    pytest.param(
        "IPAM: invalid configuration: no configuration has been provided, try setting"
        " KUBERNETES_MASTER environment variable",
        "/etc/acme/acme.kubeconfig",
        "the file /etc/acme/acme.kubeconfig, which the conflist names",
        id="client-go",
    ),
]


@pytest.mark.parametrize(("error", "name", "lacking"), LACKING)
def test_node_lacks_what_others_make(error: str, name: str, lacking: str) -> None:
    """The same error is the plugin's own if the node has the thing."""
    sections: list[Any] = [*SECTIONS, {"type": "acme"}] if name == "acme" else [*SECTIONS]
    sections = [*SECTIONS, CLUSTER] if "kubeconfig" in name else sections

    assert thing(error, sections, surroundings()) == lacking
    assert thing(error, sections, surroundings(name)) == ""


def test_plugin_that_is_given_no_kubeconfig() -> None:
    """The conflist of a plugin that needs a cluster names none."""
    error = "unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST must be defined"

    assert thing(error, SECTIONS, surroundings()).startswith("the kubeconfig of a cluster")


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
        "stat /var/lib/calico/nodename: no such file or directory",
        "open /proc/sys/net/x: no such file or directory: is the agent running?",
        "config file not found",
        "chain acme: not found",
        "open store: [Errno 2] No such file or directory: 'store.json'",
        "dial tcp 10.1.0.7:80: connect: connection refused",
        "no can do",
    ],
)
def test_plugin_makes_its_own_state(error: str) -> None:
    """Its store, its locks, its links and its chains; the conflist names none of these."""
    ipam = {"type": "host-local", "subnet": "10.1.0.0/16", "routes": [{"dst": "0.0.0.0/0"}]}
    sections = [{"type": "bridge", "bridge": "cni0", "ipam": ipam}]

    assert thing(error, sections, surroundings()) == ""


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
