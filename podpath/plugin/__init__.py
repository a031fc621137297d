"""podpath in pytest: hooks and options. Fixtures are in podpath.testing.fixtures, for who asks.

Nothing heavy here: every pytest of an environment that podpath is installed in imports this.
"""

pytest_plugins = [
    "podpath.plugin.options",
    "podpath.plugin.patience",
    "podpath.plugin.before",
    "podpath.plugin.arguments",
    "podpath.plugin.header",
    "podpath.plugin.workers",
    "podpath.plugin.collection",
    "podpath.plugin.outcome",
    "podpath.plugin.results",
]
