"""Explain why packets were lost, by what the kernel reported of these very packets. Pure.

A drop counts only if it is of a packet of the probe, in a namespace of its path, after its last
sighting there. Another packet's drop is no reason.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from podpath.model import (
    NODE,
    Address,
    Cause,
    Direction,
    Dropped,
    Loss,
    Packet,
    Path,
    Place,
    Sighting,
)
from podpath.paths import wording
from podpath.paths.crossing import Crossing
from podpath.paths.grouping import sent_as
from podpath.paths.judgement import Judgement
from podpath.paths.kinds import MISSING
from podpath.paths.probes import Probe

NETFILTER = "NETFILTER_DROP"

#: The kernel's reasons in words (net/dropreason-core.h); others are shown as they are.
_WORDS = {
    NETFILTER: "the packet filter",
    "BRIDGE_INGRESS_STP_STATE": "the bridge port does not forward",
    "IP_CSUM": "wrong checksum of the IP header",
    "IP_INADDRERRORS": "it is for another address, and forwarding is off",
    "IP_INNOROUTES": "no route",
    "IP_OUTNOROUTES": "no route",
    "IP_RPFILTER": "reverse path filter, rp_filter",
    "NEIGH_FAILED": "no answer to ARP or neighbour solicitations",
    "NO_SOCKET": "no program listens",
    "OTHERHOST": "the MAC address of another host",
    "PKT_TOO_BIG": "larger than the MTU",
    "QDISC_DROP": "a queueing discipline",
    "TC_EGRESS": "a tc filter",
    "TC_INGRESS": "a tc filter",
    "TCP_CSUM": "wrong checksum",
    "UDP_CSUM": "wrong checksum",
    "ICMP_CSUM": "wrong checksum",
    "UNICAST_IN_L2_MULTICAST": "a unicast packet to a group's MAC address",
    "XDP": "an XDP program",
    "XFRM_POLICY": "a policy of IPsec",
}
#: Reasons that are of the way that packets take, and not of sockets.
_OF_PATHS = _WORDS.keys() - {"NO_SOCKET", "OTHERHOST"}
#: Functions that drop packets for one purpose, in words; others are shown by their name alone.
_PLACES = {
    "__dev_forward_skb2": "the other end is down, or the packet is larger than its MTU",
    "neigh_invalidate": _WORDS["NEIGH_FAILED"],
}
#: Reasons that are of a socket's copy of a packet, not of the packet.
_OF_COPIES = frozenset(["CONSUMED", "PACKET_SOCK_ERROR", "QUEUE_PURGE", "SOCKET_CLOSE"])
#: A kernel that gives no reason also drops what it has already, such as a repeated SYN.
UNSPECIFIC = frozenset(["", "NOT_SPECIFIED"])
#: The function in which the kernel drops what a hook has refused that is no table of rules.
_HOOK = "nf_hook_slow"
_LOCALNET = "no packet from 127.0.0.1 leaves by an interface whose route_localnet is off"
_IPV4 = 4
#: Between the clocks of sightings and drops, in ns.
_TOLERANCE = 20_000

#: Namespace, IP version and link -> rules that dropped packets, or may have.
Filters = Mapping[tuple[str, int, str], tuple[str, ...]]
#: More rules than these explain nothing.
_MOST_RULES = 3


def of_probes(
    expected: Sequence[tuple[Probe, Mapping[str, Path]]],
    sightings: Sequence[Sighting],
    drops: Sequence[Dropped],
) -> list[tuple[Path, Dropped]]:
    """Choose the drops of packets that a probe recognizes as its own, each with its path."""
    drops = [_whole(drop, sightings) for drop in drops]
    alike = [Sighting(d.namespace, d.interface, Direction.OUT, d.time, d.packet) for d in drops]
    found = []
    for probe, paths in expected:
        legs = probe.recognize([*sightings, *alike])[len(sightings) :]
        for drop, leg in zip(drops, legs, strict=True):
            if leg is not None and leg in paths and drop.reason not in _OF_COPIES:
                found.append((paths[leg], drop))
    return found


def _whole(drop: Dropped, sightings: Sequence[Sighting]) -> Dropped:
    """Return the drop of a fragment as that of the datagram that sightings show joined."""
    if drop.packet.fragment is None:
        return drop
    datagram = _datagram(drop.packet)
    joined = (s.packet for s in sightings if s.packet.fragments > 1)
    packet = next((p for p in joined if _datagram(p) == datagram), drop.packet)
    return replace(drop, packet=packet)


def _datagram(packet: Packet) -> tuple[object, ...]:
    return packet.source, packet.destination, packet.ip_id


def losses(
    judgement: Judgement,
    drops: Sequence[tuple[Path, Dropped]],
    promiscuous: Iterable[tuple[str, str]],
    filters: Filters,
) -> list[Loss]:
    """List why packets were lost, those with the same place and causes as one.

    Args:
        judgement: The sightings, compared with the expected paths.
        drops: The drops of the probes' packets, as of_probes() returns them.
        promiscuous: Namespace and interface of each link that podpath made promiscuous: the kernel
            drops the copies of frames for other hosts that such a link gets.
        filters: Rules that may have dropped packets.
    """
    copies = set(promiscuous)
    real = [
        (path, d)
        for path, d in drops
        if d.reason != "OTHERHOST" or (d.namespace, d.interface) not in copies
    ]
    found = [
        loss for c in judgement.crossings for loss in _of_crossing(c, judgement, real, filters)
    ]
    for number, path in enumerate(judgement.paths):
        if path not in judgement.paths[:number]:  # several probes may have one path
            found += _unsent(path, judgement, real, filters)
    return _joined(found)


def _of_crossing(
    crossing: Crossing,
    judgement: Judgement,
    drops: Sequence[tuple[Path, Dropped]],
    filters: Filters,
) -> list[Loss]:
    """Explain the loss of one packet, if it was lost, by the drops of this packet."""
    path, hops = crossing.path, crossing.path.hops
    seen = [s for hop in crossing.at_hops for s in hop]
    if not seen:
        return []
    spaces = {hop.namespace for hop in hops}
    if has_arrived := bool(crossing.at_hops[-1]):
        # a kernel drops echo replies once its raw sockets have copies
        if seen[0].packet.is_echo_reply or not _unanswered(path, judgement):
            return []
        spaces = {hops[-1].namespace}
    keys = {sent_as(s.packet, path.translation) for s in (*seen, *crossing.elsewhere)}
    last = max(seen, key=lambda s: s.time)
    mine = [
        d
        for of_path, d in drops
        if of_path == path
        and d.namespace in spaces
        and d.time >= last.time - _TOLERANCE
        and not (has_arrived and d.reason in UNSPECIFIC)
        and sent_as(d.packet, path.translation) in keys
    ]
    return _losses(crossing.packet, path, last.place, mine, filters)


def of_flows(drops: Sequence[Dropped], pods: Collection[Address], filters: Filters) -> list[Loss]:
    """List why packets of flows without sniffers were lost, the most frequent reason first.

    Only reasons count that no packet of a flow that works meets: a socket that was closed drops
    repeated packets, too.

    Args:
        drops: What the kernel dropped meanwhile.
        pods: The addresses of the flows' pods.
        filters: Rules that may have dropped packets.
    """
    groups: dict[tuple[str, Cause], list[Dropped]] = {}
    for drop in drops:
        if is_of_flows(drop, pods):
            groups.setdefault((drop.namespace, _cause(drop, filters)), []).append(drop)
    found = [
        Loss(wording.describe(some[0].packet), len(some), "", None, namespace, (cause,))
        for (namespace, cause), some in groups.items()
    ]
    return sorted(found, key=lambda loss: -loss.packets)


def is_of_flows(drop: Dropped, pods: Collection[Address]) -> bool:
    """Return whether a drop explains that a flow of the pods is lost."""
    ends = {drop.packet.source, drop.packet.destination}
    return drop.reason in _OF_PATHS and not ends.isdisjoint(pods)


def _unanswered(path: Path, judgement: Judgement) -> bool:
    """Return whether the other end sent nothing on the way back."""
    other = path.hops[-1].namespace
    return any(
        d.kind == MISSING and d.where == back.hops[0].place and d.packet == back.name
        for back in judgement.paths
        if back != path and back.hops[0].namespace == other
        for d in judgement.differences
    )


def _unsent(
    path: Path, judgement: Judgement, drops: Sequence[tuple[Path, Dropped]], filters: Filters
) -> list[Loss]:
    """Explain why no interface saw packets of a path, by drops where the path begins.

    Where other packets took the path, only a reason counts that the kernel does not give for what
    it has already.
    """
    crossings = [c for c in judgement.crossings if c.path == path]
    sighted = (s for c in crossings for some in (*c.at_hops, c.elsewhere) for s in some)
    seen = {sent_as(s.packet, path.translation) for s in sighted}
    mine = [
        d
        for of_path, d in drops
        if of_path == path
        and d.namespace == path.hops[0].namespace
        and not (crossings and d.reason in UNSPECIFIC)
        and sent_as(d.packet, path.translation) not in seen
    ]
    packets: dict[tuple[object, ...], list[Dropped]] = {}
    for drop in mine:
        packets.setdefault(drop.packet.identity, []).append(drop)
    return [
        loss
        for of_packet in packets.values()
        for loss in _losses(wording.describe(of_packet[0].packet), path, None, of_packet, filters)
    ]


def _losses(
    packet: str, path: Path, after: Place | None, drops: Sequence[Dropped], filters: Filters
) -> list[Loss]:
    if not drops:
        return []
    causes = dict.fromkeys(_cause(d, filters) for d in drops)
    return [Loss(packet, 1, path.name, after, drops[0].namespace, tuple(causes))]


def _cause(drop: Dropped, filters: Filters) -> Cause:
    version = drop.packet.source.version if drop.packet.source else 0
    place = drop.namespace, version, drop.interface
    named = filters.get(place, ()) if drop.reason == NETFILTER else ()
    if _has_no_way_out(drop):
        named = (_LOCALNET,)
    return Cause(drop.reason, drop.location, drop.interface, named)


def _has_no_way_out(drop: Dropped) -> bool:
    """Return whether a packet of a loopback address was translated, and then found no route.

    The hook itself drops it, no rule does (net/netfilter/nf_nat_proto.c, nf_nat_ipv4_local_fn; the
    route is refused by net/ipv4/route.c, __mkroute_output).
    """
    source, destination = drop.packet.source, drop.packet.destination
    if not source or not destination or source.version != _IPV4:
        return False
    of_hook = drop.reason == NETFILTER and drop.location == _HOOK
    return of_hook and source.is_loopback and not destination.is_loopback


def rules(moved: Mapping[str, int | None], *, is_counted: bool) -> tuple[str, ...]:
    """Choose the rules that dropped the packets of one namespace, link and IP version.

    Args:
        moved: Text of each rule that may drop them -> growth of its counter; None without one.
        is_counted: Whether the counters tell of all packets that the packet filter dropped.
    """
    counted = {text: number for text, number in moved.items() if number}
    uncounted = [text for text, number in moved.items() if number is None]
    named = [f"{text} (+{_packets(number)})" for text, number in counted.items()]
    if not is_counted:
        named += uncounted
    return tuple(named) if len(named) <= _MOST_RULES else ()


def _joined(found: Iterable[Loss]) -> list[Loss]:
    """Join losses that differ in the packet alone."""
    groups: dict[tuple[object, ...], Loss] = {}
    for loss in found:
        key = (loss.path, loss.after, loss.namespace, loss.causes)
        known = groups.get(key)
        groups[key] = replace(known, packets=known.packets + 1) if known else loss
    return list(groups.values())


def sentence(loss: Loss) -> str:
    """Put a loss into words."""
    fate = "dropped" if any(cause.reason for cause in loss.causes) else "not forwarded"
    if fate != "dropped" and not loss.after and loss.namespace != NODE:
        fate = "not sent"
    if fate != "dropped" and loss.after and loss.namespace != NODE:
        fate = "not answered"
    after = ", before any interface saw it" if fate == "dropped" and loss.path else ""
    if loss.after:
        last = loss.after
        same = last.namespace == loss.namespace
        after = f" after {last._replace(namespace='') if same else last}".replace("  ", " ")
    more = f" and {loss.packets - 1} more" if loss.packets > 1 else ""
    causes = [_worded(cause) for cause in loss.causes]
    which = causes[0] if len(causes) == 1 else f"one of these: {'; '.join(causes)}"
    return f"{loss.packet}{more}: {fate} in namespace {loss.namespace}{after}: {which}"


def _worded(cause: Cause) -> str:
    if not cause.reason and cause.rules:
        return "; ".join(cause.rules)
    words = _WORDS.get(cause.reason) or _PLACES.get(cause.location, "")
    reason = f"{cause.reason or 'no reason'}{f' ({words})' if words else ''}"
    at = " ".join(
        filter(
            None,
            [
                f"on {cause.interface}" if cause.interface else "",
                f"in the kernel's {cause.location}" if cause.location else "",
            ],
        )
    )
    named = "one of these rules: " if len(cause.rules) > 1 else ""
    return ", ".join(filter(None, [f"{reason} {at}".strip(), named + "; ".join(cause.rules)]))


def _packets(number: int) -> str:
    return f"{number} packet{'' if number == 1 else 's'}"
