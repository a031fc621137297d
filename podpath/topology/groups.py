"""Read the multicast groups of a bridge, as ip(8) and bridge(8) list them."""

from podpath.errors import CouldNotTest
from podpath.nodes.base import Node
from podpath.topology import multicast
from podpath.topology.multicast import Groups


def read(node: Node, bridge: str) -> Groups:
    """Read the groups of a bridge of the node.

    Raises:
        CouldNotTest: a program cannot list them, or lists them in another format.
    """
    return multicast.parse(
        _listed(node, "ip", "-json", "-d", "link", "show", "dev", bridge),
        _listed(node, "bridge", "-json", "mdb", "show", "dev", bridge),
    )


def _listed(node: Node, *command: str) -> str:
    ended = node.run(command)
    if ended.returncode != 0:
        raise CouldNotTest(f"{' '.join(command)} failed on the node: {ended.stderr.strip()}")
    return ended.stdout
