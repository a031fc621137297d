"""The CNI contract: plugins called as a container runtime calls them, and what they answer."""
