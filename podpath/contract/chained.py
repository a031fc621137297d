"""Changes that later plugins of a chain may make to a container and to its result.

Rules: CNI specification 1.1.0, section 2, CHECK: "allow for a later chained plugin to have
modified networking resources".
"""

from collections.abc import Callable, Mapping
from ipaddress import ip_network
from typing import Any

from podpath.cni.versions import since
from podpath.contract.attachments import Attachment
from podpath.contract.breakages import do
from podpath.contract.links import destinations, links

# Addresses for documentation and benchmarks (RFC 5737, RFC 2544): no network uses them, but a
# conflist may have a route to some.
_LINK = "later0"
_ADDRESS = "203.0.113.7/24"
_ROUTES = ("198.51.100.0/24", "198.18.0.0/15", "203.0.113.128/25")


def route(attachment: Attachment) -> Mapping[str, Any]:
    """Add a route by the container's interface, and return the result with it.

    Raises:
        CouldNotTest: the route cannot be added.
        Unmet: the interface is down.
    """
    attachment.require_up()
    taken = destinations(attachment.runtime.node, attachment.name)
    free = next((text for text in _ROUTES if ip_network(text) not in taken), _ROUTES[0])
    do(attachment, f"ip -n {attachment.name} route add {free} dev {attachment.interface}")
    return _with(attachment, routes={"dst": free})


def interface(attachment: Attachment) -> Mapping[str, Any]:
    """Add an interface with an address, and return the result with both.

    Raises:
        CouldNotTest: the interface cannot be added.
    """
    inside = f"ip -n {attachment.name}"
    do(
        attachment,
        f"{inside} link add {_LINK} type bridge && {inside} link set {_LINK} up"
        f" && {inside} address add {_ADDRESS} dev {_LINK}",
    )
    mac = links(attachment.runtime.node, attachment.name)[_LINK].mac
    link = {"name": _LINK, "mac": mac, "sandbox": attachment.netns}
    number = len((attachment.result or {}).get("interfaces") or [])
    version = {} if attachment.version in since("1.0.0") else {"version": "4"}
    address = {"address": _ADDRESS, "interface": number, **version}
    return _with(attachment, interfaces=link, ips=address)


def _with(attachment: Attachment, **additions: Mapping[str, Any]) -> Mapping[str, Any]:
    result = dict(attachment.result or {})
    return result | {key: [*(result.get(key) or []), entry] for key, entry in additions.items()}


Addition = Callable[[Attachment], Mapping[str, Any]]

ADDITIONS: Mapping[str, Addition] = {"route": route, "interface": interface}
