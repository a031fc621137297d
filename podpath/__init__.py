"""Proof of the path that a packet travels between two pods on one Kubernetes node."""

__version__ = "0.1.0"
