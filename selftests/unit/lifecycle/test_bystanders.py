"""Changes of pods that stay."""

from dataclasses import replace
from ipaddress import ip_interface, ip_network

from podpath.lifecycle import bystanders
from podpath.model import Bridge, Rule
from selftests.unit import samples

_POD = "client"


def changes(after: object) -> list[str]:
    return [str(d) for d in bystanders.changes(samples.topology(), after, samples.network())]  # type: ignore[arg-type]


def test_same_topology_has_no_changes() -> None:
    assert changes(samples.topology()) == []
    assert bystanders.lost_ways(samples.topology(), samples.topology(), samples.network()) == []


def test_route_of_a_pod_that_is_lost_is_described_as_routes_are() -> None:
    before = samples.topology().of_pod(_POD)
    default = next(r for r in before.routes if r.destination.prefixlen == 0)
    after = samples.with_namespace(
        samples.topology(), _POD, routes=tuple(r for r in before.routes if r != default)
    )

    described = f"0.0.0.0/0 via {default.gateway} dev eth0"
    assert changes(after) == [f"changed at routes of pod {_POD}: expected {described}, saw gone"]


def test_master_and_port_that_are_lost_are_named() -> None:
    after = samples.with_node_link(
        samples.topology(), samples.host_end(_POD), master=None, port=None
    )

    text = "\n".join(changes(after))
    assert f"changed at host end of pod {_POD} master: expected cni0, saw none" in text
    assert "Port(" not in text


def test_route_of_the_node_that_is_lost_is_named() -> None:
    before = samples.topology()
    bridge = samples.network().bridge
    route = next((r for r in before.node.routes if r.device == bridge), None)
    assert route is not None
    after = replace(before, node=replace(before.node, routes=()))

    lost = bystanders.lost_ways(before, after, samples.network())

    assert any(bridge in d.expected for d in lost)


def test_rule_about_a_pod_that_is_lost_is_named() -> None:
    """A rule about no pod is the node's own."""
    pod = ip_network(f"{samples.address(_POD)}")
    before = samples.topology()
    rules = (Rule("512: to a pod", destination=pod), Rule("600: from all lookup 7"))
    before = replace(before, node=replace(before.node, rules=rules))
    after = replace(before, node=replace(before.node, rules=()))

    (lost,) = bystanders.lost_ways(before, after, samples.network())

    assert str(lost) == "lost at rules of the node: expected 512: to a pod, saw gone"


def test_link_local_addresses_of_the_node_are_the_kernels() -> None:
    """Those of a bridge go and come with its carrier; those of pods are looked at."""
    bridge, before = samples.network().bridge, samples.topology()
    own = ip_interface("fe80::1/64")
    link = before.node.interface(bridge)
    assert link is not None
    more = samples.with_node_link(before, bridge, addresses=(*link.addresses, own))
    inside = before.of_pod(_POD).interface("eth0")
    assert inside is not None
    of_pod = samples.with_pod_link(before, _POD, addresses=(*inside.addresses, own))

    assert changes(more) == []
    assert len(changes(of_pod)) == 1


def test_ageing_time_follows_the_spanning_tree() -> None:
    """Where there is none, somebody changed it."""

    def aged(*, stp: bool) -> list[str]:
        before, after = (
            samples.with_node_link(samples.topology(), "cni0", bridge=Bridge(stp, ageing))
            for ageing in (300.0, 4.0)
        )
        return [str(d) for d in bystanders.changes(before, after, samples.network())]

    assert aged(stp=True) == []
    assert len(aged(stp=False)) == 1
