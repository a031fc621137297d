"""Differences of TOPO that follow from those of another requirement, and those that do not."""

from dataclasses import replace
from ipaddress import ip_interface

import pytest

from podpath import profiles
from podpath.model import Difference, Route, Topology
from podpath.topology import following, interfaces
from podpath.topology.comparison import Differences
from podpath.topology.wiring import Wiring
from selftests.unit import samples

END = samples.host_end("client")


def detached() -> Topology:
    """The sample, with the client's host end off the bridge, which has not learned its MAC."""
    base = samples.with_node_link(samples.topology(), END, master=None, port=None)
    fdb = tuple(e for e in base.node.fdb if e.port != END)
    return samples.with_node(base, fdb=fdb)


def found(requirement: str, topology: Topology) -> Differences:
    """The differences of a requirement."""
    pods = () if requirement == "TOPO-BRIDGE-MEMBERS" else ("client",)
    differences = Wiring(topology, samples.network()).differences(requirement, *pods)
    assert differences
    return differences


@pytest.mark.parametrize("requirement", ["TOPO-BRIDGE-MEMBERS", "TOPO-FDB"])
def test_port_that_is_not_there_explains_what_the_bridge_lacks(requirement: str) -> None:
    topology, network = detached(), samples.network()

    cause = following.cause(requirement, found(requirement, topology), topology, network)

    assert cause is not None
    assert cause.requirement == "TOPO-BRIDGE-PORT"
    assert [d.kind for d in cause.differences] == ["master"]


@pytest.mark.parametrize("requirement", ["TOPO-BRIDGE-PORT", "TOPO-FDB", "TOPO-NODE-ADDR"])
def test_host_end_that_is_not_there_explains_what_it_lacks(requirement: str) -> None:
    topology = samples.with_pod_link(samples.topology(), "client", peer_nsid=77)
    network = samples.network()

    cause = following.cause(requirement, found(requirement, topology), topology, network)

    assert cause is not None
    assert cause.requirement == "TOPO-VETH-PEER"


def test_gateway_address_that_is_not_there_explains_the_subnets_route() -> None:
    """The kernel adds the route with the address; another missing route is a second fault."""
    network = samples.network()
    base = samples.with_node_link(samples.topology(), samples.BRIDGE, addresses=())
    routes = tuple(r for r in base.node.routes if r.device != samples.BRIDGE)
    without = samples.with_node(base, routes=routes)
    differences = Wiring(without, network).differences("TOPO-NODE-ROUTE")

    cause = following.cause("TOPO-NODE-ROUTE", differences, without, network)

    assert cause is not None
    assert (cause.requirement, cause.differences[0].kind) == (
        "TOPO-BRIDGE-GATEWAY",
        "gateway address",
    )
    other = replace(differences[0], where="node 10.99.0.0/24 via the link dev cni0")
    assert following.cause("TOPO-NODE-ROUTE", [*differences, other], without, network) is None
    held = samples.with_node(samples.topology(), routes=routes)
    assert following.cause("TOPO-NODE-ROUTE", differences, held, network) is None


def test_host_end_in_the_pod_explains_what_is_there_and_what_is_missing() -> None:
    """A stranger in the pod is a second fault."""
    network, base = samples.network(), samples.topology()
    own = base.of_pod("client").interface("eth0")
    assert own is not None
    without = samples.with_pod_link(base, "client", peer_nsid=77)
    space = without.of_pod("client")
    end = samples.extra_link("vethX", index=own.peer_index, peer_index=own.index)
    stranger = samples.extra_link("stranger", index=99)
    for links, requirement in (((end,), "TOPO-VETH-PEER"), ((end, stranger), None)):
        inside = replace(space, interfaces=(*space.interfaces, *links))
        named = {**without.named, without.pods["client"].netns: inside}
        topology = replace(without, named=named)
        differences = [
            d for d in interfaces.pod_links(topology, "client") if d.kind != "interface down"
        ]

        cause = following.cause("TOPO-POD-LINKS", differences, topology, network)

        assert (cause and cause.requirement) == requirement
    missing = Difference("MTU", "host end of pod client", "1500", "no interface")
    cause = following.cause("TOPO-MTU", [missing], without, network)
    assert cause is not None
    assert cause.requirement == "TOPO-VETH-PEER"
    assert following.cause("TOPO-MTU", [missing], base, network) is None


def test_second_fault_is_a_finding_of_its_own() -> None:
    """A stranger on the bridge, and an address that no port's state explains."""
    end = samples.topology().host_end("server")
    assert end is not None
    stranger = samples.extra_link("stranger", master=end.master)
    base = detached()
    both = samples.with_node(base, interfaces=(*base.node.interfaces, stranger))
    network = samples.network()
    unlearned = samples.with_node(samples.topology(), fdb=())

    for requirement, topology in (
        ("TOPO-BRIDGE-MEMBERS", both),
        ("TOPO-FDB", unlearned),
    ):
        differences = found(requirement, topology)
        assert following.cause(requirement, differences, topology, network) is None


def test_address_that_a_pod_lacks_explains_what_has_it() -> None:
    """Its interface has none; the runtime and the result still do. A further route does not go."""
    base = samples.with_pod_link(samples.topology(), "client", addresses=())
    topology = samples.with_namespace(base, "client", routes=())
    network = samples.network()

    for requirement in ("TOPO-NETNS-IP", "TOPO-ROUTE", "TOPO-RESULT"):
        differences = found(requirement, topology)
        cause = following.cause(requirement, differences, topology, network)
        assert cause is not None
        assert cause.requirement == "TOPO-ADDR"
        other = Difference("unexpected route", "pod client 192.0.2.0/24", "absent", "present")
        assert following.cause(requirement, [*differences, other], topology, network) is None


def test_interface_that_a_result_makes_up_explains_its_mac_address() -> None:
    base = samples.topology()
    interfaces_of = [*base.pods["client"].result["interfaces"]]
    ghost = {"name": "ghost0", "mac": "02:00:00:00:00:77"}
    topology = samples.with_result(base, "client", "interfaces", [ghost, *interfaces_of])
    network = samples.network()
    differences = Wiring(topology, network).mac()

    cause = following.cause("TOPO-MAC", differences, topology, network)
    assert cause is not None
    assert cause.requirement == "TOPO-RESULT"


def test_wrong_mac_address_of_a_result_is_a_finding_of_its_own() -> None:
    topology = samples.with_pod_link(samples.topology(), "client", mac="02:00:00:00:77:77")
    network = samples.network()

    differences = Wiring(topology, network).mac()
    assert following.cause("TOPO-MAC", differences, topology, network) is None


def test_last_address_of_a_host_end_explains_the_route_by_it() -> None:
    """With another address, the route would have stayed."""
    network = samples.network(profile=profiles.for_plugin("ptp"), isGateway=False)
    whole = samples.routed()
    routes = tuple(r for r in whole.node.routes if r.device != END)
    topologies = [
        samples.with_node(samples.with_node_link(whole, END, addresses=held), routes=routes)
        for held in ((), (ip_interface("192.0.2.77/32"),))
    ]

    causes = [
        following.cause("TOPO-NODE-ROUTE", Wiring(t, network).node_route(), t, network)
        for t in topologies
    ]
    assert [c.requirement if c else "" for c in causes] == ["TOPO-NODE-ADDR", ""]


def test_configured_route_that_a_pod_lacks_explains_that_of_the_result() -> None:
    """A route of the result alone is a finding of its own."""
    network, base = samples.network(), samples.topology()
    inside = base.of_pod("client")
    kept = tuple(r for r in inside.routes if r.destination.prefixlen)
    bare = samples.with_namespace(base, "client", routes=kept)

    cause = following.cause("TOPO-RESULT", found("TOPO-RESULT", bare), bare, network)

    assert cause is not None
    assert cause.requirement == "TOPO-ROUTE"
    listed = [*base.pods["client"].result["routes"], {"dst": "198.51.100.0/24"}]
    more = samples.with_result(bare, "client", "routes", listed)
    assert following.cause("TOPO-RESULT", found("TOPO-RESULT", more), more, network) is None


def _with_eth0_down(**changes: object) -> Topology:
    """The sample, with the client's eth0 down: its port has no carrier, and learns nothing."""
    base = samples.with_pod_link(samples.topology(), "client", up=False, **changes)
    end = base.node.interface(END)
    assert end is not None
    assert end.port is not None
    base = samples.with_node_link(base, END, port=replace(end.port, state="disabled"))
    return samples.with_node(base, fdb=tuple(e for e in base.node.fdb if e.port != END))


@pytest.mark.parametrize(
    "requirement", ["TOPO-BRIDGE-PORT", "TOPO-FDB", "TOPO-ROUTE", "TOPO-RESULT"]
)
def test_interface_that_is_down_explains_what_its_port_lacks(requirement: str) -> None:
    network = samples.network()
    topology = samples.with_namespace(_with_eth0_down(), "client", routes=())

    cause = following.cause(requirement, found(requirement, topology), topology, network)

    assert cause is not None
    assert cause.requirement == "TOPO-POD-LINKS"
    assert [str(d.where) for d in cause.differences] == ["pod client eth0"]


def test_port_that_is_disabled_below_an_interface_that_is_up_is_a_fault_of_its_own() -> None:
    topology = samples.with_pod_link(_with_eth0_down(), "client", up=True)
    differences = found("TOPO-BRIDGE-PORT", topology)

    assert following.cause("TOPO-BRIDGE-PORT", differences, topology, samples.network()) is None


def test_address_that_is_not_there_explains_what_the_bridge_did_not_learn() -> None:
    """Without it the pod sends no ping, from which the bridge would learn."""
    topology = samples.with_pod_link(_with_eth0_down(), "client", up=True, addresses=())
    differences = found("TOPO-FDB", topology)

    cause = following.cause("TOPO-FDB", differences, topology, samples.network())

    assert cause is not None
    assert cause.requirement == "TOPO-ADDR"


def test_prefix_length_explains_the_connected_route() -> None:
    """A route by the gateway is a second fault; a result that has the right length is none."""
    network = samples.network()
    held = ip_interface(f"{samples.address('client')}/16")
    base = samples.with_pod_link(samples.topology(), "client", addresses=(held,))
    routes = tuple(
        replace(r, destination=held.network) if r.destination.prefixlen == 24 else r
        for r in base.of_pod("client").routes
    )
    topology = samples.with_namespace(base, "client", routes=routes)

    for requirement in ("TOPO-ROUTE", "TOPO-RESULT"):
        differences = found(requirement, topology)
        cause = following.cause(requirement, differences, topology, network)
        assert cause is not None
        assert (cause.requirement, cause.differences[0].kind) == ("TOPO-ADDR", "prefix length")
        other = Difference("missing route", "pod client 0.0.0.0/0 via x dev eth0", "y", "absent")
        assert following.cause(requirement, [*differences, other], topology, network) is None


def test_address_beside_the_pods_own_explains_a_result_without_it() -> None:
    """A result that names another address than the runtime has is a finding of its own."""
    network, base = samples.network(), samples.topology()
    own = base.of_pod("client").interface("eth0")
    assert own is not None
    both = (*own.addresses, ip_interface("192.0.2.7/32"))
    topology = samples.with_pod_link(base, "client", addresses=both)
    differences = found("TOPO-RESULT", topology)

    cause = following.cause("TOPO-RESULT", differences, topology, network)

    assert cause is not None
    assert (cause.requirement, cause.differences[0].kind) == ("TOPO-ADDR", "addresses")
    lying = [replace(d, seen="10.88.0.99/24") for d in differences]
    assert following.cause("TOPO-RESULT", lying, topology, network) is None


def test_stranger_on_the_bridge_explains_the_links_of_the_node() -> None:
    """One that is on no bridge is a finding of its own."""
    network, base = samples.network(), samples.topology()
    bridge = base.node.interface(samples.BRIDGE)
    assert bridge is not None
    links = (*base.node.interfaces, samples.extra_link("stranger", master=bridge.index))
    topology = samples.with_node(base, interfaces=links)
    own = frozenset({"lo", samples.UPLINK})
    differences = Wiring(topology, network).node_links(own)

    cause = following.cause("TOPO-NODE-LINKS", differences, topology, network)

    assert cause is not None
    assert cause.requirement == "TOPO-BRIDGE-MEMBERS"
    other = Difference("unexpected interface", "node other", "absent", "present")
    assert following.cause("TOPO-NODE-LINKS", [*differences, other], topology, network) is None


def test_bridge_of_a_host_end_explains_itself_and_the_address_that_it_has() -> None:
    """Of a route by another link it says nothing."""
    network = samples.network(profile=profiles.for_plugin("ptp"), isGateway=False)
    whole = samples.routed()
    own = whole.node.interface(END)
    assert own is not None
    extra = samples.extra_link("extra", kind="bridge", addresses=own.addresses)
    base = samples.with_node_link(whole, END, master=extra.index, addresses=())
    routes = tuple(replace(r, device="extra") if r.device == END else r for r in base.node.routes)
    links = (*base.node.interfaces, extra)
    topology = samples.with_node(base, interfaces=links, routes=routes)
    wiring = Wiring(topology, network)
    by_requirement = {
        "TOPO-NODE-LINKS": wiring.node_links(frozenset({"lo", samples.UPLINK})),
        "TOPO-NODE-ADDR": wiring.node_addr("client"),
        "TOPO-NODE-ROUTE": wiring.node_route(),
    }

    for requirement, differences in by_requirement.items():
        assert differences
        cause = following.cause(requirement, differences, topology, network)
        assert cause is not None
        assert cause.requirement == "TOPO-HOST-END"
        elsewhere = [replace(d, where="node 192.0.2.0/24 via the link dev x") for d in differences]
        assert following.cause(requirement, elsewhere, topology, network) is None


def test_prefix_of_a_host_ends_address_explains_the_route_by_it() -> None:
    network = samples.network(profile=profiles.for_plugin("ptp"), isGateway=False)
    whole = samples.routed()
    wide = ip_interface("10.88.0.1/24")
    connected = Route(wide.network, None, END)
    topology = samples.with_node(
        samples.with_node_link(whole, END, addresses=(wide,)),
        routes=(*whole.node.routes, connected),
    )
    differences = Wiring(topology, network).node_route()

    cause = following.cause("TOPO-NODE-ROUTE", differences, topology, network)

    assert cause is not None
    assert cause.requirement == "TOPO-NODE-ADDR"
    other = [replace(d, where=str(d.where).replace(END, "other0")) for d in differences]
    assert following.cause("TOPO-NODE-ROUTE", other, topology, network) is None


def test_lower_link_explains_the_links_of_the_node_and_the_kind_the_mac_address() -> None:
    """A MAC address of a link of the right kind is a finding of its own."""
    network = samples.network(profile=profiles.for_plugin("ipvlan"), isGateway=False)
    base = samples.stacked()
    second = samples.extra_link("second")
    node = samples.with_node(base, interfaces=(*base.node.interfaces, second))
    moved = samples.with_pod_link(node, "client", kind="ipvlan", peer_index=second.index)
    other_kind = samples.with_pod_link(base, "client", kind="macvlan", mac="02:00:00:00:77:77")
    unexpected = [Difference("unexpected interface", "node second", "absent", "present")]
    mac = [Difference("MAC address", "pod client eth0", "02:00", "02:77")]

    cause = following.cause("TOPO-NODE-LINKS", unexpected, moved, network)
    assert cause is not None
    assert cause.requirement == "TOPO-LOWER-LINK"
    assert following.cause("TOPO-NODE-LINKS", unexpected, other_kind, network) is None
    cause = following.cause("TOPO-MAC", mac, other_kind, network)
    assert cause is not None
    assert cause.requirement == "TOPO-LOWER-LINK"
    assert following.cause("TOPO-MAC", mac, moved, network) is None
