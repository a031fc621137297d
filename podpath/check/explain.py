"""Sentences on what each plugin of a configuration does. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from podpath.check.sections import Section
from podpath.cni import ipam
from podpath.cni.fields import Malformed
from podpath.cni.ipam import Ipam, Range

#: Plugin -> what it does, for those whose settings change nothing of the sentence.
_DOES = {
    "multus": "calls its first delegate for eth0, and others for further interfaces",
    "portmap": "maps ports of the node to pods' ports, as the runtime requests",
    "loopback": "brings the pods' lo up",
    "firewall": "lets pods' packets pass the node's firewall",
    "sbr": "routes what pods send by rules of its own",
    "vrf": "puts the pods' interface into a VRF",
    "dummy": "makes an interface that drops what is sent",
    "host-device": "moves a link of the node into the pod",
    "tap": "makes an interface for a virtual machine",
}

#: Number of pods beyond which the exact number says nothing.
_MANY = 1_000_000


def does(section: Section) -> list[str]:
    """Return sentences without subject on what a plugin does for a pod."""
    rule = _RULES.get(section.plugin)
    if rule:
        return list(rule(section.data))
    if section.plugin in _DOES:
        return [_DOES[section.plugin]]
    return ["is no reference plugin, and its own keys are not judged", *_addresses(section.data)]


def _mtu(data: Mapping[str, Any]) -> str:
    return f", MTU {data['mtu']}" if data.get("mtu") else ""


def _bridge(data: Mapping[str, Any]) -> Iterator[str]:
    bridge = data.get("bridge") or "cni0"
    vlan = f", VLAN {data['vlan']}" if data.get("vlan") else ""
    port = f"a port of {bridge}{_mtu(data)}{vlan}"
    yield f"makes eth0, one end of a veth pair; the other one is {port}"
    if data.get("isGateway") or data.get("isDefaultGateway"):
        yield f"gives {bridge} the gateway's address"
    if data.get("isDefaultGateway"):
        yield "gives pods a default route by the gateway"
    yield from _masquerades(data)
    if data.get("hairpinMode"):
        yield "lets a port send back what came from it (hairpin)"
    if data.get("promiscMode"):
        yield f"makes {bridge} promiscuous"
    if data.get("portIsolation"):
        yield "keeps pods from each other (port isolation)"
    yield from _addresses(data)


def _ptp(data: Mapping[str, Any]) -> Iterator[str]:
    yield f"makes eth0, one end of a veth pair; the node routes to the other one{_mtu(data)}"
    yield from _masquerades(data)
    yield from _addresses(data)


def _macvlan(data: Mapping[str, Any]) -> Iterator[str]:
    lower = data.get("master") or "the interface of the node's default route"
    mode = data.get("mode") or "bridge"
    yield f"makes eth0, a macvlan on {lower}, mode {mode}{_mtu(data)}"
    yield from _addresses(data)


def _ipvlan(data: Mapping[str, Any]) -> Iterator[str]:
    lower = data.get("master") or "the interface of the node's default route"
    yield f"makes eth0, an ipvlan on {lower}, mode {data.get('mode') or 'l2'}{_mtu(data)}"
    yield from _addresses(data)


def _vlan(data: Mapping[str, Any]) -> Iterator[str]:
    owner = "the pod" if data.get("linkInContainer") else "the node"
    lower = data.get("master") or "the interface of the default route"
    yield f"makes eth0, VLAN {data.get('vlanId', 0)} on {lower} of {owner}{_mtu(data)}"
    yield from _addresses(data)


def _flannel(data: Mapping[str, Any]) -> Iterator[str]:
    given = data.get("delegate")
    delegate = given.get("type", "bridge") if isinstance(given, dict) else "bridge"
    yield f"calls {delegate} with the networks that flanneld writes on the node"
    if not isinstance(given, dict) or "ipMasq" not in given:
        yield f"lets {delegate} masquerade if flanneld itself does not (FLANNEL_IPMASQ=false)"


def _tuning(data: Mapping[str, Any]) -> Iterator[str]:
    settings = data.get("sysctl")
    if isinstance(settings, dict) and settings:
        yield f"sets in pods: {', '.join(f'{name} = {value}' for name, value in settings.items())}"
    for key in ("mac", "mtu", "promisc", "allmulti"):
        if data.get(key):
            yield f"sets {key} of eth0: {data[key]}"
    if not data.get("sysctl") and not any(data.get(k) for k in ("mac", "mtu", "promisc")):
        yield "changes settings of eth0 that the runtime passes it"


def _bandwidth(data: Mapping[str, Any]) -> Iterator[str]:
    for key, verb in (("ingressRate", "receive"), ("egressRate", "send")):
        if data.get(key):
            yield f"limits what a pod may {verb} to {data[key]} bit/s"
    if not data.get("ingressRate") and not data.get("egressRate"):
        yield "limits what pods send and receive where the runtime passes it a rate"


def _masquerades(data: Mapping[str, Any]) -> Iterator[str]:
    if data.get("ipMasq"):
        yield "gives packets to beyond the pods' network the node's address (masquerading)"


def _addresses(data: Mapping[str, Any]) -> Iterator[str]:
    """Yield where pods' addresses come from."""
    section = data.get("ipam")
    plugin = section.get("type") if isinstance(section, dict) else None
    if not isinstance(section, dict) or not plugin:
        return
    if plugin != ipam.HOST_LOCAL:
        yield f"asks {plugin} for the pods' addresses"
        return
    try:
        read = Ipam.parse(section, "network")
    except Malformed:
        yield "asks host-local for the pods' addresses"
        return
    for alternatives in read.sets:
        yield "asks host-local for an address of " + " or ".join(map(_range, alternatives))
    if read.routes:
        routes = ", ".join(
            f"{r.destination}{f' by {r.gateway}' if r.gateway else ''}" for r in read.routes
        )
        yield f"routes to {routes}"


def _range(addresses: Range) -> str:
    gateway = f", gateway {addresses.gateway}" if addresses.gateway else ""
    many = addresses.usable > _MANY
    pods = f"more than {_MANY:,} pods" if many else f"{addresses.usable:,} pods"
    return f"{addresses.subnet} ({pods}{gateway})"


_RULES = {
    "bridge": _bridge,
    "ptp": _ptp,
    "macvlan": _macvlan,
    "ipvlan": _ipvlan,
    "vlan": _vlan,
    "flannel": _flannel,
    "tuning": _tuning,
    "bandwidth": _bandwidth,
}
