"""A host beyond the node, with servers for pods: threads of this process in its namespace."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from http.server import BaseHTTPRequestHandler
from socketserver import BaseRequestHandler, BaseServer, ThreadingTCPServer, ThreadingUDPServer
from threading import Thread

from podpath.errors import CouldNotTest
from podpath.model import Address
from podpath.nodes import image
from podpath.nodes.deployment import HTTP_PORT, UDP_PORT
from podpath.system import netns

#: Seconds between two looks whether a server shall end.
_LOOK = 0.01
#: IP_MTU_DISCOVER and IPV6_MTU_DISCOVER, and their value that ignores a path's MTU: Python has no
#: names for them (linux/in.h, linux/in6.h).
_MTU_DISCOVER, _MTU_DISCOVER_6, _PROBE = 10, 23, 3


@contextmanager
def serving(namespace: str, address: Address) -> Iterator[None]:
    """Serve HTTP and UDP at an address for the length of the block, at the ports that pods have.

    HTTP serves the bodies of the pods' web servers. UDP sends each datagram back.

    Args:
        namespace: Path of the network namespace that has the address.
        address: The address.

    Raises:
        CouldNotTest: A port is taken, or the namespace cannot be entered.
    """
    with ExitStack() as ending:
        for make in (_http, _udp):
            try:
                server = netns.run_in(namespace, partial(make, address))
            except OSError as error:
                raise CouldNotTest(f"no server could be started at {address}: {error}") from None
            ending.callback(server.server_close)
            thread = Thread(target=server.serve_forever, args=(_LOOK,), daemon=True)
            thread.start()
            ending.callback(thread.join)
            ending.callback(server.shutdown)
        yield


class _Bodies(BaseHTTPRequestHandler):
    """Answers a request for /SIZE with the body of that size."""

    def do_GET(self) -> None:
        body = image.body(int(self.path.strip("/").partition("?")[0]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


class _Echo(BaseRequestHandler):
    """Sends a datagram back to its sender."""

    def handle(self) -> None:
        payload, endpoint = self.request
        with suppress(OSError):  # nothing leads back to a pod that is not masqueraded
            endpoint.sendto(payload, self.client_address)


class _Tcp(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class _Tcp6(_Tcp):
    address_family = socket.AF_INET6


class _Udp(ThreadingUDPServer):
    """Sends datagrams whole, whatever an ICMP error said of the path's MTU before (ip(7))."""

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.IPPROTO_IP, _MTU_DISCOVER, _PROBE)
        super().server_bind()


class _Udp6(ThreadingUDPServer):
    """The same of IPv6 (ipv6(7))."""

    address_family = socket.AF_INET6

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.IPPROTO_IPV6, _MTU_DISCOVER_6, _PROBE)
        super().server_bind()


def _http(address: Address) -> BaseServer:
    return (_Tcp6 if address.version == 6 else _Tcp)((str(address), HTTP_PORT), _Bodies)


def _udp(address: Address) -> BaseServer:
    return (_Udp6 if address.version == 6 else _Udp)((str(address), UDP_PORT), _Echo)
