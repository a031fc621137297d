"""Broken plugins, and the requirements that they turn red."""
