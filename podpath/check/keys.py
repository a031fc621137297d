"""Keys that nothing reads: misspelt ones, those of another plugin, and unknown ones. Pure."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from podpath.check.findings import Finding
from podpath.check.positions import Way
from podpath.check.sections import Section
from podpath.cni import reference

#: Keys of the list itself (libcni/conf.go, NetworkConfFromBytes).
OF_LIST = frozenset(
    {"name", "cniVersion", "cniVersions", "plugins"}
    | {"disableCheck", "disableGC", "loadOnlyInlinedPlugins"}
)
#: Keys that only a delegate's section has: flannel_linux.go and multus remove or add them.
_OF_DELEGATES = frozenset({"name", "cniVersion"})
#: Least likeness of two keys of which one is the other one misspelt.
_ALIKE = 0.85
#: Keys shorter than this are too short to be compared.
_LEAST_LETTERS = 4


def unread(section: Section) -> Iterator[Finding]:
    """Yield a finding for each key of a plugin's section that the plugin does not read."""
    known = reference.plugins()
    if section.plugin in known:
        names = known[section.plugin].names | known[reference.ANY].names | _OF_DELEGATES
        if not section.way:
            names |= OF_LIST
        own = known.get(str(section.ipam.get("type")))
        other = own.names - names if own else frozenset()
        yield from _unread(section, section.data, (), names, section.plugin, other)
    yield from _of_ipam(section)


def of_list(document: Section) -> Iterator[Finding]:
    """Yield a finding for each key of a list of plugins that the runtime does not read."""
    yield from _unread(document, document.data, (), OF_LIST, "the runtime", frozenset())


def _of_ipam(section: Section) -> Iterator[Finding]:
    known = reference.plugins()
    plugin = section.ipam.get("type")
    if not isinstance(plugin, str) or plugin not in ("host-local", "static", "dhcp"):
        return
    if section.plugin not in known:
        return  # another plugin may read keys of its own there
    names = known[plugin].names
    other = known[section.plugin].names - names - known[reference.ANY].names
    yield from _unread(section, section.ipam, ("ipam",), names, plugin, other)


def _unread(
    section: Section,
    data: Mapping[str, Any],
    way: Way,
    names: Iterable[str],
    reader: str,
    neighbours: Iterable[str],
) -> Iterator[Finding]:
    """Yield a finding for each key that its reader does not know.

    Args:
        section: section of the keys.
        data: keys and values.
        way: way to them in the section.
        names: keys that the reader knows; a name with a dot stands for its first part.
        reader: plugin that reads them, or the runtime.
        neighbours: keys that a plugin reads elsewhere in the section.
    """
    lower = {name.partition(".")[0].lower(): name.partition(".")[0] for name in names}
    given = {key.lower() for key in data}
    for key in data:
        if key.lower() in lower:
            continue
        if key in neighbours:
            place = 'in "ipam"' if not way else 'beside "ipam", not in it'
            text = f'{reader} does not read "{key}" here: it belongs {place}'
            yield section.wrong(text, *way, key, remedy=f"Move it {place}")
            continue
        if meant := misspelt(key.lower(), set(lower) - given):
            remedy = f'Did you mean "{lower[meant]}"?'
            yield section.wrong(f'{reader} reads no key "{key}"', *way, key, remedy=remedy)
        else:
            yield section.note(f'{reader} does not read "{key}"', *way, key)


def misspelt(name: str, known: Iterable[str]) -> str:
    """Return the known name that a name is when it is misspelt; empty if it is like none."""
    if len(name) < _LEAST_LETTERS:
        return ""
    return next(iter(difflib.get_close_matches(name, known, 1, _ALIKE)), "")
