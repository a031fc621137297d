"""A person at a terminal uses `podpath shell`."""
