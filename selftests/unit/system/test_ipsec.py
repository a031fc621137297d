"""IPsec policies and states, as `ip -oneline xfrm` prints them."""

from podpath.system import ipsec


def test_a_line_is_a_policy() -> None:
    line = "src 10.88.0.0/24 dst 0.0.0.0/0 \\\tdir fwd action block priority 0 ptype main \\"

    assert ipsec.texts([line, ""]) == [
        "IPsec: src 10.88.0.0/24 dst 0.0.0.0/0 dir fwd action block priority 0 ptype main"
    ]


def test_what_a_state_counts_is_left_out() -> None:
    line = "src 10.88.0.5 dst 203.0.113.1\\\tproto esp spi 0x123\\\tanti-replay context: seq 0x7"

    assert ipsec.texts([line]) == ["IPsec: src 10.88.0.5 dst 203.0.113.1 proto esp spi 0x123"]


def test_kernel_without_ipsec() -> None:
    assert ipsec.is_absent("Cannot open netlink socket: Protocol not supported")
    assert not ipsec.is_absent("RTNETLINK answers: Operation not permitted")
