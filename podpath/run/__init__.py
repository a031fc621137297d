"""One run: what it tests, on what, whether it can, and how its node starts."""
