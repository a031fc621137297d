"""The embedded node: real containerd and plugins in their own namespaces."""
