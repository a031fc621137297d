"""Records of standing nodes."""

from ipaddress import ip_address

import pytest

from podpath.errors import CouldNotTest
from podpath.model import Family, Inherited, PodNetwork, Settings
from podpath.nodes.embedded.standing import Record
from podpath.nodes.pod import Pod

NETWORK = PodNetwork(
    name="client",
    netns="cni-1",
    addresses=(ip_address("10.88.0.2"), ip_address("fd00::2")),
    sandbox="abc",
    result={"cniVersion": "1.0.0"},
    inherited=Inherited(Settings(frozenset(Family), frozenset({"proxy_arp"})), Settings()),
)
RECORD = Record(
    id="0a1b2c3d",
    keeper="boot 1 2 3",
    init=7,
    missing=("a filter",),
    links=("eth0", "lo"),
    versions={"containerd": "1.6.20"},
    options={"node": "embedded", "cni_bin": ["/opt/cni/bin"]},
    pods=(Pod("client", "abc", NETWORK, {"main": "def"}, {"main": 42}),),
)


def test_record_is_read_as_it_was_written() -> None:
    assert Record.read(RECORD.text()) == RECORD


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 2}', RECORD.text().replace('"pids"', '"other"')]
)
def test_other_text_is_no_record(text: str) -> None:
    with pytest.raises(CouldNotTest, match="record of a standing node cannot be read"):
        Record.read(text)
