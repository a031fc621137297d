"""Self-tests of podpath/fleet."""
