"""What a container's network can lose, for CHECK to find.

Rules: CNI specification 1.1.0, section 2, CHECK.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from shlex import quote
from typing import Any

from podpath.cni.conflist import Conflist
from podpath.contract import links
from podpath.contract.answers import entries
from podpath.contract.attachments import INTERFACE, Attachment
from podpath.errors import CouldNotTest, DoesNotConform

_SAVED = "/run/podpath/saved-rules"


@dataclass(frozen=True, slots=True)
class Breakage:
    """Shell commands, run in the node, that break something, and those that mend it.

    impossible: why it cannot be broken, if so.
    """

    do: str = ""
    undo: str = ":"
    impossible: str = ""


_NO_HOST_END = Breakage(impossible="the result lists no host end")
_NO_BRIDGE = Breakage(impossible="pods are on no bridge")


def interface(attachment: Attachment, _: Conflist) -> Breakage:
    """The container's interface is gone."""
    return Breakage(f"ip -n {attachment.name} link delete {INTERFACE}")


def address(attachment: Attachment, _: Conflist) -> Breakage:
    """The container's first address is gone."""
    first = quote(_first_address(attachment))
    return Breakage(f"ip -n {attachment.name} address delete {first} dev {INTERFACE}")


def route(attachment: Attachment, _: Conflist) -> Breakage:
    """A route that the result lists is gone."""
    routes = entries(attachment.result or {}, "routes", "dst")
    if not routes:
        return Breakage(impossible="the result lists no routes")
    destination = routes[0]["dst"]
    family = "-6" if ":" in destination else "-4"
    return Breakage(f"ip {family} -n {attachment.name} route delete {quote(destination)}")


def host_end_down(attachment: Attachment, conflist: Conflist) -> Breakage:
    """The host end of the container's link is down."""
    return _of_host_end(attachment, conflist, "down")


def host_end_unplugged(attachment: Attachment, conflist: Conflist) -> Breakage:
    """The host end of the container's link is no port of the bridge."""
    if not conflist.bridge:
        return _NO_BRIDGE
    return _of_host_end(attachment, conflist, "nomaster")


def _of_host_end(attachment: Attachment, conflist: Conflist, change: str) -> Breakage:
    end = _host_end(attachment, conflist)
    return Breakage(f"ip link set {quote(end)} {change}") if end else _NO_HOST_END


def _host_end(attachment: Attachment, conflist: Conflist) -> str:
    """Its name; empty if the result lists none, or several."""
    made = entries(attachment.result or {}, "interfaces", "name")
    outside = [one["name"] for one in made if not one.get("sandbox")]
    ends = [str(name) for name in outside if name != conflist.bridge]
    return ends[0] if len(ends) == 1 else ""


def host_route(attachment: Attachment, conflist: Conflist) -> Breakage:
    """The node has no route to the container."""
    end = _host_end(attachment, conflist)
    if not end:
        return _NO_HOST_END
    device = quote(end)
    if not attachment.runtime.node.run(["ip", "-4", "route", "show", "dev", end]).stdout:
        return Breakage(impossible="the node has no route by the host end")
    return Breakage(f"ip -4 route flush dev {device}")


def link_mode(attachment: Attachment, _: Conflist) -> Breakage:
    """The container's interface is a macvlan of another mode."""
    show = ["ip", "-n", attachment.name, "-d", "link", "show", "dev", INTERFACE]
    shown = attachment.runtime.node.run(show).stdout
    if "macvlan mode" not in shown:
        return Breakage(impossible="its link has no mode")
    other = "vepa" if "macvlan mode private" in shown else "private"
    return Breakage(f"ip -n {attachment.name} link set {INTERFACE} type macvlan mode {other}")


def bridge_down(_: Attachment, conflist: Conflist) -> Breakage:
    """The bridge is down."""
    if not conflist.bridge:
        return _NO_BRIDGE
    bridge = quote(conflist.bridge)
    return Breakage(f"ip link set {bridge} down", f"ip link set {bridge} up")


def gateway(attachment: Attachment, conflist: Conflist) -> Breakage:
    """The bridge, or the host end where there is none, does not have the gateway's address."""
    if not conflist.bridge:
        return _addresses_of_host_end(attachment, conflist)
    if not conflist.is_gateway or not conflist.ranges:
        return Breakage(impossible="the conflist has no isGateway, so the bridge has no address")
    first = conflist.ranges[0]
    where = f"{first.gateway}/{first.subnet.prefixlen} dev {quote(conflist.bridge)}"
    return Breakage(f"ip address delete {where}", f"ip address add {where}")


def _addresses_of_host_end(attachment: Attachment, conflist: Conflist) -> Breakage:
    end = _host_end(attachment, conflist)
    if not end:
        return _NO_HOST_END
    held = links.links(attachment.runtime.node).get(end, links.Link("", ())).addresses
    if not any("." in address for address in held):
        return Breakage(impossible="the host end has no address")
    return Breakage(f"ip -4 address flush dev {quote(end)}")


def masquerading(attachment: Attachment, _: Conflist) -> Breakage:
    """The rules of masquerading are gone."""
    if not attachment.subject.steps[0].section.get("ipMasq"):
        return Breakage(impossible="the conflist has no ipMasq")
    tables = "ip6tables" if ":" in _first_address(attachment) else "iptables"
    return Breakage(
        f"{tables}-save -t nat >{_SAVED} && grep -q MASQUERADE {_SAVED} && {tables} -t nat -F",
        f"{tables}-restore <{_SAVED}",
    )


def lease(attachment: Attachment, conflist: Conflist) -> Breakage:
    """IPAM does not know of the addresses any more."""
    if conflist.ipam != "host-local":
        return Breakage(impossible=f"podpath does not know the store of {conflist.ipam}")
    held = [str(one["address"]).partition("/")[0] for one in _addresses(attachment)]
    return Breakage(f"rm {' '.join(quote(f'{conflist.lease_directory}/{one}') for one in held)}")


def _first_address(attachment: Attachment) -> str:
    """With its prefix length. Raises DoesNotConform if the result lists none."""
    return str(_addresses(attachment)[0]["address"])


def _addresses(attachment: Attachment) -> list[Mapping[str, Any]]:
    """The "ips" of the result. Raises DoesNotConform if it lists none."""
    if not (found := entries(attachment.result or {}, "ips", "address")):
        raise DoesNotConform("the result of ADD lists no address")
    return found


Make = Callable[[Attachment, Conflist], Breakage]

#: What the result lists.
LISTED: Mapping[str, Make] = {"interface": interface, "address": address, "route": route}

#: What else the container's network needs.
STATE: Mapping[str, Make] = {
    "host-end-down": host_end_down,
    "host-end-unplugged": host_end_unplugged,
    "host-route": host_route,
    "link-mode": link_mode,
    "bridge-down": bridge_down,
    "gateway": gateway,
    "masquerading": masquerading,
    "lease": lease,
}


@contextmanager
def broken(attachment: Attachment, breakage: Breakage) -> Iterator[None]:
    """Something is broken for the length of the block. Raises CouldNotTest if it cannot be."""
    do(attachment, breakage.do)
    try:
        yield
    finally:
        do(attachment, breakage.undo)


def do(attachment: Attachment, commands: str) -> None:
    """Run shell commands in the node. Raises CouldNotTest if they fail."""
    done = attachment.runtime.node.run(["sh", "-c", commands])
    if done.returncode != 0:
        why = done.stderr.strip() or f"exit status {done.returncode}"
        raise CouldNotTest(f"{commands} failed on the node: {why}")
