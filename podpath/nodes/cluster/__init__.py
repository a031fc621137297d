"""Nodes of Kubernetes clusters: the node of a kind cluster, and the host itself."""
