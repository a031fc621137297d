"""The commands that show a trace by hand."""

import pytest

from podpath.trace import by_hand
from podpath.trace.by_hand import Packets
from selftests.unit.trace.samples import trace

SPACES = {"client": "cni-1", "server": "cni-2"}


def test_each_step_has_its_tcpdump_and_the_last_line_sends() -> None:
    lines = by_hand.lines(trace(), SPACES, Packets("ping", 0))

    commands = [line for line in lines if not line.startswith("#")]
    there = "icmp[0] = 8 and src host 10.88.0.2 and dst host 10.88.0.3"
    back = "icmp[0] = 0 and src host 10.88.0.3 and dst host 10.88.0.2"
    assert len(commands) == 11
    assert commands[0] == (f"ip netns exec cni-1 tcpdump -nn -e -c 1 -Q out -i eth0 '{there}'")
    assert commands[2] == f"tcpdump -nn -e -c 1 -Q in -i cni0 '{there}'"
    assert commands[9] == f"ip netns exec cni-1 tcpdump -nn -e -c 1 -Q in -i eth0 '{back}'"
    assert commands[10] == "ip netns exec cni-1 ping -n -c 1 10.88.0.3"


@pytest.mark.parametrize(
    ("packets", "there", "send"),
    [
        (Packets("tcp", 80), "tcp dst port 80", "nc -n -z 10.88.0.3 80"),
        (Packets("http", 80), "tcp dst port 80", "wget -q -O - http://10.88.0.3:80/"),
        (Packets("udp", 53), "udp dst port 53", "nc -n -u -q 0 10.88.0.3 53"),
        (Packets("ping", 0, 1000), "icmp[0] = 8", "ping -n -c 1 -s 1000 10.88.0.3"),
    ],
)
def test_protocols_have_their_filter_and_program(packets: Packets, there: str, send: str) -> None:
    assert by_hand.expression(packets, trace(), is_reply=False).startswith(there)
    assert send in by_hand.sending(packets, trace())
