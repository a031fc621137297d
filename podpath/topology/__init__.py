"""TOPO: the wiring of pods, read from the kernel and compared with the profile."""
