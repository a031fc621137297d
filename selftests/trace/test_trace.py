"""podpath trace on a node that stands: what it shows is what happened."""

import io
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from podpath import cli
from podpath.testing import OpenNode, deploy, open_node
from selftests.suite import HANG_SECONDS, ROOT

pytestmark = pytest.mark.xdist_group("trace")

_PODPATH = (sys.executable, "-m", "podpath")
#: A rule that drops pings on the bridge.
_RULE = (
    "add table bridge x; add chain bridge x f { type filter hook forward priority 0; };"
    " add rule bridge x f ip protocol icmp drop"
)


@dataclass(frozen=True)
class Run:
    """End of one `podpath trace`."""

    status: int
    text: str
    errors: str

    @property
    def document(self) -> dict[str, object]:
        return dict(json.loads(self.text))


@pytest.fixture(scope="module")
def node() -> Iterator[OpenNode]:
    """A node with client, server and a bystander."""
    pods = "client", "server", "bystander"
    with open_node(attachable=True) as opened, deploy(opened, *pods):
        yield opened


def trace(node: OpenNode, *arguments: str) -> Run:
    """Run the command in this process, which has all modules already."""
    output, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(output), redirect_stderr(errors):
        status = cli.main(["trace", "--join", node.id, *arguments])
    return Run(status, output.getvalue(), errors.getvalue())


def on_node(node: OpenNode, *arguments: str) -> Run:
    """Run `podpath trace` on the node itself, whose pods are then those of others."""
    done = node.node.run([*_PODPATH, "trace", *arguments], 60.0)
    return Run(done.returncode, done.stdout, done.stderr)


@contextmanager
def dropping(node: OpenNode) -> Iterator[None]:
    """Drop pings between pods for the length of the block."""
    node.node.run(["nft", _RULE])
    try:
        yield
    finally:
        node.node.run(["nft", "delete", "table", "bridge", "x"])


@pytest.mark.parametrize(
    ("arguments", "way"),
    [
        (("client", "server"), "eth0 -> veth -> cni0 -> veth -> eth0, both ways"),
        (("--http", "server", "client"), "eth0 -> veth -> cni0 -> veth -> eth0, both ways"),
        (("client", "server", "--udp", "9000"), "eth0 -> veth -> cni0 -> veth -> eth0"),
        (("client", "server", "--tcp", "80"), "eth0 -> veth -> cni0 -> veth -> eth0, both ways"),
        (("client", "server", "--exec"), "eth0 -> veth -> cni0 -> veth -> eth0, both ways"),
        (("client", "node"), "eth0 -> veth -> cni0, both ways"),
        (("node", "server"), "cni0 -> veth -> eth0, both ways"),
        (("client", "client"), "lo -> lo, both ways"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "way",
)
def test_path_is_proved(node: OpenNode, arguments: Sequence[str], way: str) -> None:
    run = trace(node, *arguments)

    assert run.status == 0, run.text + run.errors
    last = re.sub(r"veth[0-9a-f]{8}", "veth", run.text.splitlines()[-1])
    assert re.fullmatch(rf"PROVED  {re.escape(way)} +\(\d+\.\d s\)", last)
    assert "saw none of it\nmissed nothing: canaries " in run.text


def test_beyond_the_node_is_seen_translated_and_not_judged(node: OpenNode) -> None:
    run = trace(node, "client", "192.0.2.1")

    assert run.status == 0, run.text + run.errors
    assert "the node's uplink, from 192.0.2.2 now, routed: new MACs" in run.text
    assert re.search(r"(?m)^SEEN  eth0 -> veth\w+ -> cni0 -> eth0, both ways", run.text)


def test_lost_packet_is_told_with_its_last_place_and_the_kernels_reason(node: OpenNode) -> None:
    rule = 'rule "ip protocol icmp drop"'
    with dropping(node):
        # On a busy machine the kernel's reason may be missing. It is never a wrong one.
        for _ in range(3):
            run = trace(node, "client", "server")
            reasons = re.findall("(?m)^  reason: .*$", run.text)
            assert all(rule in reason for reason in reasons), run.text
            if reasons:
                break
        others = on_node(node, "--node", "host", "podpath/client", "podpath/server")

    assert run.status == 1
    assert re.search(r"(?m)^LOST  after node cni0 in ", run.text), run.text
    assert rule in run.text
    assert others.status == 1
    assert re.search(r"(?m)^LOST  after node ", others.text), others.text + others.errors


def test_address_that_nobody_has_is_lost_at_the_question_for_its_mac(node: OpenNode) -> None:
    run = trace(node, "client", "10.88.0.250")

    assert run.status == 1
    assert "for the MAC address of 10.88.0.250, and nothing answered" in run.text
    assert "LOST  before the first interface" in run.text


def test_refused_connection_takes_the_path_and_says_who_refused(node: OpenNode) -> None:
    run = trace(node, "client", "server", "--tcp", "81")

    assert run.status == 0
    assert "the sender: Connection refused" in run.text
    assert "PROVED" in run.text


def test_pods_of_others_are_traced_as_they_are(node: OpenNode) -> None:
    """On the node, its pods are those of a user: nothing is made, and no API server is asked."""
    before = node.topology()

    run = on_node(node, "--node", "host", "podpath/client", "podpath/server", "--json")

    assert run.status == 0, run.text + run.errors
    assert run.document["verdict"] == "PROVED"
    assert run.document["profile"] == "bridge"
    assert node.topology() == before


def test_plugin_without_a_profile_is_seen_and_not_judged(node: OpenNode) -> None:
    conflist = '{"cniVersion": "1.0.0", "name": "other", "plugins": [{"type": "acme-net"}]}'
    other = "/etc/cni/net.d/00-other.conflist"
    node.node.run(["sh", "-c", f"echo {shlex.quote(conflist)} >{other}"])
    try:
        run = on_node(node, "--node", "host", "podpath/client", "podpath/server")
    finally:
        node.node.run(["rm", other])

    assert run.status == 0, run.text + run.errors
    assert 'no judgement: no profile covers the plugin type "acme-net"' in run.text
    assert re.search(r"(?m)^SEEN  eth0 -> veth", run.text)


def test_commands_by_hand_show_each_hop(node: OpenNode) -> None:
    """Each tcpdump, pasted on the node, ends by itself: it saw its packet."""
    shown = trace(node, "client", "server", "--by-hand").text.partition("\n\n")[2]
    *watching, sending = [line for line in shown.splitlines() if not line.startswith("#")]
    assert len(watching) == 10

    with ExitStack() as stack:
        started = [
            stack.enter_context(_started(node.node.entering(["bash", "-c", f"exec {line}"])))
            for line in watching
        ]
        for process in started:
            assert process.stderr is not None
            assert any("listening on" in line for line in process.stderr)
        node.node.run(["bash", "-c", sending])
        ends = [process.wait(timeout=HANG_SECONDS) for process in started]

    assert ends == [0] * 10


@contextmanager
def _started(command: Sequence[str]) -> Iterator["subprocess.Popen[str]"]:
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_capture_has_the_frames_of_the_packet(node: OpenNode, tmp_path: Path) -> None:
    file = tmp_path / "trace.pcapng"

    run = trace(node, "client", "server", "--capture", str(file))

    assert run.status == 0
    read = ["tcpdump", "-nn", "-r", str(file)]
    frames = subprocess.run(read, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(frames) == 10
    assert all("ICMP echo re" in frame for frame in frames)


def test_watch_shows_one_line_while_nothing_changes(node: OpenNode) -> None:
    command = [*_PODPATH, "trace", "--join", node.id, "client", "server", "--watch"]
    with _started(command) as process:
        assert process.stdout is not None
        lines: list[str] = []
        for line in process.stdout:  # a run that shows no such line ends with the test's time limit
            lines.append(line)
            if re.match(r"\d\d:\d\d:\d\d  PROVED", line):
                break
        process.send_signal(2)
        assert process.wait(timeout=HANG_SECONDS) == 0
    assert sum(line.startswith("PROVED") for line in lines) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nobody", "server"), 'the node has no pod "nobody"'),
        (("client", "nobody"), 'the node has no pod "nobody"'),
        (("client", "server", "-6"), "server has no IPv6 address"),
        (("client", "server", "--tcp", "0"), "the port must be from 1 to 65535"),
        (("client", "server", "--http", "--count", "2"), "--count is of pings"),
        (("node", "server", "--exec"), "the node has no container"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "sentence",
)
def test_mistake_is_one_sentence(node: OpenNode, arguments: Sequence[str], sentence: str) -> None:
    run = trace(node, *arguments)

    assert run.status == 6
    assert run.errors.startswith(f"podpath: {sentence}")
    assert run.text == ""


def test_page_shows_what_trace_prints() -> None:
    """A node of its own, as the page has it."""
    page = (ROOT / "docs" / "trace.md").read_text()
    (shown,) = re.findall(r"(?s)```text\n\$ sudo podpath trace client server\n(.*?)```", page)

    command = [*_PODPATH, "trace", "client", "server", "--new"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert _plain(done.stdout) == _plain(shown)


def _plain(text: str) -> str:
    for pattern, word in (
        (r"veth[0-9a-f]{8}", "veth"),
        (r"\+\d+\.\d+ ms", "time"),
        (r"canaries \d+ of \d+", "canaries"),
        (r" +\(\d+\.\d s\)", " (duration)"),
    ):
        text = re.sub(pattern, word, text)
    return text
