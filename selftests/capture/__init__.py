"""Proof of the sniffers, in namespaces of the tests own."""
