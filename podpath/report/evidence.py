"""Evidence: observations as plain JSON values, small enough to send between processes."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from podpath.model import Difference, Interface, Loss, Packet, Path, Place, Sighting, Topology
from podpath.paths import why
from podpath.paths.crossing import Crossing
from podpath.paths.judgement import Judgement
from podpath.paths.observe import Observed

#: Most packets of one observation that are written out. The counts cover all packets.
_MOST_PACKETS = 20
_MOST_DIFFERENCES = 50
_MOST_PATHS = 24
_MOST_FRAMES = 60
_MOST_LINKS = 40
_MOST_PODS = 16
_MOST_LOSSES = 24
_SOLICITATION = 135


def of(observed: Observed) -> dict[str, Any]:
    """Convert an observation: packets with hops and times, and the proof of each sniffer."""
    crossings = _telling(observed.judgement.crossings)
    return {
        "packets": len(observed.judgement.crossings),
        "sightings": len(observed.observation.sightings),
        "noise": observed.judgement.noise,
        "paths": _paths(observed.judgement),
        "shown": [_packet(c) for c in crossings],
        "frames": _frames(observed.observation.sightings),
        "topology": topology(observed.topology),
        "sniffers": [
            {
                "namespace": p.namespace,
                "received": p.received,
                "dropped": p.dropped,
                "canariesSent": p.canaries_sent,
                "canariesSeen": p.canaries_seen,
                "promiscuous": list(p.promiscuous),
            }
            for p in observed.observation.proofs
        ],
        "differences": differences(observed.differences),
        "losses": [_loss(loss) for loss in observed.losses[:_MOST_LOSSES]],
        "counters": [
            {"namespace": c.namespace, "counter": c.name, "moved": c.moved}
            for c in observed.counts[:_MOST_LOSSES]
        ],
    }


def _loss(loss: Loss) -> dict[str, Any]:
    return {
        "sentence": why.sentence(loss),
        "packet": loss.packet,
        "packets": loss.packets,
        "path": loss.path,
        **({"after": _place(loss.after)} if loss.after else {}),
        "namespace": loss.namespace,
        "causes": [
            {
                "reason": cause.reason,
                "location": cause.location,
                "interface": cause.interface,
                "rules": list(cause.rules),
            }
            for cause in loss.causes
        ],
    }


def differences(values: Sequence[Difference]) -> list[dict[str, Any]]:
    """Convert the first differences, up to a limit."""
    return [difference(value) for value in values[:_MOST_DIFFERENCES]]


def difference(value: Difference) -> dict[str, Any]:
    """Convert one difference, with the parts of its place if it has one."""
    return {
        "kind": value.kind,
        "where": str(value.where),
        **({"place": _place(value.where)} if isinstance(value.where, Place) else {}),
        "expected": value.expected,
        "seen": value.seen,
        "packet": value.packet,
    }


def _place(place: Place) -> dict[str, str]:
    direction = {"direction": place.direction.value} if place.direction else {}
    return {"namespace": place.namespace, "interface": place.interface, **direction}


def _telling(crossings: Sequence[Crossing]) -> list[Crossing]:
    """Choose the packets to write out, those with differences first, and keep their order."""
    numbers = sorted(range(len(crossings)), key=lambda n: not crossings[n].differences)
    return [crossings[n] for n in sorted(numbers[:_MOST_PACKETS])]


def _paths(judgement: Judgement) -> list[dict[str, Any]]:
    """Convert each expected path, with the number of its packets seen at each hop."""
    return [
        _path(path, [c for c in judgement.crossings if c.path == path])
        for path in judgement.paths[:_MOST_PATHS]
    ]


def _path(path: Path, crossings: Sequence[Crossing]) -> dict[str, Any]:
    seen = [sum(bool(c.at_hops[n]) for c in crossings) for n in range(len(path.hops))]
    return {
        "path": path.name,
        "packets": len(crossings),
        "hops": [
            {
                **_place(hop.place),
                "after": list(hop.after),
                "optional": hop.optional,
                "seen": count,
            }
            for hop, count in zip(path.hops, seen, strict=True)
        ],
    }


def _frames(sightings: Sequence[Sighting]) -> list[dict[str, Any]]:
    """Count all frames by place and protocol."""
    counts = Counter((s.place, _protocol(s.packet)) for s in sightings)
    return [
        {**_place(place), "protocol": protocol, "count": count}
        for (place, protocol), count in counts.most_common(_MOST_FRAMES)
    ]


def _protocol(packet: Packet) -> str:
    """Return the protocol; "nd" for a neighbour solicitation (RFC 4861, section 4.3).

    A solicitation from :: checks the sender's own address (RFC 4862, section 5.4.2).
    """
    asks = packet.protocol == "icmpv6" and packet.kind == _SOLICITATION
    known = packet.source is not None and not packet.source.is_unspecified
    return "nd" if asks and known else packet.protocol


def topology(topology: Topology) -> dict[str, Any]:
    """Convert the interfaces of the node and of podpath's pods, as far as a drawing needs them."""
    node = topology.node
    names = {link.index: link.name for link in node.interfaces}
    return {
        "node": [
            _link(link, master=names.get(link.master or 0, ""))
            for link in node.interfaces[:_MOST_LINKS]
        ],
        "pods": [
            {
                "name": name,
                "links": [
                    _link(
                        link,
                        peer=_name(topology.host_end(name, link.name)),
                        lower=_name(topology.lower_link(name, link.name)),
                    )
                    for link in _links(topology, name)[:_MOST_LINKS]
                ],
            }
            for name in list(topology.pods)[:_MOST_PODS]
        ],
    }


def _links(topology: Topology, pod: str) -> tuple[Interface, ...]:
    space = topology.named.get(topology.pods[pod].netns)
    return space.interfaces if space else ()


def _name(link: Interface | None) -> str:
    """Return a link's name; empty without a link."""
    return link.name if link else ""


def _link(link: Interface, **more: str) -> dict[str, Any]:
    return {
        "name": link.name,
        "kind": link.kind,
        "up": link.up,
        "mtu": link.mtu,
        "addresses": [str(address) for address in link.addresses],
        **more,
    }


def _packet(crossing: Crossing) -> dict[str, Any]:
    return {
        "packet": crossing.packet,
        "path": crossing.path.name,
        "hops": [
            {
                **_place(hop.place),
                "times": [s.time for s in seen],
                "ttl": [s.packet.ttl for s in seen],
            }
            for hop, seen in zip(crossing.path.hops, crossing.at_hops, strict=True)
        ],
        "elsewhere": [_sighting(s) for s in crossing.elsewhere],
    }


def _sighting(sighting: Sighting) -> dict[str, Any]:
    return {**_place(sighting.place), "time": sighting.time}
