"""Facts that answers are compared with: what the kernel of this node says. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from podpath.labs.lab import Fact
from podpath.testing import CouldNotTest, Interface, Topology

_POD_INTERFACE = "eth0"
#: Words that an answer may have around its values, such as `via 10.88.0.1 dev eth0`.
_FILLERS = frozenset({"default", "via", "dev", "->", "→"})
_SEPARATORS = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True)
class Walk:
    """The way of an echo request from one pod to another.

    Attributes:
        seen: the interfaces that it crossed, in order.
        missing: the interfaces that it should have crossed, and did not.
    """

    seen: tuple[str, ...]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """A node at one moment.

    Attributes:
        topology: the node and its pods.
        bridge: name of the bridge that the configuration names.
        walks: (source, destination) -> the way of an echo request.
    """

    topology: Topology
    bridge: str
    walks: Mapping[tuple[str, str], Walk] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fact.

    Attributes:
        pods: number of pods that it is of.
        read: function that reads the values from a state, for the pods.
        ordered: true if the order of the values counts.
        walks: true if it needs the way of an echo request.
    """

    pods: int
    read: Callable[..., Sequence[str]]
    ordered: bool = True
    walks: bool = False


def value(state: State, fact: Fact) -> tuple[str, ...]:
    """Return the values of a fact.

    Raises:
        CouldNotTest: the node does not have what the fact is of.
    """
    values = tuple(FACTS[fact.name].read(state, *fact.pods))
    if not values:
        raise CouldNotTest(f"the node has no {fact}", "Ask for another fact in the lab")
    return values


def matches(fact: Fact, values: Sequence[str], answer: str) -> bool:
    """Return whether an answer has exactly the values of a fact."""
    given, right = normal(answer), [one.lower() for one in values]
    return given == right if FACTS[fact.name].ordered else sorted(given) == sorted(right)


def normal(answer: str) -> list[str]:
    """Return the values in an answer: without prefix lengths, fillers and capitals."""
    words = [word for word in _SEPARATORS.split(answer.lower()) if word]
    return [re.sub(r"[@/].*", "", word) for word in words if word not in _FILLERS]


def _inside(state: State, pod: str) -> Interface:
    found = state.topology.of_pod(pod).interface(_POD_INTERFACE)
    if found is None:
        raise CouldNotTest(f"pod {pod} has no {_POD_INTERFACE}")
    return found


def _netns(state: State, pod: str) -> Sequence[str]:
    return [state.topology.pods[pod].netns]


def _host_end(state: State, pod: str) -> Sequence[str]:
    end = state.topology.host_end(pod)
    return [end.name] if end else []


def _ip(state: State, pod: str) -> Sequence[str]:
    return [str(address.ip) for address in _inside(state, pod).addresses if address.version == 4]


def _mac(state: State, pod: str) -> Sequence[str]:
    return [_inside(state, pod).mac]


def _mtu(state: State, pod: str) -> Sequence[str]:
    return [str(_inside(state, pod).mtu)]


def _bridge(state: State) -> Sequence[str]:
    return [state.bridge] if state.topology.node.interface(state.bridge) else []


def _ports(state: State) -> Sequence[str]:
    bridge = state.topology.node.interface(state.bridge)
    return [port.name for port in state.topology.node.ports_of(bridge)] if bridge else []


def _default(state: State, pod: str) -> Sequence[tuple[str, str]]:
    """List the default routes of a pod for IPv4: gateway and interface."""
    return [
        (str(route.gateway), route.device)
        for route in state.topology.of_pod(pod).routes
        if route.destination.version == 4
        and not route.destination.prefixlen
        and route.gateway is not None
    ]


def _gateway(state: State) -> Sequence[str]:
    return [gateway for gateway, _ in _default(state, "client")[:1]]


def _route(state: State, pod: str) -> Sequence[str]:
    return [text for route in _default(state, pod)[:1] for text in route]


def _fdb(state: State, pod: str) -> Sequence[str]:
    mac = _inside(state, pod).mac
    entries = state.topology.node.fdb
    return sorted({e.port for e in entries if e.mac == mac and e.bridge == state.bridge})


def _path(state: State, source: str, destination: str) -> Sequence[str]:
    return state.walks[source, destination].seen


def _missing_hop(state: State, source: str, destination: str) -> Sequence[str]:
    return state.walks[source, destination].missing[:1]


#: Kinds of facts by their names.
FACTS: Mapping[str, Kind] = {
    "netns": Kind(1, _netns),
    "host-end": Kind(1, _host_end),
    "ip": Kind(1, _ip, ordered=False),
    "mac": Kind(1, _mac),
    "mtu": Kind(1, _mtu),
    "bridge": Kind(0, _bridge),
    "ports": Kind(0, _ports, ordered=False),
    "gateway": Kind(0, _gateway),
    "route": Kind(1, _route),
    "fdb": Kind(1, _fdb, ordered=False),
    "path": Kind(2, _path, walks=True),
    "missing-hop": Kind(2, _missing_hop, walks=True),
}
