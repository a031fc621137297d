"""Configurations that people have, each with the verdict that podpath must come to."""
