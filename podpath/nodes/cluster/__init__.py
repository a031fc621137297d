"""Nodes of Kubernetes clusters: of a kind cluster, or the host itself."""
