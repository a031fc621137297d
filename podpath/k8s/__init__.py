"""K8S: checks of what a cluster requires of its network."""
