"""The pytest plugin of podpath: hooks and options.

The fixtures are in podpath.testing.fixtures; a conftest opts in to them. These modules import
nothing heavy, because every pytest run of an environment with podpath loads them.
"""

pytest_plugins = [
    "podpath.plugin.options",
    "podpath.plugin.patience",
    "podpath.plugin.before",
    "podpath.plugin.misspelt",
    "podpath.plugin.arguments",
    "podpath.plugin.header",
    "podpath.plugin.workers",
    "podpath.plugin.collection",
    "podpath.plugin.selection",
    "podpath.plugin.attribution",
    "podpath.plugin.keeping",
    "podpath.plugin.outcome",
    "podpath.plugin.consequences",
    "podpath.plugin.results",
    "podpath.plugin.progress",
    "podpath.plugin.stages",
    "podpath.plugin.summary",
    "podpath.plugin.interruption",
    "podpath.labs.plugin",
]
