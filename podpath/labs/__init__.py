"""Labs: a broken node, tasks that podpath's requirements and the kernel's answers decide."""
