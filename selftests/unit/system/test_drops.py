"""What the kernel drops, with its reason: real packets, in a namespace of the test's own."""

import os
import re
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from podpath.system import btf, drops, linux, netns, waiting
from podpath.system.netlink import losses, nftables

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="not root")

_ICMP, _ECHO = 1, 8
_PROG_GET_FD_BY_ID = 13  # linux/bpf.h, enum bpf_cmd
Run = Callable[[str], None]


@pytest.fixture
def namespace() -> Iterator[str]:
    """The path of a network namespace, whose lo is up."""
    script = "ip link set lo up; echo; exec sleep 60"
    command = ["unshare", "-n", "sh", "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield f"/proc/{process.pid}/ns/net"
        process.kill()


@pytest.fixture
def run(namespace: str) -> Run:
    """Run a command in the namespace."""

    def inside(command: str) -> None:
        subprocess.run(["nsenter", f"--net={namespace}", "sh", "-c", command], check=False)

    return inside


@pytest.fixture
def recorder(namespace: str) -> drops.Recorder:
    """The recorder of this process, of the packets of that namespace."""
    recorder = drops.recorder()
    if recorder is None:
        pytest.skip("this kernel or its rights allow no record")
    recorder.begin([netns.inode(namespace)])
    return recorder


def test_packet_that_the_filter_drops(namespace: str, run: Run, recorder: drops.Recorder) -> None:
    """Its bytes, its namespace, the reason, and the rule that counted it."""
    run("nft add table ip f; nft add chain ip f o '{ type filter hook output priority 0; }'")
    run("nft add rule ip f o icmp type echo-request counter drop")
    before = losses.read({"it": namespace})["it"]
    run("ping -c 2 -i 0.1 -W 1 127.0.0.9 >/dev/null")
    after = losses.read({"it": namespace})["it"]
    inode = netns.inode(namespace)

    dropped = [d for d in recorder.take() or () if d.netns == inode and d.head[9] == _ICMP]
    assert [(d.reason, d.protocol) for d in dropped] == [("NETFILTER_DROP", 0x0800)] * 2
    assert [d.head[20] for d in dropped] == [_ECHO] * 2
    assert dropped[0].head[16:20] == bytes([127, 0, 0, 9])
    ((rule, packets),) = after.droppers().items()
    assert (packets, before.droppers()[rule]) == (2, 0)
    named = 'rule "icmp type echo-request counter drop" of chain o, table ip f'
    assert losses.worded(namespace, rule) == named
    assert after.counters()["IpOutDiscards"] - before.counters()["IpOutDiscards"] == 2


def test_packets_of_other_namespaces_leave_the_record_its_room(
    run: Run, recorder: drops.Recorder
) -> None:
    """What a full node beside drops, many times the size of the record, changes nothing."""
    flood = (
        "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);"
        " [s.sendto(bytes(8), ('127.0.0.1', 9)) for _ in range(20000)]"
    )
    unshare = ["unshare", "-n", "sh", "-c", f'ip link set lo up; exec "$0" -c "{flood}"']
    subprocess.run([*unshare, sys.executable], check=True)
    assert recorder.take() == []

    run("nft add table ip f; nft add chain ip f o '{ type filter hook output priority 0; }'")
    run("nft add rule ip f o icmp type echo-request drop")
    run("ping -c 1 -W 1 127.0.0.9 >/dev/null")
    assert "NETFILTER_DROP" in [d.reason for d in recorder.take() or ()]
    recorder.begin([])
    run("ping -c 1 -W 1 127.0.0.9 >/dev/null")
    assert recorder.take() == []


def test_policies_and_rules_of_each_kind_are_read(namespace: str, run: Run) -> None:
    """Those that may drop, and no others; with their counters, if they have any."""
    run("nft add table inet f; nft add chain inet f i '{ type filter hook input priority 0; }'")
    run("nft add chain inet f d '{ type filter hook forward priority 0; policy drop; }'")
    for rule in (
        "accept",
        "counter",
        "counter reject",
        "ip daddr 192.0.2.1 drop",
        "ip daddr vmap { 192.0.2.2 : drop }",
    ):
        run(f"nft add rule inet f i {rule}")

    found = losses.read({"it": namespace})["it"].droppers()

    assert sorted((d.chain, d.kind, bool(d.handle), packets) for d, packets in found.items()) == [
        ("d", "drop", False, None),
        ("i", "drop", True, None),
        ("i", "map", True, None),
        ("i", "reject", True, 0),
    ]
    assert all(d.concerns(4) and d.concerns(6) for d in found)


def test_legacy_rules_are_read_from_their_listing() -> None:
    saved = "!ip\n*filter\n:INPUT ACCEPT [9:9]\n:FORWARD DROP [7:84]\n[2:9] -A INPUT -j DROP\n"

    found = losses.Reading(legacy=saved).droppers()

    assert {str(rule): packets for rule, packets in found.items()} == {
        "policy DROP of chain FORWARD, table ip filter": 7,
        'rule "-A INPUT -j DROP" of chain INPUT, table ip filter': 2,
    }


def test_rules_of_links_are_those_of_packets_on_them(namespace: str, run: Run) -> None:
    """Each pod may have a chain of its own: the others' rules dropped none of its packets."""
    run("ip link add one type veth peer name other")
    for chain, links in (("a", "one"), ("b", "{ one, other }")):
        hook = f"type filter hook ingress devices = {links} priority 0;"
        hook = hook.replace("devices = one", "device one")
        run(f"nft add table netdev f; nft add chain netdev f {chain} '{{ {hook} }}'")
        run(f"nft add rule netdev f {chain} drop")
    run("nft add table ip f; nft add chain ip f c; nft add rule ip f c drop")

    found = losses.read({"it": namespace})["it"].droppers()

    by_link = {link: {d.chain for d in found if d.is_on(link)} for link in ("one", "other", "")}
    assert by_link == {"one": {*"abc"}, "other": {*"bc"}, "": {*"abc"}}


@pytest.mark.parametrize("dump", [b"", b"\0" * 40, struct.pack("=IHHII", 20, 0xA06, 0, 0, 0)])
def test_any_dump_can_be_parsed(dump: bytes) -> None:
    assert nftables.droppers(dump) == {}


def test_rule_of_a_namespace_that_is_gone_has_its_number(tmp_path: Path) -> None:
    rule = nftables.Dropper("ip", "f", "o", 3, "drop")
    assert losses.worded(str(tmp_path / "none"), rule) == "rule 3 of chain o, table ip f"


def test_kernel_without_a_description_has_no_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The counters serve alone; nothing fails."""
    for content in (None, b"", b"\x9f\xeb" + bytes(40)):
        path = tmp_path / "vmlinux"
        if content is not None:
            path.write_bytes(content)
        monkeypatch.setattr(btf, "PATH", path)
        with pytest.raises((OSError, ValueError)):
            drops.Recorder()
    drops.recorder.cache_clear()
    assert drops.recorder() is None
    drops.recorder.cache_clear()


@pytest.mark.usefixtures("recorder")
def test_program_ends_with_its_process() -> None:
    """Also after SIGKILL: nothing of it stays in the kernel."""
    hold = "from podpath.system import drops; r = drops.Recorder(); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        texts = [f.read_text() for f in Path(f"/proc/{process.pid}/fdinfo").iterdir()]
        (number,) = {int(n) for text in texts for n in re.findall(r"prog_id:\s+(\d+)", text)}
        os.close(linux.bpf(_PROG_GET_FD_BY_ID, struct.pack("=I", number)))
        process.kill()

    def is_gone() -> bool:
        try:
            os.close(linux.bpf(_PROG_GET_FD_BY_ID, struct.pack("=I", number)))
        except FileNotFoundError:
            return True
        return False

    assert waiting.until(is_gone, bool, 5)


def test_function_is_the_last_that_begins_before_the_address() -> None:
    """Modules' functions are in no order, and several names may begin at one address."""
    table = [
        b"0000000000000100 T first\n",
        b"0000000000000200 t second\n",
        b"0000000000000200 t alias_of_second\n",
        b"0000000000000500 t of_a_module [bridge]\n",
        b"0000000000000400 t earlier [bridge]\n",
    ]
    places = {
        0x1FF: "first",
        0x200: "second",
        0x3FF: "second",
        0x480: "earlier",
        0x999: "of_a_module",
    }

    assert drops.symbols_in(table, places) == places
    assert drops.symbols_in(table, [0x10]) == {0x10: ""}
    assert drops.symbols_in([b"0000000000000000 T hidden\n"], [0x10]) == {0x10: ""}
