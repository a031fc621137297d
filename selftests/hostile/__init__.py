"""Plugins that do harm, by accident or not: the host is as before, and the run ends, and says."""
