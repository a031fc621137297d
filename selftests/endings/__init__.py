"""However a run ends, nothing is left."""
