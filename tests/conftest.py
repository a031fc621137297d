"""The suite's fixtures come through the door that is open to everybody."""

pytest_plugins = ["podpath.testing.fixtures"]
