"""The kinds of node that podpath can test: each is a process whose namespaces we may enter."""
