"""What nft prints, read for what takes effect."""

from podpath.model import NODE
from podpath.topology.hooks import differences, nft_rules

from .. import samples

_LISTING = """\
table ip nat {
	chain POSTROUTING {
		type nat hook postrouting priority srcnat; policy accept;
		ip saddr 10.88.0.2 counter jump CNI-1
	}
}
table bridge filter {
	set hosts {
		type ether_addr
		elements = { 02:00:00:00:00:01 }
	}
	chain FORWARD {
		type filter hook forward priority filter; policy drop;
		ip protocol udp drop
	}
}
table netdev empty {
	chain in {
		type filter hook ingress device "veth1" priority 0; policy accept;
	}
}
"""


def test_rules_of_the_wanted_families_are_found() -> None:
    """Rules, and policies that drop; not sets, chains that accept, or other families."""
    assert nft_rules(_LISTING, ("bridge", "netdev")) == [
        "bridge: type filter hook forward priority filter; policy drop;",
        "bridge: ip protocol udp drop",
    ]
    assert nft_rules(_LISTING, ("netdev",)) == []


def test_each_rule_is_told_with_where_it_is() -> None:
    """On the node, or in a pod."""
    found = differences(samples.topology(), samples.network(), {NODE: ["a"], "client": ["b"]})

    assert [(d.kind, d.where, d.seen) for d in found] == [
        ("packet filter", NODE, "a"),
        ("packet filter", "pod client", "b"),
    ]


def test_spoof_checks_rules_are_configured() -> None:
    """macspoofchk is made of rules of the bridge family."""
    conflist = samples.network(macspoofchk=True)

    assert differences(samples.topology(), conflist, {NODE: ["a"], "client": []}) == []
