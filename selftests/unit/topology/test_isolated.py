"""Pods whose ports are isolated: what applies to them, and the path that ends at the bridge."""

import json
from functools import partial
from pathlib import Path
from typing import cast

import pytest

from podpath.cni import conflist, reference
from podpath.cni.code import PLUGINS, Code, Origin
from podpath.errors import CouldNotTest
from podpath.lifecycle import bystanders
from podpath.model import NODE, Direction, Family, Hop, Packet
from podpath.nodes.embedded.kind import Embedded
from podpath.paths import crossing, expected, judgement, probes
from podpath.paths.traffic import Traffics
from podpath.run import checks, origin
from podpath.run.plan import Plan
from podpath.system import gobuild
from selftests.suite import ROOT

from .. import samples

ISOLATED = samples.network(portIsolation=True)


def test_requirements_on_traffic_between_pods_do_not_apply() -> None:
    """Those on the gateway do."""
    absent = {i for i, why in ISOLATED.not_applicable.items() if "PATH-ISOLATION" in why}

    assert {"PATH-ICMP", "PATH-ARP", "LIFE-SURVIVOR"} <= absent
    assert not absent & {"PATH-GATEWAY", "PATH-ISOLATION", "LIFE-OTHERS", "TOPO-BRIDGE-PORT"}
    assert "PATH-ICMP" not in samples.network().not_applicable


def test_policy_of_the_plugin_firewall_isolates_as_well() -> None:
    """Its rules see neighbour solicitations, and no ARP."""
    document = json.loads(conflist.DEFAULT.read_text())
    document["plugins"].append({"type": "firewall", "ingressPolicy": "isolated"})
    walled = conflist.parse(json.dumps(document))

    assert walled.is_apart
    assert not walled.isolated
    assert [walled.hides_neighbours(f) for f in Family] == [False, True]
    assert all(ISOLATED.conflist.hides_neighbours(f) for f in Family)


def test_path_ends_at_the_bridge() -> None:
    path = expected.path(
        samples.topology(), ISOLATED, "isolated", source="client", destination="server"
    )

    assert path.hops == (
        Hop("client", "eth0", Direction.OUT),
        Hop(NODE, samples.host_end("client"), Direction.IN, (0,)),
        Hop(NODE, "cni0", Direction.IN, (1,)),
    )


def _judged(probe: probes.Probe, *packets: Packet, then: Packet | None = None) -> list[str]:
    """Judge packets that end at the bridge, and one more that the server sees."""
    path = expected.path(
        samples.topology(), ISOLATED, "isolated", source="client", destination="server"
    )
    seen = [s for n, p in enumerate(packets, 1) for s in samples.walk(path, p, 1_000_000 * n)]
    if then:
        seen.append(samples.sighting(then, ("server", "eth0", Direction.IN), 9_000_000))
    judged = judgement.judge(
        [(probe, {probes.REQUEST: path})], samples.observation(seen), samples.noise()
    )
    return [d.kind for d in judged.differences]


REQUEST = samples.echo("client", "server", 8, 1)
ECHO = probes.Unanswered(samples.IDENTIFIER)


def test_echo_request_that_ends_at_the_bridge_has_no_difference() -> None:
    assert _judged(ECHO, REQUEST) == []


def test_echo_request_that_goes_on_is_unexpected() -> None:
    assert _judged(ECHO, REQUEST, then=REQUEST) == ["unexpected sighting"]


def test_reply_is_unexpected() -> None:
    assert _judged(ECHO, REQUEST, then=samples.echo("server", "client", 0, 1)) == [
        "unexpected sighting"
    ]


def test_echo_request_that_was_never_sent_is_missing() -> None:
    assert "missing hop" in _judged(ECHO)


@pytest.mark.parametrize("protocol", ["arp", "icmpv6"])
def test_request_for_a_mac_address_may_be_repeated(protocol: str) -> None:
    """The kernel asks three times, with the same bytes."""
    ends = samples.address("client"), samples.address("server")
    kind = {"arp": 1, "icmpv6": 135}[protocol]
    request = Packet(protocol, samples.mac("client"), "ff:ff:ff:ff:ff:ff", *ends, kind=kind)
    path = expected.path(
        samples.topology(), ISOLATED, "isolated", source="client", destination="server"
    )
    seen = [s for n in range(3) for s in samples.walk(path, request, 1_000_000 * n)]

    assert crossing.compare(path, seen).differences == ()
    assert crossing.compare(path, seen[:-1]).differences != ()


def test_probes_are_over_with_the_request() -> None:
    """Nothing else will come."""
    seen = [samples.sighting(REQUEST)]

    assert ECHO.over(seen)
    assert not probes.Echo(samples.IDENTIFIER).over(seen)
    assert not probes.Unheard(samples.address("client"), samples.address("server")).over(seen)


class _Maker:
    """Traffic as the name of its maker, and the arguments."""

    def __getattr__(self, name: str) -> "partial[tuple[object, ...]]":
        return partial(lambda *given: given, name)


def test_pods_that_stay_are_watched_by_traffic_to_the_gateway() -> None:
    """Between pods that are not isolated, by that of each protocol."""
    of = partial(bystanders.probes, traffic=cast("Traffics", _Maker()), family=Family.IPV4)

    assert list(of(samples.network())) == ["PATH-ICMP", "PATH-HTTP", "PATH-UDP"]
    (gateway,) = of(ISOLATED).values()
    assert cast("object", gateway()) == (
        "ping_gateway",
        "client",
        ISOLATED.ipam.gateway(Family.IPV4),
    )
    assert of(samples.network(portIsolation=True, isGateway=False)) == {}


@pytest.mark.parametrize(
    ("release", "too_new"),
    [("1.1.1", True), ("1.6.2", True), ("1.7.0", False), ("1.10.0", False), ("v1.9.1", False)],
)
def test_key_came_with_a_release(release: str, too_new: bool) -> None:
    section = {"type": "bridge", "portIsolation": True}

    assert list(reference.too_new(section, release)) == [("portIsolation", "1.7.0")] * too_new
    assert list(reference.too_new({**section, "portIsolation": False}, release)) == []
    assert list(reference.too_new({"type": "acme"}, release)) == []


@pytest.mark.parametrize("is_program", [True, False])
def test_release_that_ignores_the_key_cannot_be_tested(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_program: bool
) -> None:
    """A script around it may isolate the ports itself."""
    plan = Plan.read(Embedded(), str(ROOT / "examples/isolation.conflist"), [], None, None)
    old = Origin(codes=(Code(PLUGINS, "bridge", "1.1.1"),))
    monkeypatch.setattr(origin, "of", lambda _: old)
    monkeypatch.setattr(gobuild, "is_program", lambda _: is_program)
    monkeypatch.setattr(Plan, "plugin", lambda _, name: str(tmp_path / name))
    if not is_program:
        checks.releases(plan)
        return

    with pytest.raises(CouldNotTest, match=r'"portIsolation".*came with release 1\.7\.0.*1\.1\.1'):
        checks.releases(plan)


def test_script_is_no_program(tmp_path: Path) -> None:
    script, program = tmp_path / "script", tmp_path / "program"
    script.write_text("#!/bin/sh\n")
    program.write_bytes(b"\x7fELF\x02")

    assert (gobuild.is_program(script), gobuild.is_program(program)) == (False, True)


def test_default_conflist_isolates_nothing() -> None:
    assert not conflist.parse(json.dumps(json.loads(conflist.DEFAULT.read_text()))).isolated
