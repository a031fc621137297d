"""A host beyond the node serves HTTP, and sends datagrams back."""

import socket
from ipaddress import ip_address
from socketserver import ThreadingUDPServer
from urllib.request import urlopen

import pytest

from podpath.errors import CouldNotTest
from podpath.nodes import image
from podpath.paths.traffic import hosts

HERE = "/proc/thread-self/ns/net"
LOOPBACK = ip_address("127.0.0.1")


@pytest.fixture(autouse=True)
def ports(monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Free ports for HTTP and UDP, in place of those of pods, which this machine may use."""
    free = []
    for name in ("HTTP_PORT", "UDP_PORT"):
        with socket.socket() as endpoint:
            endpoint.bind(("127.0.0.1", 0))
            free.append(endpoint.getsockname()[1])
        monkeypatch.setattr(hosts, name, free[-1])
    return free[0], free[1]


def test_bodies_and_datagrams(ports: tuple[int, int]) -> None:
    http, udp = ports
    with hosts.serving(HERE, LOOPBACK), socket.socket(type=socket.SOCK_DGRAM) as client:
        with urlopen(f"http://127.0.0.1:{http}/1460?nonce", timeout=5) as answer:
            body = answer.read()
        client.settimeout(5)
        client.sendto(b"\nline\n", ("127.0.0.1", udp))
        datagram = client.recv(100)

    assert body == image.body(1460)
    assert datagram == b"\nline\n"


def test_ports_are_free_afterwards(ports: tuple[int, int]) -> None:
    for _ in range(2):
        with hosts.serving(HERE, LOOPBACK):
            pass

    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", ports[0])) != 0


def test_taken_port_is_no_verdict(ports: tuple[int, int]) -> None:
    words = r"no server could be started at 127\.0\.0\.1"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", ports[0]))
        taken.listen()
        with pytest.raises(CouldNotTest, match=words), hosts.serving(HERE, LOOPBACK):
            pass


@pytest.mark.parametrize(
    ("server", "address", "level", "option"),
    [
        (hosts._Udp, "127.0.0.1", socket.IPPROTO_IP, hosts._MTU_DISCOVER),
        (hosts._Udp6, "::", socket.IPPROTO_IPV6, hosts._MTU_DISCOVER_6),  # a host may lack ::1
    ],
    ids=["ipv4", "ipv6"],
)
def test_datagrams_are_sent_whole(
    server: type[ThreadingUDPServer], address: str, level: int, option: int
) -> None:
    """What the host learned of a path's MTU before does not matter."""
    with server((address, 0), hosts._Echo) as made:
        assert made.socket.getsockopt(level, option) == hosts._PROBE
