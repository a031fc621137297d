"""Self-tests of podpath.testing outside of pytest, on real nodes."""
