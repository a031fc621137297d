"""Fixtures of podpath: a conftest gets them by `pytest_plugins = ["podpath.testing.fixtures"]`."""

pytest_plugins = [
    "podpath.fixtures.node",
    "podpath.fixtures.pods",
    "podpath.fixtures.topology",
    "podpath.fixtures.observe",
    "podpath.fixtures.contract",
]
