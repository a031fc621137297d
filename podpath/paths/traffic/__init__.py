"""Traffic: real programs, in pods and on the node, whose packets a probe recognizes."""

from podpath.paths.observable import Traffic
from podpath.paths.traffic.maker import Traffics
from podpath.paths.traffic.mapped import MappedPorts

__all__ = ["MappedPorts", "Traffic", "Traffics"]
