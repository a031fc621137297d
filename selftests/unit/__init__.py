"""The pure parts, from hand-written values: no root, no kernel state, no network."""
