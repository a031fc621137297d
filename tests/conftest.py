"""The suite's fixtures, loaded as tests of other packages load them."""

pytest_plugins = ["podpath.testing.fixtures"]
