"""This Linux system, without CNI: system calls, namespaces, netlink, settings, files, programs."""
