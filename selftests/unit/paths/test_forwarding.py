"""Losses on a bridge that the kernel reports nothing of: the state of the ports explains them."""

from dataclasses import replace
from typing import Any

import pytest

from podpath.model import NODE, Cause, Interface, Loss, Observation, Sighting, Topology
from podpath.paths import forwarding, why
from podpath.paths.judgement import judge
from podpath.paths.probes import Echo

from .. import samples


def with_ports(**changes: Any) -> Topology:
    """The sample topology, with other settings of some host ends: pod -> changes."""
    topology = samples.topology()
    for pod, of_pod in changes.items():
        end = topology.host_end(pod)
        assert end is not None
        topology = replace(topology, node=_changed(topology, end, dict(of_pod)))
    return topology


def _changed(topology: Topology, end: Interface, changes: dict[str, Any]) -> Any:
    port = changes.pop("port", {})
    assert end.port is not None
    other = replace(end, port=replace(end.port, **port), **changes)
    links = tuple(other if i.name == end.name else i for i in topology.node.interfaces)
    return replace(topology.node, interfaces=links)


def losses(seen: list[Sighting], topology: Topology, *explained: Loss) -> list[str]:
    expected = [(Echo(samples.IDENTIFIER, 1), samples.paths())]
    judged = judge(expected, Observation(tuple(seen)), samples.noise())
    found = forwarding.losses(judged, topology, samples.BRIDGE, explained)
    return [why.sentence(loss) for loss in found]


ISOLATED = {"port": {"isolated": True}}


def test_isolated_ports_explain_the_loss_between_them() -> None:
    (sentence,) = losses(samples.exchange()[:3], with_ports(client=ISOLATED, server=ISOLATED))

    assert "not forwarded in namespace node after" in sentence
    assert sentence.endswith("of cni0 are both isolated")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"master": None}, "is no port of cni0", id="no-port"),
        pytest.param({"up": False}, "of cni0 is down", id="down"),
        pytest.param({"port": {"state": "disabled"}}, "of cni0 is disabled", id="state"),
    ],
)
@pytest.mark.parametrize("pod", ["client", "server"])
def test_port_that_forwards_nothing_explains_packets_that_were_never_sent(
    pod: str, changes: dict[str, Any], said: str
) -> None:
    """Nobody heard the ARP request. What was not asked was not answered: that is one loss."""
    (sentence,) = losses([], with_ports(**{pod: changes}))

    assert sentence.endswith(said)


def test_ports_explain_nothing_else() -> None:
    """One isolated port; a packet that passed; a sender whose packet the bridge saw; a reason."""
    seen = samples.exchange()
    loss = Loss("p", 1, samples.paths()["request"].name, None, NODE, ())
    isolated = with_ports(client=ISOLATED, server=ISOLATED)

    assert losses(seen[:3], with_ports(client=ISOLATED)) == []
    assert losses(seen, isolated) == []
    assert losses(seen[:3], with_ports(client={"up": False})) == []
    assert losses(seen[:3], isolated, loss) == []


def test_ports_are_told_in_place_of_a_reason_that_tells_nothing() -> None:
    expected = [(Echo(samples.IDENTIFIER, 1), samples.paths())]
    judged = judge(expected, Observation(tuple(samples.exchange()[:3])), samples.noise())
    topology = with_ports(client=ISOLATED, server=ISOLATED)
    path = judged.paths[0].name
    vague = Loss("echo request", 1, path, None, NODE, (Cause("NOT_SPECIFIED", "br_flood", "v"),))
    exact = Loss("echo request", 1, path, None, NODE, (Cause("NETFILTER_DROP", "nf", "v"),))

    (told,) = forwarding.with_ports(judged, topology, samples.BRIDGE, (vague,))

    assert why.sentence(told).endswith("of cni0 are both isolated")
    assert forwarding.with_ports(judged, topology, samples.BRIDGE, (exact,)) == (exact,)
    assert forwarding.with_ports(judged, samples.topology(), samples.BRIDGE, (vague,)) == (vague,)
