"""The examples of README and docs/ are what podpath does."""
