"""For a checkout only; the installed plugin is loaded by its entry point."""

pytest_plugins = ["podpath.plugin", "pytester"]
