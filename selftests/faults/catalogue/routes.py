"""Faults of the attributes that a conflist gives to routes.

The reference plugin that is wrapped may be of a release that ignores all of them: the wrapper does
what is configured.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from selftests.faults.fault import Fault

_GATEWAY = "${IP%.*}.1"
#: The default route as the conflist asks for it; `replace` would add a second one.
_SIZED = f"""in_pod ip route del default
  in_pod ip route add default via {_GATEWAY} metric 50 mtu 1400 advmss 1300"""
_LAB = "198.51.100.0/24"
_TABLED = f"""in_pod ip route del {_LAB}; in_pod ip route add {_LAB} via {_GATEWAY} table 100
  result 's#"dst":"{_LAB}"#&,"table":100#'"""
_ON_LINK = """in_pod ip route del 203.0.113.0/24
  in_pod ip route add 203.0.113.0/24 dev eth0 scope link"""


def _routes(bridge: dict[str, Any]) -> None:
    asked: list[Mapping[str, Any]] = [
        {"dst": "0.0.0.0/0", "priority": 50, "mtu": 1400, "advmss": 1300},
        {"dst": _LAB, "table": 100},
        {"dst": "203.0.113.0/24", "gw": "0.0.0.0", "scope": 253},
    ]
    bridge["ipam"]["routes"] = asked


_asked = partial(
    Fault,
    configure=_routes,
    # CHECK of the reference plugin looks at the main table, and for the gateway 0.0.0.0
    follows=frozenset({"CNI-CHECK", "CNI-CHECK-LATER", "CNI-CHECK-STATE"}),
)


def _on_eth0(script: str) -> str:
    """Shell: only for pods, as the contract's containers have another interface."""
    return f'[ "$CNI_IFNAME" != eth0 ] || {{ {script}; }}'


FAULTS = (
    _asked(
        name="the MTU of a route is ignored",
        source="containernetworking/plugins issue 971",
        reds={
            "TOPO-ROUTE": "expected advmss 1300, metric 50, mtu 1400, saw advmss 1300, metric 50"
        },
        near=frozenset({"TOPO-RESULT", "PATH-MASQUERADE"}),
        after=_on_eth0(f"{_SIZED.replace('mtu 1400', '')}; {_TABLED}; {_ON_LINK}"),
    ),
    _asked(
        name="the priority of a route is ignored",
        source="containernetworking/plugins issue 971",
        reds={"TOPO-ROUTE": "expected advmss 1300, metric 50, mtu 1400, saw advmss 1300, metric 0"},
        near=frozenset({"TOPO-RESULT", "PATH-MASQUERADE"}),
        after=_on_eth0(f"{_SIZED.replace('metric 50', '')}; {_TABLED}; {_ON_LINK}"),
    ),
    _asked(
        name="the table of a route is ignored",
        source="containernetworking/cni pull request 1062: a release before the key",
        reds={"TOPO-ROUTE": "198.51.100.0/24 via 10.88.0.1 dev eth0 table 100: expected present"},
        near=frozenset({"PATH-MASQUERADE"}),
        after=_on_eth0(f"{_SIZED}; {_ON_LINK}"),
    ),
    _asked(
        name="the scope of a route is ignored",
        source="containernetworking/cni pull request 1062: a release before the key",
        reds={"TOPO-ROUTE": "203.0.113.0/24 via the link dev eth0: expected scope link, saw scope"},
        near=frozenset({"TOPO-RESULT", "PATH-MASQUERADE"}),
        after=_on_eth0(f"{_SIZED}; {_TABLED}; {_ON_LINK.replace('scope link', 'scope global')}"),
    ),
)

PLUGINS = (
    _asked(
        name="routes with attributes",
        source="",
        reds={},
        near=frozenset(
            {
                *("TOPO-ROUTE", "TOPO-RESULT", "PATH-MASQUERADE", "PATH-GATEWAY", "PATH-SIZE"),
                *("PATH-PORTMAP", "LIFE-DELETE", "LIFE-OTHERS"),
            }
        ),
        after=_on_eth0(f"{_SIZED}; {_TABLED}; {_ON_LINK}"),
    ),
)
