"""Violations that the failure of a test follows from, each found in one of several ways."""
