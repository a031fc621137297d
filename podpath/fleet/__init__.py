"""The nodes of a whole cluster: one Job a node runs the suite, and one report holds them all."""
