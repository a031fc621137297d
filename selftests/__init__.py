"""Tests of podpath itself; no part of the wheel."""
