"""Submissions as files, and as they were typed on another node."""

import tarfile
from pathlib import Path

import pytest

from podpath.labs import submission
from podpath.testing import CouldNotTest

from .. import samples
from . import lab_text

_THERE = {"netns-client": "cni-00ff-11", "host-end-client": "veth0a", "ip-client": "10.88.0.4"}
_HERE = {"netns-client": "cni-22ee-33", "host-end-client": "veth0ab", "ip-client": "10.88.0.9"}


def _typed(*lines: str) -> str:
    return submission.typed(lab_text.lab(), lines, _THERE)


def test_names_of_the_node_are_replaced() -> None:
    """What was typed with one node's names means the same things on another."""
    text = submission.on_node(
        _typed("ip -n cni-00ff-11 route", "ip link set veth0a up", "ping -c 1 10.88.0.4"), _HERE
    )

    assert text.splitlines()[-3:] == [
        "ip -n cni-22ee-33 route",
        "ip link set veth0ab up",
        "ping -c 1 10.88.0.9",
    ]


@pytest.mark.parametrize(
    "line", ["ip link set veth0a1 up", "ping -c 1 10.88.0.40", "ls x-veth0a", "echo 110.88.0.4"]
)
def test_parts_of_other_names_stay(line: str) -> None:
    """A name within another one is no name of the node."""
    assert submission.on_node(_typed(line), _HERE).splitlines()[-1] == line


def test_exchanged_names_do_not_meet() -> None:
    """Names that are another's on the new node are replaced at once, not one after the other."""
    there = {"ip-client": "10.88.0.4", "ip-server": "10.88.0.3"}
    text = submission.typed(lab_text.lab(), ["x 10.88.0.4 10.88.0.3"], there)
    here = {"ip-client": "10.88.0.3", "ip-server": "10.88.0.4"}

    assert submission.on_node(text, here).splitlines()[-1] == "x 10.88.0.3 10.88.0.4"


def test_a_script_without_names_stays() -> None:
    """A script that was not typed in a lab is run as it is."""
    assert submission.on_node("ip link set veth0a up", _HERE) == "ip link set veth0a up"


@pytest.mark.parametrize(
    ("line", "looks"),
    [
        ("tcpdump -i cni0 -nn icmp", True),
        ("sudo tcpdump -i cni0", True),
        ("ip netns exec cni-1 ping 10.88.0.3", True),
        ("ip netns exec cni-1 ping -c 3 10.88.0.3", False),
        ("ping -c3 10.88.0.3", False),
        ("nft list ruleset | less", True),
        ("lab check", True),
        ("lab hint", False),
        ("lab answer hop cni0", False),
        ("exit", True),
        ("tc qdisc del dev veth0a clsact", False),
    ],
)
def test_commands_that_only_look_are_comments(line: str, *, looks: bool) -> None:
    """A replay has nobody to press Ctrl-C."""
    assert submission.only_looks(line) is looks
    assert (f"# {line}" in _typed(line).splitlines()) is looks


def test_names_of_a_node() -> None:
    """Each pod has names that differ on every node."""
    names = submission.names(samples.topology(), ("client",))

    assert names["netns-client"] == "cni-00000002-ab12"
    assert names["host-end-client"] == "veth2"
    assert names["ip-client"] == "10.88.0.2"


def test_a_script_is_read(tmp_path: Path) -> None:
    """A submission is a file, with whatever bytes."""
    file = tmp_path / "amy.sh"
    file.write_bytes(b"true \xff")

    assert submission.read(lab_text.lab(), str(file)).text == "true \ufffd"


def test_what_is_no_submission_is_refused(tmp_path: Path) -> None:
    """A directory, nothing, and a file without end are refused with a sentence."""
    with pytest.raises(CouldNotTest, match="is no script"):
        submission.read(lab_text.lab(), str(tmp_path / "none.sh"))
    with pytest.raises(CouldNotTest, match="is a directory") as refused:
        submission.read(lab_text.lab(), str(tmp_path))
    assert refused.value.remedy == f"Name its scripts: {tmp_path}/*.sh"
    large = tmp_path / "large.sh"
    large.write_bytes(b" " * (submission.BYTES + 1))
    with pytest.raises(CouldNotTest, match="has more than 1 MiB"):
        submission.read(lab_text.lab(), str(large))


def test_an_archive_of_scripts_is_no_submission(tmp_path: Path) -> None:
    """A teacher is shown how to unpack it; among others it is one student's mistake."""
    script, archive = tmp_path / "fix.sh", tmp_path / "class.tar"
    script.write_text("true\n")
    with tarfile.open(archive, "w") as packed:
        packed.add(script, "fix.sh")

    submission.check(lab_text.lab(), [str(script)])
    submission.check(lab_text.lab(), [str(script), str(archive)])
    with pytest.raises(CouldNotTest, match="is an archive") as refused:
        submission.check(lab_text.lab(), [str(archive)])
    assert f"tar xf {archive}" in refused.value.remedy
