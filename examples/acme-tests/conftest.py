"""podpath's fixtures, for the tests of this directory."""

pytest_plugins = ["podpath.testing.fixtures"]
