"""Plugins that people run: what podpath finds in them, as docs/plugins.md shows it."""
