"""A configuration read and judged without a run: the path of packets, and mistakes in it."""
