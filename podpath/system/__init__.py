"""This Linux, without CNI: system calls, namespaces, netlink, settings, files, programs."""
