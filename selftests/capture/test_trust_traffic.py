"""No verdict rests on traffic that was not sent as it was asked for, or that arrived another."""

from functools import partial

import pytest

from podpath.cni.network import Network
from podpath.errors import CouldNotTest, Forestalled, Inconclusive
from podpath.model import Difference, Family
from podpath.nodes.base import Node
from podpath.nodes.deployment import CLIENT, SERVER, Deployment
from podpath.paths.judgement import unchanged
from podpath.paths.observe import Observer
from podpath.paths.traffic import Traffic, Traffics
from podpath.paths.traffic.losses import losses
from podpath.system.randomness import Draws
from podpath.topology.reading import forget_neighbours
from selftests.capture.disturb import Disturb


@pytest.fixture
def traffic(traffic: Traffics) -> Traffics:
    """Of containers, whose programs can be replaced."""
    return traffic.from_containers


pytestmark = [pytest.mark.xdist_group("one-node"), pytest.mark.usefixtures("impatient")]

_ALL_WELL = "echo 3 packets transmitted, 3 received, 0% packet loss, time 20ms"
_PING = "/bin/ping.real"

PINGS = {
    "sends nothing, says nothing": ("exit 0", "ping did not count its packets"),
    "sends nothing, says all is well": (_ALL_WELL, "no packet of its was seen on any interface"),
    "sends another identifier": (
        f"echo $* | sed 's/-e [0-9]*/-e 7/' | xargs {_PING}",
        "no packet of its was seen on any interface",
    ),
    "sends fewer": (
        f"echo $* | sed 's/-c 3/-c 1/' | xargs {_PING}",
        "ping sent 1 of 3 packets",
    ),
    "sends fewer, says all is well": (
        f"echo $* | sed 's/-c 3/-c 2/' | xargs {_PING} >/dev/null; {_ALL_WELL}",
        "no interface saw echo request 3, echo reply 3",
    ),
    "sends less": (
        f"echo $* | sed 's/-s 56/-s 8/' | xargs {_PING}",
        "sent 8 bytes in place of 56",
    ),
    "is killed before it sends": ("kill -9 $$", r"killed \(signal 9\)"),
    "is killed while it sends": (
        f"echo $* | sed 's/-c 3/-c 1/' | xargs {_PING}; kill -15 $$",
        r"killed \(signal 15\)",
    ),
    "does not know an option": ("echo 'ping: invalid option' >&2; exit 2", "invalid option"),
    "fails, though all went well": (
        f"{_PING} $*; exit 1",
        r"failed \(exit status 1\), though each of its packets took the expected path",
    ),
    "is another program": ("exec /bin/no-such", "could not be run"),
}


@pytest.mark.parametrize("name", PINGS)
def test_ping_that(name: str, observer: Observer, ping: Traffic, disturb: Disturb) -> None:
    script, told = PINGS[name]

    with (
        disturb.program(CLIENT, "/bin/ping", f"#!/bin/sh\n{script}\n"),
        pytest.raises(CouldNotTest, match=told),
    ):
        observer.observe(ping)


@pytest.mark.parametrize("protocol", ["ping", "udp", "http"])
def test_program_that_is_not_there(
    observer: Observer, traffic: Traffics, disturb: Disturb, protocol: str
) -> None:
    name = {"ping": "/bin/ping", "udp": "/bin/nc", "http": "/bin/wget /bin/timeout"}[protocol]
    program = name.rpartition(" ")[2]

    with (
        disturb.program(CLIENT, program, None),
        pytest.raises(CouldNotTest, match=r"(be run|containerd).*(no such|No such|not found)"),
    ):
        observer.observe(getattr(traffic, protocol)(CLIENT, SERVER))


def test_pings_without_sniffers_are_not_said_to_be_lost(
    traffic: Traffics, disturb: Disturb
) -> None:
    """PATH-CONCURRENT has but ping's word for it."""
    fewer = f"#!/bin/sh\necho $* | sed 's/-c 3/-c 1/' | xargs {_PING}\n"

    with (
        disturb.program(CLIENT, "/bin/ping", fewer),
        pytest.raises(CouldNotTest, match="client -> server: ping sent 1 of 3 packets"),
    ):
        losses(traffic, [(CLIENT, SERVER)], Family.IPV4, 3)


@pytest.mark.parametrize(
    ("script", "told"),
    [
        pytest.param("exit 0", "client sent no datagram", id="nothing"),
        pytest.param("head -c 40 | /bin/nc.real $*", "sent 40 bytes in place of 64", id="less"),
        pytest.param("kill -9 $$", r"killed \(signal 9\)", id="killed"),
        pytest.param("exit 1", "failed before it sent anything", id="fails"),
    ],
)
def test_datagram_that_is_not_sent(
    observer: Observer, traffic: Traffics, disturb: Disturb, script: str, told: str
) -> None:
    with (
        disturb.program(CLIENT, "/bin/nc", f"#!/bin/sh\n{script}\n"),
        pytest.raises(CouldNotTest, match=told),
    ):
        observer.observe(traffic.udp(CLIENT, SERVER))


@pytest.mark.parametrize(
    ("script", "told"),
    [
        pytest.param("exit 0", "no packet of its was seen on any interface", id="nothing"),
        pytest.param("kill -9 $$", r"killed \(signal 9\)", id="killed"),
        pytest.param("kill -15 $$", r"killed \(signal 15\)", id="terminated"),
        pytest.param("echo bad >&2; exit 1", "failed before it sent anything: bad", id="fails"),
    ],
)
def test_request_that_is_not_sent(
    observer: Observer, traffic: Traffics, disturb: Disturb, script: str, told: str
) -> None:
    with (
        disturb.program(CLIENT, "/bin/timeout", f"#!/bin/sh\n{script}\n"),
        pytest.raises(CouldNotTest, match=told),
    ):
        observer.observe(traffic.http(CLIENT, SERVER))


def test_oversized_packet_that_is_neither_sent_nor_refused(
    observer: Observer, traffic: Traffics, disturb: Disturb
) -> None:
    with (
        disturb.program(CLIENT, "/bin/ping", "#!/bin/sh\nexit 0\n"),
        pytest.raises(Inconclusive, match="neither sent the packet nor was refused"),
    ):
        observer.observe(traffic.oversized_ping(CLIENT, SERVER, size=1473))


def test_body_that_another_server_sends(
    observer: Observer, traffic: Traffics, disturb: Disturb
) -> None:
    """It is another one already when it leaves: nothing says that the network changed it."""
    disturb.in_pod(SERVER, "mv /www/1460 /www/kept; head -c 1460 /dev/zero >/www/1460")
    try:
        with pytest.raises(Inconclusive, match="the body that arrived is not that of 1460 bytes"):
            observer.observe(traffic.http(CLIENT, SERVER))
    finally:
        disturb.in_pod(SERVER, "mv /www/kept /www/1460")


def _kinds(found: list[Difference]) -> set[str]:
    return {d.kind for d in found}


_UDP_PAYLOAD = "udp dport 9000 @th,160,16 set 0x4142"


def test_datagram_that_is_changed_on_its_way(
    observer: Observer, traffic: Traffics, disturb: Disturb
) -> None:
    with disturb.rule("", "forward", f"ether type ip {_UDP_PAYLOAD}"):
        observed = observer.observe(traffic.udp(CLIENT, SERVER))

    assert _kinds(observed.differences) == {"payload changed"}
    assert _kinds(unchanged(observed.judgement)) == {"payload changed"}


def test_body_that_is_changed_on_its_way(
    observer: Observer, traffic: Traffics, disturb: Disturb
) -> None:
    with disturb.rule("", "forward", "ether type ip tcp sport 80 @th,4000,16 set 0x4142"):
        observed = observer.observe(traffic.http(CLIENT, SERVER))

    assert "payload changed" in _kinds(observed.differences)


def test_datagram_that_is_changed_in_the_receiving_pod(
    observer: Observer, traffic: Traffics, disturb: Disturb
) -> None:
    """Each interface saw it as it was sent; only the program that gets it knows better."""
    with (
        disturb.rule(SERVER, "prerouting", _UDP_PAYLOAD),
        pytest.raises(Inconclusive, match="did not reach the program in server as it was sent"),
    ):
        observer.observe(traffic.udp(CLIENT, SERVER))


def test_datagram_that_vanishes_in_the_receiving_pod(
    observer: Observer, traffic: Traffics, disturb: Disturb
) -> None:
    with (
        disturb.rule(SERVER, "input", "udp dport 9000 drop"),
        pytest.raises(Inconclusive, match="the datagram did not reach the program in server"),
    ):
        observer.observe(traffic.udp(CLIENT, SERVER))


def test_ping_that_is_changed_in_the_pod_that_answers(
    observer: Observer, traffic: Traffics, disturb: Disturb, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each hop of the request, and each of the reply, sees one payload; but not the same."""
    # nft leaves the checksum of ICMP as it is: of zeros, these two words do not change it.
    monkeypatch.setattr(Draws, "token", lambda _: "00" * 16)
    change = "@th,384,16 set 0x0001 @th,400,16 set 0xfffe"
    with disturb.rule(SERVER, "prerouting", f"icmp type echo-request {change}"):
        observed = observer.observe(traffic.ping(CLIENT, SERVER))

    assert [(d.kind, str(d.where)) for d in observed.differences] == [
        ("payload changed", "server eth0 out")
    ]


def test_reply_that_is_changed_in_the_pod_that_asks(
    observer: Observer, traffic: Traffics, disturb: Disturb, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ping ends with 0 all the same. The checksum stays right, as in the test before."""
    monkeypatch.setattr(Draws, "token", lambda _: "00" * 16)
    change = "@th,384,16 set 0x0001 @th,400,16 set 0xfffe"
    with (
        disturb.rule(CLIENT, "prerouting", f"icmp type echo-reply {change}"),
        pytest.raises(Inconclusive, match="a reply's payload is not the request's, says ping"),
    ):
        observer.observe(traffic.ping(CLIENT, SERVER))


def test_path_that_is_cut_is_the_networks_fault(
    observer: Observer, traffic: Traffics, disturb: Disturb
) -> None:
    """None of this excuses a plugin: what is sent and does not arrive does not conform."""
    for protocol in ("ping", "udp"):
        with disturb.rule("", "forward", "ether type ip drop"):
            observed = observer.observe(getattr(traffic, protocol)(CLIENT, SERVER))
        assert "missing hop" in _kinds(observed.differences)


def test_pod_without_a_route_is_the_networks_fault(
    observer: Observer, traffic: Traffics, disturb: Disturb
) -> None:
    """Nothing is sent at all, and the kernel of the pod says why, or its topology does."""
    disturb.in_netns(CLIENT, "ip route save >/tmp/routes", "ip route flush table main")
    try:
        for protocol in ("ping", "udp", "http"):
            observed = observer.observe(getattr(traffic, protocol)(CLIENT, SERVER))
            assert _kinds(observed.differences) >= {"missing hop"}
    finally:
        disturb.in_netns(CLIENT, "ip route restore </tmp/routes")


def test_neighbour_that_asks_first(
    node: Node, pods: Deployment, network: Network, observer: Observer, traffic: Traffics
) -> None:
    """A pod that learns its neighbour's MAC address so does not ask for it: that is no test."""
    client = node.named_namespaces()[pods[CLIENT].network.netns]
    server = node.named_namespaces()[pods[SERVER].network.netns]
    ask = traffic.resolve(CLIENT, SERVER, network, Family.IPV4)

    def let_server_ask() -> None:
        forget_neighbours(client)
        forget_neighbours(server)
        traffic.ping(SERVER, CLIENT).send()

    with pytest.raises(Forestalled, match="no packet of its was seen on any interface"):
        observer.observe(ask, before=let_server_ask)
    assert observer.observe(ask, before=partial(forget_neighbours, client)).differences == []
