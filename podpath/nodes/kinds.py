"""The kinds of node by name: podpath's own, and those of other installed packages.

A package adds a kind with an entry point of the group `podpath.nodes`, from the name to a subclass
of Kind. podpath imports a kind only when it uses it.
"""

from importlib import metadata
from importlib.metadata import EntryPoint

from podpath.errors import CouldNotTest
from podpath.nodes.kind import Kind
from podpath.requirements import Requirement

#: The group of entry points.
GROUP = "podpath.nodes"
DEFAULT = "embedded"

#: podpath's own kinds: name -> module and class.
OWN = {
    "embedded": "podpath.nodes.embedded.kind:Embedded",
    "kind": "podpath.nodes.cluster.kinds:OnKind",
    "host": "podpath.nodes.cluster.kinds:OnHost",
}


def names() -> tuple[str, ...]:
    """Return the names of all kinds, podpath's own first."""
    return (*OWN, *sorted({entry.name for entry in _installed()} - OWN.keys()))


def unknown(name: str) -> str:
    """Return the error message for a name that no kind has; empty if a kind has it."""
    if name in OWN or name in (known := names()):
        return ""
    return f'no kind of node has the name "{name}"; there are: {", ".join(known)}'


def named(name: str) -> type[Kind]:
    """Return a kind by its name.

    Raises:
        CouldNotTest: no kind has the name, or its package is broken.
    """
    if sentence := unknown(name):
        raise CouldNotTest(sentence, "Install the package that has it, or correct the name")
    return _loaded(EntryPoint(name, OWN[name], GROUP) if name in OWN else _entry(name))


def testing(requirement: Requirement) -> list[str]:
    """Return the names of podpath's own kinds that a requirement is applicable to."""
    return [name for name in OWN if named(name).can_test(requirement)]


def _installed() -> metadata.EntryPoints:
    return metadata.entry_points(group=GROUP)


def _entry(name: str) -> EntryPoint:
    """Return the entry point of a name; duplicates of the same one count once."""
    entries = {entry.value: entry for entry in _installed() if entry.name == name}
    if len(entries) > 1:
        raise CouldNotTest(
            f'several packages have a kind of node named "{name}": {", ".join(sorted(entries))}',
            "Uninstall all but one",
        )
    (entry,) = entries.values()
    return entry


def _loaded(entry: EntryPoint) -> type[Kind]:
    try:
        kind = entry.load()
    except Exception as error:  # a third party's module may raise anything
        raise _unusable(entry, f"cannot be loaded: {type(error).__name__}: {error}") from error
    if not (isinstance(kind, type) and issubclass(kind, Kind)):
        raise _unusable(entry, f"is no subclass of {Kind.__module__}.{Kind.__qualname__}")
    if lacking := ", ".join(sorted(kind.__abstractmethods__)):
        raise _unusable(entry, f"does not implement {lacking}")
    if getattr(kind, "name", None) != entry.name:
        raise _unusable(entry, f'must have the name "{entry.name}", as its entry point')
    return kind


def _unusable(entry: EntryPoint, why: str) -> CouldNotTest:
    return CouldNotTest(
        f'the kind of node "{entry.name}", {entry.value}, {why}',
        "Correct the package that has it, or choose another kind with --podpath-node",
    )
