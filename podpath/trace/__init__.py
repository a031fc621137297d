"""Trace: one exchange between two places, on every interface of a node, shown hop by hop."""
