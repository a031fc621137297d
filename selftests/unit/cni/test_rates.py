"""Rates for every pod: what they add to the wiring and to paths."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from podpath.cni import conflist, rates, unsupported
from podpath.cni.fields import Malformed
from podpath.cni.network import Network
from podpath.errors import CouldNotTest
from podpath.model import Interface, Topology
from podpath.paths import expected
from podpath.profiles import limited
from podpath.topology.wiring import Wiring

from .. import samples

IN = {"ingressRate": 100_000_000, "ingressBurst": 50_000_000}
OUT = {"egressRate": 100_000_000, "egressBurst": 50_000_000}
POD = "client"


def _network(section: dict[str, Any], plugin: str = "bandwidth") -> Network:
    document = json.loads(conflist.DEFAULT.read_text())
    document["plugins"].append({"type": plugin, **section})
    return Network(conflist.parse(json.dumps(document)), samples.PROFILE)


def _limiter(pod: str) -> str:
    return rates.limiter("podpath", samples.sandbox(pod))


def _limited(queues: tuple[str, ...], *, limiters: bool) -> Topology:
    """The sample topology with these queues on each host end, and perhaps the limiters."""
    topology = samples.topology()
    for pod in samples.PODS:
        topology = samples.with_node_link(topology, samples.host_end(pod), queues=queues)
    if limiters:
        links = (
            Interface(90 + number, _limiter(pod), "ifb", f"02:00:00:00:09:{number:02x}", 1500, True)
            for number, pod in enumerate(samples.PODS)
        )
        topology = samples.with_node(topology, interfaces=(*topology.node.interfaces, *links))
    return topology


def _seen(topology: Topology, network: Network) -> list[str]:
    wiring = Wiring(topology, network)
    links = wiring.node_links(frozenset({"lo", samples.UPLINK}))
    return [f"{d.kind}: {d.expected}, {d.seen}" for d in (*wiring.hooks({}), *links)]


@pytest.mark.parametrize(
    ("section", "queues", "limiters"),
    [(IN, ("tbf",), False), (OUT, ("ingress",), True), (IN | OUT, ("tbf", "ingress"), True)],
    ids=["in", "out", "both"],
)
def test_limits_are_expected_as_configured(
    section: dict[str, Any], queues: tuple[str, ...], *, limiters: bool
) -> None:
    """A queue on each host end, and a limiter for each pod; without them, each is missed."""
    network = _network(section)

    assert _seen(_limited(queues, limiters=limiters), network) == []
    missing = _seen(samples.topology(), network)
    assert len(missing) == 3 * (len(queues) + limiters)
    assert {text.partition(": ")[2] for text in missing} <= {
        "tbf, none",
        "ingress, none",
        "present, absent",
    }


def test_limits_that_are_not_configured_are_unexpected() -> None:
    """The same queues without rates in the conflist."""
    assert len(_seen(_limited(("tbf", "ingress"), limiters=True), samples.network())) == 9


def test_limited_path_passes_the_limiter() -> None:
    """After the host end, and before the bridge; what pods receive takes no other way."""
    path = expected.path(
        samples.topology(), _network(OUT), "unicast", source="client", destination="server"
    )
    hops = [(hop.interface, hop.direction.value) for hop in path.hops]

    assert hops[1:3] == [(samples.host_end("client"), "in"), (_limiter("client"), "out")]
    assert path.hops[2].after == (1,)
    assert path.hops[3].after == (2,)
    unlimited = samples.network().hops("unicast")
    assert _network(IN).hops("unicast") == unlimited
    assert limited(tuple(replace(rule, at="source") for rule in unlimited)) == tuple(
        replace(rule, at="source") for rule in unlimited
    )


def test_name_of_a_limiter_is_the_plugins() -> None:
    """Of the network's name and the container's id, as the reference plugin makes it."""
    assert rates.limiter("cni-bandwidth-plugin-test", "dummy-0").startswith("bwp")
    assert len(_limiter(POD)) == 15


@pytest.mark.parametrize(
    "section",
    [
        IN | {"ingressBurst": 1_000_000},
        OUT | {"egressRate": 1_000_000},
    ],
)
def test_limit_that_drops_packets_could_not_be_tested(section: dict[str, Any]) -> None:
    """Packets that are dropped as configured are no fault of the plugin's."""
    with pytest.raises(
        CouldNotTest, match=r"may be dropped as configured.*Give a rate of at least"
    ):
        unsupported.check(_network(section).conflist, Path("net.conflist"))


def test_rates_of_other_plugins_could_not_be_tested() -> None:
    """podpath does not know what they do."""
    with pytest.raises(CouldNotTest, match='"ingressRate" of the plugin "shaper"'):
        unsupported.check(_network(IN, "shaper").conflist, Path("net.conflist"))


@pytest.mark.parametrize("section", [{"ingressRate": 5}, {"egressBurst": 5}, {"egressRate": "5"}])
def test_half_a_limit_is_malformed(section: dict[str, Any]) -> None:
    """The plugin refuses it, too."""
    with pytest.raises(Malformed, match="Rate"):
        _network(section)
