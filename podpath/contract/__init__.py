"""CNI contract: calls of plugins as a container runtime makes them, and checks of the results."""
