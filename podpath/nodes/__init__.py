"""Kinds of node that podpath can test: podpath enters the namespaces of one process in each."""
