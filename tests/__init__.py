"""The conformance suite: each test is one requirement on a CNI plugin, and nothing else."""
