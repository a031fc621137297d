"""The tables of a real kernel, read as the values that iproute2 set."""

import os
import subprocess
from contextlib import closing

import pytest

from podpath.errors import CouldNotTest
from podpath.system import kernel, netns
from podpath.system.netlink.questions import Questions

_COMMANDS = """\
link set lo up
link add br0 type bridge stp_state 0 ageing_time 1234
link add veth0 type veth peer name veth1
link set veth0 master br0
link set br0 up
link set veth0 up
link set veth1 up
link add mac0 link veth1 type macvlan mode private
link set veth1 mtu 1400
link set veth1 address 02:00:00:00:00:01
link set veth0 type bridge_slave hairpin on learning off isolated on mcast_flood off
addr add 10.88.0.1/24 dev br0
addr add 10.99.0.1 peer 10.99.0.2/32 dev veth1
route add 10.9.0.0/16 via 10.88.0.9 mtu 1300 advmss 1200
route add 10.19.0.0/16 via inet6 fe80::1 dev veth1
route add blackhole 10.10.0.0/16 table 1000
route add 10.11.0.0/16 nexthop via 10.88.0.9 nexthop via 10.88.0.8
rule add from 10.12.0.0/16 to 10.13.0.0/16 iif br0 oif veth1 table 1000 priority 7
neigh add 10.88.0.5 lladdr 02:00:00:00:00:05 dev br0 nud permanent
neigh add 10.88.0.6 lladdr 02:00:00:00:00:06 dev br0 nud reachable
"""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="makes a network namespace")


class Tables:
    """The tables of a namespace with all that podpath reads."""

    def __init__(self) -> None:
        subprocess.run(["ip", "-batch", "-"], input=_COMMANDS, text=True, check=True)
        subprocess.run(["tc", "qdisc", "add", "dev", "veth1", "clsact"], check=True)
        fdb = "bridge fdb add 02:00:00:00:00:09 dev veth0 master sticky static"
        subprocess.run(fdb.split(), check=True)
        with closing(Questions()) as asked:
            self.links = {link.name: link for link in asked.links()}
            self.ports = {port.name: port for port in asked.ports()}
            self.addresses = asked.addresses()
            self.routes = {str(route.destination): route for route in asked.routes()}
            self.rules = {rule.priority: rule for rule in asked.rules()}
            self.queues = asked.queues()
            self.fdb = {entry.mac: entry for entry in asked.fdb() if entry.master}
            self.neighbours = {str(entry.address): entry for entry in asked.neighbours()}
            with open("/proc/thread-self/ns/net", "rb") as own:
                self.own_number = asked.namespace_id(own.fileno())
            asked.forget(self.neighbours["10.88.0.6"])
            asked.forget(self.neighbours["10.88.0.6"])  # deleted already
            self.after = {str(entry.address) for entry in asked.neighbours()}


@pytest.fixture(scope="module")
def tables() -> Tables:
    return netns.run_in_new("/proc/self/ns/net", Tables)


def test_links(tables: Tables) -> None:
    links = tables.links
    veth0, veth1, bridge, macvlan = (links[name] for name in ("veth0", "veth1", "br0", "mac0"))

    assert (veth1.kind, veth1.mtu, veth1.mac) == ("veth", 1400, "02:00:00:00:00:01")
    assert (veth0.master, veth0.peer_index, veth0.peer_nsid) == (bridge.index, veth1.index, None)
    assert all((veth0.is_up, veth0.is_general, not veth0.has_xdp, not macvlan.is_up))
    assert (macvlan.mode, macvlan.peer_index) == ("private", veth1.index)
    assert bridge.bridge is not None
    assert (bridge.bridge.stp, bridge.bridge.ageing) == (False, 1234)


def test_bridges_view_of_its_ports(tables: Tables) -> None:
    """Each port, and the bridge itself; with VLAN 1 where the kernel can keep VLANs apart."""
    assert tables.ports.keys() == {"br0", "veth0"}
    try:
        kernel.check_vlan_filtering()
        known = [(1, True, True)]
    except CouldNotTest:
        known = []
    vlans = tables.ports["veth0"].vlans
    assert [(v.number, v.is_pvid, v.is_untagged) for v in vlans] == known


def test_port_of_a_bridge(tables: Tables) -> None:
    port = tables.links["veth0"].port

    assert port is not None
    assert (port.state, port.hairpin, port.learning, port.isolated) == (3, True, False, True)
    assert port.switches.items() >= {"flood": True, "mcast_flood": False, "guard": False}.items()


def test_addresses(tables: Tables) -> None:
    addresses = {str(a.address): (a.index, a.is_global, a.is_refreshed) for a in tables.addresses}

    assert addresses["10.88.0.1/24"] == (tables.links["br0"].index, True, False)
    assert addresses["10.99.0.1/32"] == (tables.links["veth1"].index, True, False)
    assert addresses["127.0.0.1/8"] == (1, False, False)


def test_routes(tables: Tables) -> None:
    route, other = tables.routes["10.9.0.0"], tables.routes["10.19.0.0"]
    blackhole, spread = tables.routes["10.10.0.0"], tables.routes["10.11.0.0"]

    assert (route.length, str(route.gateway), route.table) == (16, "10.88.0.9", 254)
    assert route.limits == {"mtu": 1300, "advmss": 1200}
    assert (route.device, route.has_several_hops) == (tables.links["br0"].index, False)
    assert (route.protocol, route.kind) == (3, 1)  # RTPROT_BOOT, RTN_UNICAST
    assert str(other.gateway) == "fe80::1"
    assert (blackhole.kind, blackhole.table, blackhole.device) == (6, 1000, None)
    assert (spread.has_several_hops, spread.gateway, spread.device) == (True, None, None)


def test_rules(tables: Tables) -> None:
    rule = tables.rules[7]

    assert (rule.table, rule.interfaces) == (1000, ("br0", "veth1"))
    assert [str(end) for end in rule.source or ()] == ["10.12.0.0", "16"]
    assert [str(end) for end in rule.destination or ()] == ["10.13.0.0", "16"]
    assert tables.rules[32766].table == 254


def test_queues(tables: Tables) -> None:
    veth1 = tables.links["veth1"].index

    assert "clsact" in {queue.kind for queue in tables.queues if queue.index == veth1}


def test_fdb(tables: Tables) -> None:
    entry = tables.fdb["02:00:00:00:00:09"]

    assert (entry.index, entry.master) == (tables.links["veth0"].index, tables.links["br0"].index)
    assert (entry.is_sticky, entry.is_static, entry.is_of_link) == (True, True, False)
    assert entry.address is None


def test_neighbours(tables: Tables) -> None:
    static, learned = tables.neighbours["10.88.0.5"], tables.neighbours["10.88.0.6"]

    assert (static.mac, static.is_static) == ("02:00:00:00:00:05", True)
    assert (learned.mac, learned.is_static) == ("02:00:00:00:00:06", False)
    assert learned.index == tables.links["br0"].index


def test_neighbour_is_deleted(tables: Tables) -> None:
    assert "10.88.0.5" in tables.after
    assert "10.88.0.6" not in tables.after


def test_namespace_without_a_number(tables: Tables) -> None:
    """The kernel has assigned this namespace no number for itself."""
    assert tables.own_number is None
