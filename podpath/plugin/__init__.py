"""podpath in pytest: hooks, and the fixtures that tests ask for.

Nothing heavy here: every pytest of an environment that podpath is installed in imports this.
"""

pytest_plugins = [
    "podpath.plugin.options",
    "podpath.plugin.patience",
    "podpath.plugin.before",
    "podpath.plugin.collection",
    "podpath.plugin.outcome",
    "podpath.plugin.results",
    "podpath.fixtures.node",
    "podpath.fixtures.pods",
    "podpath.fixtures.topology",
    "podpath.fixtures.observe",
    "podpath.fixtures.contract",
]
