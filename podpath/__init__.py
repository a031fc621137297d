"""Proof of the path that a packet travels between two pods on one Kubernetes node."""

__version__ = "1.0.0"
