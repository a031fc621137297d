"""Prepare one run: its plan, the checks before it, and its facts for the report."""
