"""Unit tests of podpath.trace."""
