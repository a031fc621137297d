"""Count lost and doubled packets with ping itself, without a sniffer."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from podpath.errors import CouldNotTest
from podpath.model import Difference, Family
from podpath.paths.traffic.maker import Traffics
from podpath.paths.traffic.programs import counted
from podpath.paths.unwatched import Compared


def losses(
    traffic: Traffics, pairs: Sequence[tuple[str, str]], family: Family, count: int
) -> Compared:
    """Ping between all pairs at the same time, and find the pairs with lost or doubled packets.

    No sniffer runs, as one that makes the bridge promiscuous can itself double packets.

    Args:
        traffic: Makes the pings.
        pairs: Names of the source and the destination pod.
        family: The IP version.
        count: The number of requests between each pair.

    Raises:
        CouldNotTest: A ping was ended, or did not count its packets.
    """
    pings = [
        traffic.ping(source, destination, family, count=count) for source, destination in pairs
    ]
    with ThreadPoolExecutor(len(pings)) as pool:
        results = list(pool.map(lambda ping: ping.send(), pings))
    differences, lost, is_all = [], 0, True
    for ping, result in zip(pings, results, strict=True):
        where = f"{ping.source} -> {ping.destination}"
        if doubt := ping.doubt(result):
            raise CouldNotTest(f"{where}: {doubt}")
        sent, received, doubled = counted(result)
        if (sent, received, doubled) != (count, count, 0):
            seen = f"{sent} sent, {received} received, {doubled} doubled"
            differences.append(Difference("lost or doubled", where, f"{count} of each", seen))
            lost += count - received
            is_all &= (sent, doubled) == (count, 0)
    return Compared(differences, packets=lost, is_all=is_all)
