"""Self-tests of labs, on real nodes."""
