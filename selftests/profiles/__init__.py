"""Profiles that are not podpath's own."""
