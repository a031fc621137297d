"""Commands by which a user looks at a failure by hand."""

import shlex
import subprocess
from dataclasses import replace

import pytest

from podpath.report import by_hand
from podpath.report.by_hand import Subject, Way
from podpath.requirements import REQUIREMENTS

_ONE = REQUIREMENTS["TOPO-MTU"]
_NEW = Way("Look:", "podpath shell --new", "podpath trace client server")
_SUBJECT = Subject("cni0", "bridge", '{"type": "bridge", "note": "it\'s"}')


def looks(*commands: str, way: Way = _NEW, subject: Subject = _SUBJECT) -> list[str]:
    return by_hand.commands(replace(_ONE, look=commands), way, subject)


def test_command_is_run_in_a_shell_on_the_node() -> None:
    """With one pair of quotes; a shell within the shell is not needed."""
    assert looks(
        "nsenter -t {node} -a ip addr show {bridge}", "nsenter -t {node} -a sh -c 'a; b'"
    ) == [
        "podpath shell --new -c 'ip addr show cni0'",
        "podpath shell --new -c 'a; b'",
    ]


def test_command_that_waits_needs_a_node_that_stays() -> None:
    """On a new node nothing happens for which it could wait: the path of a packet is shown."""
    waiting = ("nsenter -t {node} -a tcpdump -nei any icmp", "nsenter -t {node} -a ip monitor")
    there = Way("Look:", prefix="nsenter -t 7 -a", pid=7, stays=True)

    assert looks(*waiting) == ["podpath trace client server"]
    assert looks(waiting[1]) == ["podpath shell --new"]
    assert looks(*waiting, way=there) == [
        "nsenter -t 7 -a tcpdump -nei any icmp",
        "nsenter -t 7 -a ip monitor",
    ]


def test_command_of_a_vendor_may_enter_the_node_in_its_own_way() -> None:
    """In the node, its init is process 1."""
    assert looks("nsenter -t {node} -n ip link") == [
        "podpath shell --new -c 'nsenter -t 1 -n ip link'"
    ]


def test_command_about_a_bridge_needs_one() -> None:
    commands = ("nsenter -t {node} -a ip addr show {bridge}", "nsenter -t {node} -a ip link")

    assert looks(*commands, subject=Subject()) == ["podpath shell --new -c 'ip link'"]


@pytest.mark.parametrize("identifier", [i for i in REQUIREMENTS if i.startswith("CNI-")])
def test_plugin_is_called_with_its_configuration(identifier: str) -> None:
    """The shell passes on what the plugin reads as it is."""
    call = next(c for c in REQUIREMENTS[identifier].look if "CNI_COMMAND" in c)
    (command,) = looks(call)
    script = shlex.split(command)[-1]
    read = script[script.index("<<") :]
    done = subprocess.run(["bash", "-c", f"cat {read}"], capture_output=True, text=True, check=True)

    assert done.stdout == f"{_SUBJECT.configuration}\n"
    assert "/opt/podpath/cni/bin/bridge <<" in script
