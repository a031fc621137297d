"""Self-tests of `podpath trace`, on real nodes."""
