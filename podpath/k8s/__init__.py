"""K8S: what a cluster requires of its network."""
