"""The conformance suite: each test checks one requirement on a CNI plugin."""
