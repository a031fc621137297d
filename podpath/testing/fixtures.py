"""podpath's fixtures: `pytest_plugins = ["podpath.testing.fixtures"]` in a conftest has them."""

pytest_plugins = [
    "podpath.fixtures.node",
    "podpath.fixtures.pods",
    "podpath.fixtures.topology",
    "podpath.fixtures.observe",
    "podpath.fixtures.contract",
]
