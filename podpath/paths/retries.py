"""Tell the repetitions of a sender from the duplicates of the network. Pure.

ping repeats an echo request that the kernel refuses to send (iputils ping_common.c, pinger: EAGAIN
and ENOBUFS), with the same sequence number and a new time stamp. A veth refuses a frame that its
peer drops, for example for its MTU (drivers/net/veth.c, veth_xmit), after the sniffer at the pod's
interface has seen it.
"""

from collections.abc import Sequence

from podpath.model import Place, Sighting

#: ICMP and ICMPv6 types of echo requests.
_REQUESTS = {"icmp": 8, "icmpv6": 128}


def separate(group: Sequence[Sighting], origin: Place) -> list[list[Sighting]]:
    """Separate the attempts of a sender to send one echo request.

    All attempts that no hop behind the origin saw are one packet, with its first sighting: it was
    lost there as often as it was sent. The attempt that was sent at last is another packet. Equal
    sightings at the origin are duplicates if a later hop saw the packet.

    Args:
        group: The sightings with the identity of one packet, in order of time.
        origin: The place that the sender sends it from.

    Returns:
        The sightings of each packet.
    """
    attempts = [s for s in group if s.place == origin]
    later = [s for s in group if s.place != origin]
    packet = group[0].packet
    if len(attempts) < 2 or packet.kind != _REQUESTS.get(packet.protocol):
        return [list(group)]
    if not later:
        return [attempts[:1]]
    passed = {s.packet.digest for s in later}
    refused = [s for s in attempts if s.packet.digest not in passed]
    if not refused or len(refused) == len(attempts):
        return [list(group)]
    return [refused[:1], [s for s in group if s not in refused]]
