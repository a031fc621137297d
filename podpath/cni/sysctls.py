"""Sysctls of the plugin "tuning" that change how a pod forwards or answers. Pure.

Source: README of tuning, "System Controls Operation".
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from podpath.model import Family, Settings

_OF_ETH0 = "(?:all|eth0|IFNAME)"
#: Pattern of a sysctl's name, with dots -> settings that it switches for an existing link.
_SWITCHES = {
    rf"net\.ipv4\.(?:ip_forward|conf\.{_OF_ETH0}\.forwarding)": Settings(frozenset({Family.IPV4})),
    r"net\.ipv6\.conf\.all\.forwarding": Settings(frozenset({Family.IPV6})),
    rf"net\.ipv4\.conf\.{_OF_ETH0}\.proxy_arp": Settings(proxies=frozenset({"proxy_arp"})),
    rf"net\.ipv4\.conf\.{_OF_ETH0}\.proxy_arp_pvlan": Settings(
        proxies=frozenset({"proxy_arp_pvlan"})
    ),
}


#: Settings that the kernel gives each link when all links get them (net/ipv6/addrconf.c,
#: addrconf_disable_change and addrconf_forward_change; net/ipv4/devinet.c, inet_forward_change).
_OF_EACH = re.compile(r"^(ipv[46]/conf/)[^/]+(/(?:disable_ipv6|forwarding))$")


def switched(sections: Iterable[Mapping[str, Any]]) -> tuple[Settings, Settings]:
    """Return the settings that a chain turns on for the pods' eth0, and those that it turns off.

    The last value of a setting wins.
    """
    on = off = Settings()
    for section in sections:
        for name, value in _sysctls(section).items():
            settings = _switch(name)
            turned = str(value).strip() not in ("0", "")
            on, off = (
                ((on | settings), (off - settings))
                if turned
                else ((on - settings), (off | settings))
            )
    # Either of two settings turns proxy ARP on, so one alone cannot turn it off.
    return on, Settings(off.forwarding)


def configured(sections: Iterable[Mapping[str, Any]], names: Iterable[str] = ()) -> frozenset[str]:
    """Return the settings that a chain gives a pod, as paths below /proc/sys/net.

    Args:
        sections: the sections of the chain.
        names: settings of the pod, of which those are added that the kernel changes with them.
    """
    own = frozenset(values(sections))
    return own | {name for name in names if _OF_EACH.sub(r"\1all\2", name) in own}


def values(sections: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the value of each setting that a chain gives a pod: path below /proc/sys/net -> value.

    The last value of a setting wins.
    """
    pairs = (pair for section in sections for pair in _sysctls(section).items())
    return {_path(name): str(value) for name, value in pairs}


def _path(name: str) -> str:
    return (name if "/" in name else name.replace(".", "/")).removeprefix("net/")


def _sysctls(section: Mapping[str, Any]) -> Mapping[str, Any]:
    sysctls = section.get("sysctl") if section.get("type") == "tuning" else None
    return sysctls if isinstance(sysctls, dict) else {}


def _switch(name: str) -> Settings:
    """Return the settings that a sysctl switches; its name has dots or slashes."""
    dotted = name.replace("/", ".")
    return next((s for p, s in _SWITCHES.items() if re.fullmatch(p, dotted)), Settings())
