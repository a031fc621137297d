"""What the host's settings are, and what they hinder."""

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from threading import Thread

import pytest

from podpath.model import Difference, Family, Settings
from podpath.nodes.embedded import containerd
from podpath.run import hindrances
from podpath.system import kernel_settings, linux, netns, sysctl
from podpath.topology import firewall

from .. import samples

V4, V6 = Family.IPV4, Family.IPV6
HERE = "/proc/self/ns/net"


def test_settings_are_what_either_has_turned_on() -> None:
    """Those of a link and of its namespace, less what both started with."""
    link, space = Settings(frozenset({V4})), Settings(frozenset({V6}), frozenset({"proxy_arp"}))

    assert link | space == Settings(frozenset({V4, V6}), frozenset({"proxy_arp"}))
    assert (link | space) - space == link
    assert str(link | space) == "forwards IPv4, forwards IPv6, proxy_arp"
    assert str(Settings()) == "none"


def test_reset_gives_a_namespace_the_kernels_own_values() -> None:
    """In a namespace of its own, whatever that starts with on this host."""

    def changed_and_reset() -> tuple[list[str], list[str]]:
        kernel_settings.path(4, "all", "forwarding").write_text("1")
        kernel_settings.path(4, "default", "rp_filter").write_text("2")
        changed = list(sysctl._unusual())
        kernel_settings.reset()
        # each link's neighbours are as the machine's, which nothing here may change
        return changed, [one for one in sysctl._unusual() if ".neigh." not in one]

    changed, reset = netns.run_in_new(HERE, changed_and_reset)

    assert {"net.ipv4.conf.{all,default}.forwarding = 1"} <= set(changed)
    assert "net.ipv4.conf.default.rp_filter = 2" in changed
    assert reset == []


def test_new_namespace_ends_with_its_reading() -> None:
    """And nobody's own namespace is left."""
    before = os.readlink(HERE)
    inside = netns.run_in_new(HERE, lambda: os.readlink("/proc/thread-self/ns/net"))

    assert before == os.readlink(HERE) != inside


def _with(
    values: Mapping[str, int],
    *found: Difference,
    about: str = "PATH-ICMP",
    family: Family = V4,
) -> list[str]:
    """What hinders in a namespace whose own settings new ones copy."""

    def hindering() -> list[str]:
        for name, value in values.items():
            kernel_settings.path(4, "default", name).write_text(str(value))
        return hindrances.of([about], found, [family], samples.network(), None)

    with pytest.MonkeyPatch.context() as patch:
        # in the namespace of the reader, which needs no other
        patch.setattr(netns, "run_in_new", lambda _, work: work())
        return _inside_new(hindering)


def _inside_new(work: Callable[[], list[str]]) -> list[str]:
    found: list[list[str]] = []

    def enter() -> None:
        linux.unshare(linux.CLONE_NEWNET)
        kernel_settings.reset()
        found.append(work())

    thread = Thread(target=enter)
    thread.start()
    thread.join()
    return found[0]


LOST = Difference("missing hop", "node veth1 in", "the packet once", "nothing", "echo request 1")
LEAK = Difference("left behind", "leases", "gone", "10.88.0.2")
DOUBLED = Difference("duplicate", "node cni0 in", "once", "twice", "ARP reply of 10.88.0.4")


def test_setting_that_explains_all_is_named_with_its_value_and_remedy() -> None:
    """And for nothing else that was found, in no other IP version, and only if pods have it."""
    (said,) = _with({"arp_ignore": 8}, LOST)

    assert "net.ipv4.conf.default.arp_ignore = 8" in said
    assert said.endswith("sysctl -w net.ipv4.conf.default.arp_ignore=0")
    assert _with({"arp_ignore": 1}, LOST) == []
    assert _with({"arp_ignore": 8}, LEAK) == _with({"arp_ignore": 8}, LOST, LEAK) == []
    assert _with({"arp_ignore": 8}) == _with({"arp_ignore": 8}, LOST, family=V6) == []


def test_proxy_arp_pvlan_needs_forwarding() -> None:
    """Without it the kernel answers for nobody (net/ipv4/arp.c, arp_process)."""
    both = {"forwarding": 1, "proxy_arp_pvlan": 1}

    assert _with({"proxy_arp_pvlan": 1}, DOUBLED) == []
    (said,) = _with(both, DOUBLED)
    assert said.endswith("sysctl -w net.ipv4.conf.default.proxy_arp_pvlan=0")
    assert _with(both, DOUBLED, family=V6) == [said]  # ARP comes in the midst of it
    assert _with(both, replace(DOUBLED, packet="TCP 1 to 80")) == []


def test_announcements_that_pods_ignore_hinder_one_requirement() -> None:
    """LIFE-REUSE alone needs them."""
    assert _with({"drop_gratuitous_arp": 1}, LOST) == []
    assert len(_with({"drop_gratuitous_arp": 1}, LOST, about="LIFE-REUSE")) == 1


_DOCKERS = """\
table ip nat {
	chain POSTROUTING {
		type nat hook postrouting priority srcnat; policy accept;
	}
}
table ip filter {
	chain FORWARD {
		type filter hook forward priority filter; policy drop;
		counter packets 3 bytes 252 jump DOCKER-USER
	}
	chain INPUT {
		type filter hook input priority filter; policy drop;
	}
}
table inet firewalld {
	chain filter_FORWARD {
		type filter hook forward priority filter + 10; policy accept;
		ct state { established, related } accept
		counter packets 0 bytes 0 reject with icmpx admin-prohibited
	}
	chain filter_FORWARD_POLICIES {
		reject with icmpx admin-prohibited
	}
}
"""


def test_chains_that_drop_what_is_forwarded() -> None:
    """Those of the family's tables and of both families', not what the node itself takes."""
    ours = ["FORWARD of the table ip filter", "filter_FORWARD of the table inet firewalld"]

    assert firewall.dropping(_DOCKERS, V4) == ours
    assert firewall.dropping(_DOCKERS, V6) == ours[1:]
    assert firewall.dropping(_DOCKERS.replace("policy drop", "policy accept"), V4) == ours[1:]
    assert firewall.dropping(_DOCKERS.replace("reject with", "accept #"), V4) == ours[:1]


@pytest.mark.parametrize(
    ("release", "version", "cri"),
    [
        ("containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1", 2, "grpc.v1.cri"),
        ("containerd containerd.io v1.7.27 05044ec0a9a7", 2, "grpc.v1.cri"),
        ("containerd github.com/containerd/containerd/v2 2.0.7 2.0.7", 3, "cri.v1.runtime"),
        ("containerd github.com/containerd/containerd/v2 2.1.9+unknown", 3, "cri.v1.runtime"),
        ("?", 2, "grpc.v1.cri"),
    ],
)  # fmt: skip
def test_containerd_gets_the_configuration_that_it_reads(
    release: str, version: int, cri: str
) -> None:
    """The same in each format: no registry, no cgroups, the plugins' directory, and runc's path."""
    text = containerd.configuration(release, "/usr/sbin/runc", "/plugins", "/conflists")
    document = tomllib.loads(text)
    section = document["plugins"][f"io.containerd.{cri}"]

    assert document["version"] == version
    assert section["restrict_oom_score_adj"] is section["disable_cgroup"] is True
    assert section["cni"]["conf_dir"] == "/conflists"
    several = "2.1." in release
    assert section["cni"].get("bin_dirs") == (["/plugins"] if several else None)
    assert section["cni"].get("bin_dir") == (None if several else "/plugins")
    options = section["containerd"]["runtimes"]["runc"]["options"]
    assert options == {"BinaryName": "/usr/sbin/runc"}
