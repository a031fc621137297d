"""The host's settings, which new namespaces copy, do not decide the verdict."""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from podpath.system import programs
from selftests import suite
from selftests.conftest import machine
from selftests.hosts import settings
from selftests.hosts.settings import of_ipv4, of_ipv6

#: One worker runs all of them, as each must have the machine alone.
pytestmark = pytest.mark.xdist_group("alone")

_WIRING_AND_PATHS = ("tests/test_topology.py", "tests/test_path.py")

#: What healthy plugins are green with, one by one.
EACH: dict[str, Mapping[str, int]] = {
    "kernels": {"ipv4/ip_forward": 0},
    "ip_forward": {"ipv4/ip_forward": 1},
    "rp_filter-1": of_ipv4(rp_filter=1),
    "rp_filter-2": of_ipv4(rp_filter=2),
    "arp_ignore-1": of_ipv4(arp_ignore=1),
    "arp_ignore-2": of_ipv4(arp_ignore=2),
    "arp_announce-1": of_ipv4(arp_announce=1),
    "arp_announce-2": of_ipv4(arp_announce=2),
    "arp_filter": of_ipv4(arp_filter=1),
    "proxy_arp": of_ipv4(proxy_arp=1) | {"ipv4/ip_forward": 1},
    "accept_local": of_ipv4(accept_local=1),
    "send_redirects": of_ipv4(send_redirects=0),
    "log_martians": of_ipv4(log_martians=1),
    "ipv6-forwarding": of_ipv6(forwarding=1),
    "ipv6-disabled": of_ipv6(disable_ipv6=1),
    "accept_ra-0": of_ipv6(accept_ra=0),
    "accept_ra-2": of_ipv6(accept_ra=2),
    "accept_dad-0": of_ipv6(accept_dad=0),
    "accept_dad-2": of_ipv6(accept_dad=2),
    "hop_limit": of_ipv6(hop_limit=32),
    "inherit-0": {"ipv4/ip_forward": 1, "core/devconf_inherit_init_net": 0},
    "inherit-1": {"ipv4/ip_forward": 1, "core/devconf_inherit_init_net": 1},
    "inherit-2": {"ipv4/ip_forward": 1, "core/devconf_inherit_init_net": 2},
    "inherit-3": {"ipv4/ip_forward": 1, "core/devconf_inherit_init_net": 3},
    "bridge-nf-0": {"bridge/bridge-nf-call-iptables": 0, "bridge/bridge-nf-call-ip6tables": 0},
    "bridge-nf-1": {"bridge/bridge-nf-call-iptables": 1, "bridge/bridge-nf-call-ip6tables": 1},
}
#: As many of them as can be had at the same time.
TOGETHER: dict[str, Mapping[str, int]] = {
    "many": {
        "ipv4/ip_forward": 1,
        **of_ipv4(rp_filter=1, arp_ignore=2, arp_announce=2, arp_filter=1, proxy_arp=1),
        **of_ipv4(accept_local=1, send_redirects=0, log_martians=1),
        **of_ipv6(forwarding=1, accept_ra=2, accept_dad=2, hop_limit=32, disable_ipv6=1),
    },
}
#: What no plugin can be shown to conform with, and what must be said then.
HINDERING: dict[str, tuple[Mapping[str, int], str]] = {
    "arp_ignore-8": (
        of_ipv4(arp_ignore=8),
        r"net\.ipv4\.conf\.all\.arp_ignore = 8, .* sysctl -w \S+arp_ignore=0",
    ),
    "proxy_arp_pvlan": (
        of_ipv4(proxy_arp_pvlan=1) | {"ipv4/ip_forward": 1},
        r"net\.ipv4\.conf\.all\.proxy_arp_pvlan = 1, .* sysctl -w \S+proxy_arp_pvlan=0",
    ),
}
NETWORKS = ("dual-stack", "ptp-dual-stack")


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    """Settings are every namespace's on this machine."""
    with machine(alone=True):
        yield


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """All together, or one by one if that is asked for."""
    if "values" in metafunc.fixturenames:
        chosen = EACH if metafunc.config.getoption("--each-setting") else TOGETHER
        metafunc.parametrize("values", [pytest.param(v, id=name) for name, v in chosen.items()])


def _run(network: str, *tests: str) -> suite.Run:
    conflist = f"examples/{network}.conflist"
    return suite.run("-v", "-n", "2", *tests, "--podpath-cni-conf", conflist)


@pytest.mark.parametrize("network", NETWORKS)
def test_healthy_plugin_is_green(network: str, values: Mapping[str, int]) -> None:
    """The header names each setting that is not the kernel's own, and nothing is red."""
    if not settings.exist(values):
        pytest.skip(f"this kernel has not all of {', '.join(values)}")
    with ExitStack() as stack:
        stack.enter_context(settings.forwarding_dropped())
        stack.enter_context(settings.changed(values))
        run = _run(network, *_WIRING_AND_PATHS)

    assert run.status == 0, run.output
    said = re.search(r"^podpath host settings: (.*)$", run.output, re.MULTILINE)
    told = said[1] if said else ""
    assert all(setting in told for setting in _told(values)), told


def _told(values: Mapping[str, int]) -> list[str]:
    """What the header must say of the settings: those that pods start with."""
    inherit = values.get("core/devconf_inherit_init_net", 0)
    found = [f"net.core.devconf_inherit_init_net = {inherit}"] * (inherit != 0)
    if inherit < 2 and values.get("ipv4/ip_forward"):
        found.append("net.ipv4.conf.{all,default}.forwarding = 1")
    links = {n: v for n, v in values.items() if "/conf/default/" in n}
    return found + [
        f"net.{name.replace('/', '.').replace('.default.', '.{all,default}.')} = {value}"
        for name, value in links.items()
        if not name.endswith(_OWN) and (name, value) not in _KERNELS
    ]


#: Of new links, these are as the module's parameters say, or the kernel's own differ from all's.
_OWN = ("disable_ipv6", "accept_dad")
#: Tried above, and the kernel's own: the header need not name them.
_KERNELS = {("ipv6/conf/default/accept_ra", 1), ("ipv4/conf/default/rp_filter", 0)}


@pytest.mark.parametrize(("hindering", "says"), HINDERING.values(), ids=HINDERING.keys())
def test_what_a_setting_hinders_could_not_be_tested(
    hindering: Mapping[str, int], says: str
) -> None:
    """Never red: the setting, its value and the remedy are told."""
    with settings.changed(hindering):
        run = _run("dual-stack", "tests/test_path.py", "-k", "arp or gateway")

    assert run.status == 6, run.output
    assert re.search(says, run.output), run.output
    assert " failed" not in run.output


def test_what_a_setting_does_not_explain_is_still_red(tmp_path: Path) -> None:
    """A deletion that leaves a lease has nothing to do with ARP."""
    real = programs.plugin("bridge", programs.PLUGIN_DIRECTORIES)
    plugin = tmp_path / "bridge"
    plugin.write_text(f'#!/bin/sh\n[ "$CNI_COMMAND" = DEL ] || exec {real}\n')
    plugin.chmod(0o755)
    with settings.changed(of_ipv4(arp_ignore=8)):
        run = suite.run(
            *("tests/test_lifecycle.py", "-k", "deleted_pod", "--podpath-cni-bin", str(tmp_path))
        )

    assert run.status == 1, run.output
    assert "left behind at leases" in run.output


def test_forwarding_may_be_turned_on_in_the_middle() -> None:
    """As a Docker engine does when it starts: pods from before and after it are both fine."""
    with settings.changed({"ipv4/ip_forward": 0}):
        output = []
        tests = ("tests/test_lifecycle.py", "tests/test_topology.py")
        with suite.start("-v", "-n", "2", *tests) as process:
            assert process.stdout is not None
            for line in process.stdout:
                output.append(line)
                if "PASSED" in line and not settings.is_on("ipv4/ip_forward"):
                    settings.turn_on("ipv4/ip_forward")

    assert process.returncode == 0, "".join(output)
    assert any("PASSED" in line for line in output)
