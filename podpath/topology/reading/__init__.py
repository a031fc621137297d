"""Read the kernel's network state as plain values."""

from podpath.topology.reading.fdb import known_macs
from podpath.topology.reading.namespaces import read
from podpath.topology.reading.neighbour_tables import forget_neighbours, neighbours, unresolved
from podpath.topology.reading.netfilter import filters_bridged

__all__ = ["filters_bridged", "forget_neighbours", "known_macs", "neighbours", "read", "unresolved"]
