"""The faults: each a few lines of shell, with what must turn red, and why."""

from selftests.faults.catalogue import healthy, lifecycle, path, topology

FAULTS = (*topology.FAULTS, *path.FAULTS, *lifecycle.FAULTS)
HEALTHY = healthy.PLUGINS
