"""A shell on a node: where the recipes that people do by hand work as on their own nodes."""
