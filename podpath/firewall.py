"""What the node's own packet filter drops of that it forwards: the administrator's choice.

A Docker engine sets the policy of iptables' chain FORWARD to DROP when it starts; firewalld and
others have nftables chains that do. Only what a later rule accepts passes, and whether a plugin
adds such rules is a matter of its configuration: the plugin "firewall" does.
"""

import re

from podpath import topology
from podpath.errors import CouldNotTest
from podpath.model import Family
from podpath.nodes import base
from podpath.nodes.base import Node

_LEGACY = {Family.IPV4: "iptables-legacy-save", Family.IPV6: "ip6tables-legacy-save"}
_PROGRAM = {Family.IPV4: "iptables", Family.IPV6: "ip6tables"}


def hindering(node: Node, family: Family, *, bridged: bool) -> list[str]:
    """Why what pods send to each other may be dropped on the node, a sentence each, with a remedy.

    bridged: whether a bridge carries it, which only br_netfilter shows to iptables. Raises
    CouldNotTest if the rules cannot be listed.
    """
    if bridged and not topology.filters_bridged(base.network_namespace(node), family):
        return []
    listed = base.run(node, ["nft", "--stateless", "list", "ruleset"])
    if listed.returncode != 0:
        raise CouldNotTest(f"nft list ruleset failed on the node: {listed.stderr.strip()}")
    legacy = base.run(node, [_LEGACY[family]]).stdout  # fails where the kernel has no such tables
    found = dropping(listed.stdout, family)
    found += ["FORWARD of iptables-legacy"] * (":FORWARD DROP" in legacy)
    return [
        f"the node drops what it forwards, unless a rule accepts it, by the policy of its chain"
        f" {chain}, as a Docker engine sets it. For this test:"
        f" {_PROGRAM[family]} -P FORWARD ACCEPT, or a rule there that accepts the pods' subnet"
        for chain in found
    ]


def dropping(listing: str, family: Family) -> list[str]:
    """The chains that drop what is forwarded, in what `nft list ruleset` prints. Pure."""
    found, table, chain = [], "", ""
    of_family = ("ip" if family is Family.IPV4 else "ip6", "inet")
    for line in (raw.strip() for raw in listing.splitlines()):
        if line.startswith("table "):
            table = line.removeprefix("table ").removesuffix(" {")
        elif line.startswith("chain "):
            chain = line.removeprefix("chain ").removesuffix(" {")
        elif re.search(r"hook forward\b.*policy drop", line) and table.split()[0] in of_family:
            found.append(f"{chain} of the table {table}")
    return found
