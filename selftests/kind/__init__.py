"""Faults on a real kind cluster: needs a container engine and a node image."""
