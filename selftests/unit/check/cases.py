"""Configurations with one mistake each, of which `podpath check` must find that one alone."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_RIGHT: dict[str, Any] = {
    "cniVersion": "1.0.0",
    "name": "net",
    "plugins": [
        {
            "type": "bridge",
            "bridge": "cni0",
            "isGateway": True,
            "ipam": {
                "type": "host-local",
                "ranges": [[{"subnet": "10.9.0.0/24"}]],
                "routes": [{"dst": "0.0.0.0/0"}],
            },
        },
    ],
}

Change = Callable[[dict[str, Any]], object]


@dataclass(frozen=True)
class Case:
    """A mistake.

    Attributes:
        name: name of the case.
        change: change of a right configuration that brings the mistake.
        says: part of the finding.
        refused: True if the reference plugins 1.1.1 refuse ADD; False if they wire pods otherwise
            than the configuration says, or if only the runtime refuses the file.
    """

    name: str
    change: Change
    says: str
    refused: bool = True

    def document(self) -> dict[str, Any]:
        document = right()
        self.change(document)
        return document


def right() -> dict[str, Any]:
    return copy.deepcopy(_RIGHT)


def _main(document: dict[str, Any]) -> dict[str, Any]:
    main: dict[str, Any] = document["plugins"][0]
    return main


def _ipam(document: dict[str, Any]) -> dict[str, Any]:
    ipam: dict[str, Any] = _main(document)["ipam"]
    return ipam


def main(**values: object) -> Change:
    return lambda document: _main(document).update(values)


def ipam(**values: object) -> Change:
    return lambda document: _ipam(document).update(values)


def network(**values: object) -> Change:
    return lambda document: _ipam(document)["ranges"][0][0].update(values)


def chained(plugin: str, **values: object) -> Change:
    return lambda document: document["plugins"].append({"type": plugin, **values})


def first(plugin: str) -> Change:
    return lambda document: document["plugins"].insert(0, {"type": plugin})


def without(key: str) -> Change:
    return lambda document: _main(document).pop(key)


def both(*changes: Change) -> Change:
    return lambda document: [change(document) for change in changes]


_IPV6 = ipam(ranges=[[{"subnet": "fd00:9::/64"}]], routes=[])
_PORTS = {"portMappings": True}

CASES = (
    Case("mtu-text", main(mtu="1400"), '"mtu" must be a whole number, not "1400"'),
    Case("mtu-below-68", main(mtu=40), '"mtu" must be 0, or from 68 to 65535: 40'),
    Case("mtu-above-65535", main(mtu=70000), '"mtu" must be 0, or from 68'),
    Case("mtu-below-ipv6", both(_IPV6, main(mtu=1200)), "IPv6 needs an MTU of at least 1280"),
    Case("hairpin-promisc", main(hairpinMode=True, promiscMode=True), "exclude each other"),
    Case("switch-text", main(ipMasq="true"), '"ipMasq" must be true or false'),
    Case("bridge-name", main(bridge="a-name-of-16-let"), "a name that an interface can have"),
    Case("vlan", main(vlan=5000), '"vlan" must be 0, or from 1 to 4094'),
    Case("version", lambda d: d.update(cniVersion="1.2.0"), "CNI has no version 1.2.0"),
    Case("version-short", lambda d: d.update(cniVersion="0.3"), "CNI has no version 0.3"),
    Case("subnet-host-bits", network(subnet="10.9.0.1/24"), "10.9.0.1/24 has host bits set"),
    Case("subnet-31", network(subnet="10.9.0.0/31"), "it ends before it begins"),
    Case("range-end-outside", network(rangeEnd="10.9.1.9"), "must be in its subnet"),
    Case(
        "range-backwards", network(rangeStart="10.9.0.9", rangeEnd="10.9.0.5"), "before it begins"
    ),
    Case(
        "range-of-the-gateway",
        network(rangeStart="10.9.0.1", rangeEnd="10.9.0.1"),
        "10.9.0.1-10.9.0.1 has no address but the gateway's",
    ),
    Case("gateway-outside", network(gateway="10.8.0.1"), "10.8.0.1 is outside of 10.9.0.0/24"),
    Case("gateway-broadcast", network(gateway="10.9.0.255"), "is the broadcast address of"),
    Case(
        "gateways",
        ipam(ranges=[[{"subnet": "10.9.0.0/24"}], [{"subnet": "10.8.0.0/24"}]]),
        "a bridge holds one IPv4 gateway, and the ranges have 10.9.0.1/24, 10.8.0.1/24",
    ),
    Case(
        "masqueraded-ranges",
        both(
            main(type="ptp", ipMasq=True, isGateway=False),
            ipam(ranges=[[{"subnet": "10.9.0.0/24"}, {"subnet": "10.8.0.0/24"}]]),
        ),
        "masquerades what pods of one of 10.9.0.0/24, 10.8.0.0/24 send to pods of another",
        refused=False,
    ),
    Case("gateway-text", network(gateway="10.9.0.1/24"), "'10.9.0.1/24' does not appear to be"),
    Case("gateway-ipv6", network(gateway="fd00::1"), "another IP version", refused=False),
    Case(
        "ranges-flat",
        ipam(ranges=[{"subnet": "10.9.0.0/24"}]),
        '"ranges" must be a list of lists',
    ),
    Case(
        "ranges-overlap",
        ipam(ranges=[[{"subnet": "10.9.0.0/24"}], [{"subnet": "10.9.0.0/16"}]]),
        "overlap",
    ),
    Case(
        "ranges-mixed",
        ipam(ranges=[[{"subnet": "10.9.0.0/24"}, {"subnet": "fd00::/64"}]]),
        "the same IP version",
    ),
    Case(
        "two-addresses-in-0.2.0",
        both(
            lambda d: d.update(cniVersion="0.2.0"),
            main(isGateway=False),
            ipam(ranges=[[{"subnet": "10.9.0.0/24"}], [{"subnet": "10.7.0.0/24"}]]),
        ),
        "CNI 0.2.0 knows one IPv4 address a pod",
    ),
    Case("default-route-twice", main(isDefaultGateway=True), "the default route that"),
    Case("route-host-bits", ipam(routes=[{"dst": "10.5.0.1/16"}]), "bits beyond its prefix"),
    Case("route-word", ipam(routes=[{"dst": "default"}]), "'default' does not appear to be"),
    Case("ptp-without-ipam", both(main(type="ptp"), without("ipam")), '"ptp" has no "ipam"'),
    Case("macvlan-mode", main(type="macvlan", master="up0", mode="bridged"), "no mode 'bridged'"),
    Case(
        "two-main-plugins",
        chained("macvlan", master="up0"),
        '"bridge" and "macvlan" both make the pods\' interface',
    ),
    Case("portmap-first", first("portmap"), '"portmap" changes the interface of an earlier'),
    Case("tuning-first", first("tuning"), '"tuning" changes the interface of an earlier'),
    Case("firewall-first", first("firewall"), '"firewall" changes the interface of an earlier'),
    Case("policy", chained("firewall", ingressPolicy="closed"), "no ingressPolicy 'closed'"),
    Case(
        "sysctl-number",
        chained("tuning", sysctl={"net.core.somaxconn": 500}),
        'the value of "net.core.somaxconn" must be a text',
    ),
    Case(
        "sysctl-of-kernel",
        chained("tuning", sysctl={"kernel.shm_rmid_forced": "0"}),
        'takes names that begin with "net."',
    ),
    Case(
        "capability-text",
        chained("portmap", capabilities={"portMappings": "true"}),
        'the capability "portMappings" must be true or false',
    ),
    Case(
        "capability-misspelt",
        chained("portmap", capabilities={"portMapping": True}),
        'no runtime knows the capability "portMapping"',
    ),
    Case(
        "burst-without-rate",
        chained("bandwidth", ingressRate=10**9),
        '"ingressRate" and "ingressBurst" must be given together',
    ),
    Case(
        "static-without-length",
        main(ipam={"type": "static", "addresses": [{"address": "10.9.0.5"}]}),
        "10.9.0.5 without a prefix length",
    ),
    Case("misspelt", main(isDefaultGatway=True), 'no key "isDefaultGatway"', refused=False),
    Case("in-ipam", ipam(isGateway=True), 'belongs beside "ipam"', refused=False),
    Case("beside-ipam", main(subnet="10.1.0.0/24"), 'belongs in "ipam"', refused=False),
    Case("name", lambda d: d.update(name="a net"), '"name" must be letters', refused=False),
    Case("type-path", main(type="/opt/cni/bin/bridge"), "not a path", refused=False),
    Case("no-plugins", lambda d: d.update(plugins=[]), "at least one plugin", refused=False),
)
