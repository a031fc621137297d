"""Clusters, tried without one: with a stand-in for API server and kubelet, on containerd."""
