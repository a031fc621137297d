"""The recipe by hand that podpath grew from works word for word, in two windows on one node."""

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from selftests.shell.window import PROMPT, Window, window


@pytest.fixture(scope="module")
def first() -> Iterator[Window]:
    """The first window, whose shell has started the node."""
    with window("--new") as opened:  # another one may stand on this machine
        yield opened


@pytest.fixture(scope="module")
def node(first: Window) -> str:
    """The node's name, which the greeting has."""
    greeting = first.until(PROMPT)
    match = re.search(r"This is the node (\w+)\.", greeting)
    assert match, greeting
    return match[1]


@pytest.fixture(scope="module")
def second(node: str) -> Iterator[Window]:
    """The other window."""
    with window("--join", node) as opened:
        opened.until(PROMPT)
        yield opened


def shell(
    node: str, command: str | None = None, stdin: str = ""
) -> "subprocess.CompletedProcess[str]":
    """Run `podpath shell` on a node, without a terminal."""
    arguments = ["--join", node, *([] if command is None else ["-c", command])]
    return subprocess.run(
        [sys.executable, "-m", "podpath", "shell", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


def addresses(shown: str) -> dict[str, str]:
    """Read the pods' addresses from `kubectl get pods -o wide`."""
    rows = (line.split() for line in shown.splitlines())
    return {row[0]: row[5] for row in rows if len(row) > 6 and row[2] == "Running"}


pytestmark = [pytest.mark.usefixtures("node"), pytest.mark.xdist_group("shell")]


def test_bridge_and_namespaces_are_those_of_the_pods(first: Window) -> None:
    """`brctl show` has three ports; each pod's address is found in one listed namespace."""
    bridge = first.run("brctl show")
    names = re.findall(r"^(cni-\S+)", first.run("ip netns list"), re.MULTILINE)
    pods = addresses(first.run("kubectl get pods -o wide"))

    assert len(re.findall(r"\bveth\w+", bridge)) == 3
    assert sorted(pods) == ["bystander", "client", "server"]
    for address in pods.values():
        holders = [n for n in names if f" {address}/" in first.run(f"sudo ip netns exec {n} ip a")]
        assert len(holders) == 1, (address, names)


def test_ping_in_the_other_window_is_seen_on_the_bridge(first: Window, second: Window) -> None:
    """tcpdump in one window shows the ping of a pod's own shell in the other."""
    server = addresses(second.run("kubectl get pods -o wide"))["server"]
    first.type("sudo tcpdump -i cni0 -nn icmp -c 2\n")
    first.until("listening on cni0")
    second.run("kubectl exec -it client -- bash")
    replies = second.run(f"ping -c 3 {server}")
    second.run("exit")

    assert "3 packets received" in replies
    assert f"> {server}: ICMP echo request" in first.until("2 packets captured")
    first.until("# ")
    assert "3 received" in second.run(f"kubectl exec -it client -- ping -c 3 {server}")


def test_the_terminal_is_a_real_one(first: Window) -> None:
    """It has a name, the window's size, job control, Ctrl-C, and full-screen programs."""
    first.resize(41, 97)

    assert "/dev/pts/" in first.run("tty")
    assert "41 97" in first.run("stty size")
    first.run("sh -c 'echo begun; exec cat'", "begun\n")
    first.type("\x1a")
    first.until("Stopped")
    first.until(PROMPT)  # how often the window shows what is typed before it is chance
    first.run("fg", "exec cat'\n")
    first.run("more", "more\n")
    first.type("\x03")
    first.until(PROMPT)
    assert "status 130" in first.run("echo status $?")
    first.run("seq 1000 | less", ":")
    first.type("G")
    first.until("1000\n")
    first.type("q")
    first.until(PROMPT)
    assert "still here" in first.run("echo still here")


def test_a_new_size_reaches_a_pod(first: Window) -> None:
    """A program in a pod has the window's size, also after a change."""
    first.run("kubectl exec -it client -- sh")
    first.resize(33, 77)

    first.run_until("stty size", "33 77")
    first.run("exit")


def test_a_command_runs_on_the_same_node_and_gives_its_status(node: str) -> None:
    """`-c` has the pods of the node that stands, and its own output apart from errors."""
    done = shell(node, "kubectl get pods -o name; kubectl exec server -- sh -c 'exit 7'")

    assert done.stdout == "pod/bystander\npod/client\npod/server\n"
    assert done.returncode == 7


def test_a_script_is_read_from_stdin(node: str) -> None:
    """A script on stdin runs to its end, and a program in it may read the rest."""
    done = shell(node, stdin="hostname\nread line\nhello\necho $line; exit 3\n")

    assert (done.stdout, done.stderr, done.returncode) == ("podpath-node\nhello\n", "", 3)


def test_missing_program_is_named_with_its_package(first: Window) -> None:
    """A program that the host lacks is a sentence, not only "command not found"."""
    shown = first.run("PATH=/opt/podpath/bin-of-last-resort:/bin tcpdump")

    assert "tcpdump is not installed. On the host, as root: apt-get install tcpdump" in shown


def test_a_prompt_names_the_node(first: Window, second: Window, node: str) -> None:
    """Both windows show the same name."""
    assert all(f"[podpath {node}]" in window.run("true") for window in (first, second))
