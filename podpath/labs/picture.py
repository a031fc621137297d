"""A picture of a lab's node: what the student looks at first. Pure."""

from podpath.labs.reading import PODS
from podpath.testing import Topology


def lines(topology: Topology, bridge: str) -> list[str]:
    """Draw the pods and the bridge. The names of host ends are for the student to find."""
    there = [pod for pod in PODS if pod in topology.pods]
    width = max(map(len, there), default=0)
    drawn = [f"  {pod:<{width}}  eth0 ──── veth? ──┐" for pod in there]
    middle = len(drawn) // 2
    for number, line in enumerate(drawn):
        corner = "┤" if 0 < number < len(drawn) - 1 else "┐" if number == 0 else "┘"
        drawn[number] = line[:-1] + corner + (f"── {bridge}" if number == middle else "")
    return drawn
