"""The embedded node: real containerd and plugins in namespaces of their own."""
