"""What the host's settings are, and what they hinder."""

import os
import tomllib

import pytest

from podpath import firewall, hindrances, sysctl
from podpath.model import Family, Settings
from podpath.nodes import containerd

from . import samples

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
    from podpath import netns

    def changed_and_reset() -> tuple[list[str], list[str]]:
        sysctl._path(V4, "all", "forwarding").write_text("1")
        sysctl._path(V4, "default", "rp_filter").write_text("2")
        changed = list(sysctl._unusual())
        sysctl.reset()
        return changed, list(sysctl._unusual())

    changed, reset = netns.run_in_new(HERE, changed_and_reset)

    assert {"net.ipv4.conf.{all,default}.forwarding = 1"} <= set(changed)
    assert "net.ipv4.conf.default.rp_filter = 2" in changed
    assert reset == []


def test_new_namespace_ends_with_its_reading() -> None:
    """And nobody's own namespace is left."""
    before = os.readlink(HERE)
    from podpath import netns

    inside = netns.run_in_new(HERE, lambda: os.readlink("/proc/thread-self/ns/net"))

    assert before == os.readlink(HERE) != inside


@pytest.mark.parametrize("one", hindrances.HINDRANCES, ids=lambda one: one.name)
def test_hindrance_names_setting_value_and_remedy(
    one: hindrances.Hindrance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the requirements that it is about, in the IP version that it is of."""
    setting = f"net.ipv4.conf.all.{one.name} = {one.value}"
    monkeypatch.setattr(
        sysctl,
        "having",
        lambda _, name, value: setting if (name, value) == (one.name, one.value) else "",
    )
    about = {pattern.replace("*", "X") for pattern in one.requirements}

    (said,) = hindrances.of(about, [V4], samples.network(), None)

    remedy = f"sysctl -w net.ipv4.conf.all.{one.name}={sysctl.KERNELS[V4][one.name]}"
    assert setting in said
    assert said.endswith(remedy)
    assert hindrances.of(about, [V6], samples.network(), None) == []
    assert hindrances.of(["TOPO-MTU"], [V4], samples.network(), None) == []


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
		type filter hook forward priority filter + 10; policy drop;
	}
}
"""


def test_chains_that_drop_what_is_forwarded() -> None:
    """Those of the family's tables and of both families', not what the node itself takes."""
    ours = ["FORWARD of the table ip filter", "filter_FORWARD of the table inet firewalld"]

    assert firewall.dropping(_DOCKERS, V4) == ours
    assert firewall.dropping(_DOCKERS, V6) == ours[1:]
    assert firewall.dropping(_DOCKERS.replace("policy drop", "policy accept"), V4) == []


@pytest.mark.parametrize(
    ("release", "version", "cri"),
    [
        ("containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1", 2, "grpc.v1.cri"),
        ("containerd containerd.io v1.7.27 05044ec0a9a7", 2, "grpc.v1.cri"),
        ("containerd github.com/containerd/containerd/v2 2.1.9 2.1.9+ds1", 3, "cri.v1.runtime"),
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
    assert section["cni"].get("bin_dirs", [section["cni"].get("bin_dir")]) == ["/plugins"]
    options = section["containerd"]["runtimes"]["runc"]["options"]
    assert options == {"BinaryName": "/usr/sbin/runc"}
