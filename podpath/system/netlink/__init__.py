"""Netlink (rtnetlink(7)): questions to the kernel, notices of changes, and their messages."""
