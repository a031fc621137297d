"""TOPO: how pods are wired, read from the kernel and held against the profile."""
