"""Tables of /proc: what the kernel writes, and what names make of it."""

from ipaddress import IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podpath.nodes.embedded import cgroups
from podpath.nodes.embedded.cgroups import Hierarchy
from podpath.system import proc
from podpath.system.proc import Inet6Address, Mount, Socket

TCP = """\
  sl  local_address rem_address   st
   0: 0200000A:0050 00000000:0000 0A
   1: 00000000000000000000000000000000:192B 00000000000000000000000000000000:0000 0A
   2: 0000000000000000FFFF0000020012AC:C350 0000000000000000FFFF0000030012AC:0050 01
   nonsense
   3: zz:0050 0 0
   4: 0200:0050 00000000:0000 0A
"""
PINGS = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
    1: 00000000:0001 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 9 2 0 0
"""


def test_sockets_of_a_table() -> None:
    """IPv4, IPv6, and IPv4 in IPv6; lines that are no sockets are left out."""
    anywhere = ip_address("0.0.0.0"), 0

    assert proc.sockets(TCP) == [
        Socket((ip_address("10.0.0.2"), 80), anywhere, proc.LISTEN),
        Socket((ip_address("::"), 6443), (ip_address("::"), 0), proc.LISTEN),
        Socket((ip_address("172.18.0.2"), 50000), (ip_address("172.18.0.3"), 80), proc.ESTABLISHED),
    ]
    assert [socket.local for socket in proc.sockets(PINGS)] == [(ip_address("0.0.0.0"), 1)]


def test_endpoints_of_several_tables() -> None:
    assert proc.endpoints([TCP, PINGS, ""]) == {
        (ip_address("10.0.0.2"), 80),
        (ip_address("::"), 6443),
        (ip_address("172.18.0.2"), 50000),
        (ip_address("0.0.0.0"), 1),
    }


def test_ipv6_addresses() -> None:
    """One whose detection failed keeps the flag of a tentative one."""
    table = (
        "fd000000000000000000000000000002 02 40 00 40     eth0\n"
        "fd000000000000000000000000000003 02 40 00 48     eth0\n"
        "fe800000000000000000000000000002 02 40 20 80 a\u2003b\n"
        "nonsense\n"
    )
    tentative, duplicate, own = proc.inet6_addresses(table)

    assert tentative == Inet6Address("eth0", IPv6Address("fd00::2"), 0, 0x40)
    assert (tentative.is_global, tentative.is_tentative) == (True, True)
    assert (duplicate.is_global, duplicate.is_tentative) == (True, False)
    assert (own.interface, own.is_global, own.is_tentative) == ("a\u2003b", False, False)


def test_names_of_interfaces() -> None:
    """A name may have characters at which Python, but not the kernel, ends a line."""
    table = "Inter-| Receive\n face |bytes\n    lo:  1 2\nveth\x1c\x85: 3 4\n"

    assert proc.interfaces(table) == ["lo", "veth\x1c\x85"]


def test_interface_of_the_default_route() -> None:
    head = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n"
    net = "cni0 0000580A 00000000 0001 0 0 0 00FFFFFF 0 0 0\n"
    default = "eth0 00000000 010012AC 0003 0 0 0 00000000 0 0 0\n"

    assert proc.default_route(head + net + default) == "eth0"
    assert proc.default_route(head + net) is None
    assert proc.default_route("") is None


def test_counters_of_a_protocol() -> None:
    table = "Tcp: MaxConn PassiveOpens\nTcp: -1 7\nUdp: OutDatagrams\nUdp: 3\nUdpLite: X\n"

    assert proc.counters(table, "Tcp") == {"MaxConn": -1, "PassiveOpens": 7}
    assert proc.counters(table, "Udp") == {"OutDatagrams": 3}
    assert proc.counters(table, "UdpLite") == proc.counters(table, "Sctp") == {}


def test_counters_of_a_protocol_of_ipv6() -> None:
    table = "Ip6InReceives  \t12\nUdp6OutDatagrams\t4\nUdpLite6OutDatagrams\t9\nnonsense\n"

    assert proc.counters6(table, "Udp6") == {"OutDatagrams": 4}


def test_frames_that_were_dropped() -> None:
    """The second column, in hex, of each CPU's line."""
    assert proc.dropped("0000a2 00000001 0 0\n0000b2 0000000a 0 0\n") == 11
    with pytest.raises(ValueError, match="softnet_stat"):
        proc.dropped("0000a2\n")


@pytest.mark.parametrize(("state", "expected"), [("S", "4711"), ("Z", None), ("X", None)])
def test_start_of_a_process(state: str, expected: str | None) -> None:
    """The name of a program may look like the rest of the line."""
    fields = [str(number) for number in range(4, 22)]

    assert proc.started(f"7 (a) Z 1 (b)) {state} {' '.join(fields)} 4711 9\n") == expected


MOUNTINFO = """\
24 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro
30 24 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct
31 24 0:26 / /again rw - cgroup cgroup rw,cpu,cpuacct
32 24 0:27 / /sys/fs/cgroup/unified rw shared:9 - cgroup2 cgroup2 rw,nsdelegate
33 24 0:28 / /with\\040space/\\134back/\u00e9\u3000 rw - tmpfs  rw
nonsense
"""


def test_mounts() -> None:
    """White space and backslashes come in octal; any other character as it is."""
    found = proc.mounts(MOUNTINFO)

    assert found[0] == Mount("8:1", "/", "ext4", ("rw", "errors=remount-ro"))
    assert found[-1] == Mount("0:28", "/with space/\\back/\u00e9\u3000", "tmpfs", ("rw",))
    assert len(found) == 5


def test_cgroup_hierarchies_in_mounts() -> None:
    """Each once, with the options that a mount of it needs."""
    assert cgroups.in_mounts(MOUNTINFO) == [
        Hierarchy("/sys/fs/cgroup/cpu", "cgroup", "cpu,cpuacct"),
        Hierarchy("/sys/fs/cgroup/unified", "cgroup2", ""),
    ]


def test_strings_of_a_process() -> None:
    assert proc.strings(b"bridge\0--x\0") == [b"bridge", b"--x"]
    assert proc.strings(b"changed by the program") == [b"changed by the program"]


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    """A node's /proc may hold anything: no line that is no row stops a reading."""
    proc.sockets(text)
    proc.inet6_addresses(text)
    proc.interfaces(text)
    proc.default_route(text)
    proc.counters(f"Udp: {text}\nUdp: {text}", "Udp")
    proc.counters6(text, "Udp6")
    proc.mounts(text)


def test_checksum_errors_of_all_tables() -> None:
    """Counters of both IP versions have names of their own; a missing table has none."""
    tables = {
        "snmp": "Ip: InCsumErrors\nIp: 9\nUdp: InDatagrams InCsumErrors\nUdp: 7 2\n",
        "snmp6": "Udp6InDatagrams 5\nUdp6InCsumErrors 1\nIcmp6InCsumErrors 0\n",
        "netstat": "TcpExt: InCsumErrors\nTcpExt: 9\nIpExt: InCsumErrors InOctets\nIpExt: 3 8\n",
    }

    assert proc.checksum_errors(tables) == {
        "UdpInCsumErrors": 2,
        "Udp6InCsumErrors": 1,
        "Icmp6InCsumErrors": 0,
        "IpExtInCsumErrors": 3,
    }
    assert proc.checksum_errors({"snmp": "Tcp: InSegs\nTcp: 1\n"}) == {}


@pytest.mark.parametrize(
    ("stat", "parent"),
    [
        pytest.param("17 (sleep) S 12 17 17 0", 12, id="plain"),
        pytest.param("17 (a) b (c) S 1 17", 1, id="parentheses"),
        pytest.param("1 (init) S 0 1 1", 0, id="none"),
        pytest.param("17 (sleep)", 0, id="cut"),
        pytest.param("17 (sleep) S ? 1", 0, id="no-number"),
        pytest.param("", 0, id="empty"),
    ],
)
def test_parent_of_a_process(stat: str, parent: int) -> None:
    assert proc.parent(stat) == parent
