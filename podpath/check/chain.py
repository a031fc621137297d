"""Mistakes in a configuration as a whole: its name, its versions, the order of plugins. Pure.

Each was seen to fail ADD with the reference plugins 1.1.1 and 1.9.1, or the runtime to refuse it.
"""

import json
from collections.abc import Callable, Iterator, Sequence

from podpath.check import addresses
from podpath.check.findings import Finding
from podpath.check.sections import Section
from podpath.cni import conflist, document, versions
from podpath.cni.fields import Malformed, switch

#: Reference plugins that change what an earlier plugin has made.
_CHAINED = frozenset({"bandwidth", "firewall", "portmap", "sbr", "tuning", "vrf"})
_IPAM = frozenset({"dhcp", "host-local", "static"})
_NO_MAKERS = _CHAINED | _IPAM | {document.LOOPBACK}


def check(whole: Section, sections: Sequence[Section], suffix: str) -> Iterator[Finding]:
    """Yield the findings of a configuration as a whole.

    Args:
        whole: the document.
        sections: sections of its plugins.
        suffix: end of its file's name, such as ".conf".
    """
    yield from _repeated(whole)
    yield from _suffix(whole, suffix)
    if whole.data.get("name"):
        yield from _attempt(whole, "name", lambda: document.network_name(whole.data))
    yield from _versions(whole)
    for key in ("disableCheck", "disableGC", "loadOnlyInlinedPlugins"):
        yield from _attempt(whole, key, lambda key=key: switch(whole.data, key))  # type: ignore[misc]
    chain = [section for section in sections if not section.is_delegate]
    yield from _types(whole)
    yield from _order(chain)


def open_questions(whole: Section, sections: Sequence[Section]) -> Iterator[str]:
    """Yield why a configuration depends on what is not in its file; empty texts if it does not."""
    main = next((s for s in sections if s.is_main), None)
    if not whole.data.get("name"):
        yield (
            'it has no "name", without which a runtime refuses it; Multus alone takes the name of'
            " its NetworkAttachmentDefinition"
        )
    if main and main.plugin in _CHAINED and "prevResult" not in main.data:
        yield (
            f'"{main.plugin}" changes the interface of an earlier plugin: the file is a part of a'
            " network, and fails as a network of its own"
        )
    if main:
        yield addresses.incomplete(main)


def is_head(text: str) -> bool:
    """Return whether a text is a list whose plugins are in files of their own (libcni 1.3)."""
    data = json.loads(text)
    return isinstance(data, dict) and "cniVersion" in data and "name" in data


def _attempt(section: Section, key: str, read: Callable[[], object]) -> Iterator[Finding]:
    """Yield the mistake because of which a value cannot be read."""
    try:
        read()
    except Malformed as error:
        yield section.wrong(str(error), key)


def _repeated(whole: Section) -> Iterator[Finding]:
    for way, line in whole.positions.repeated:
        yield Finding(
            whole.wrong("").level,
            f'"{way[-1]}" stands twice in one object, and only the last one counts',
            "Leave one of them out",
            line,
        )


def _suffix(whole: Section, suffix: str) -> Iterator[Finding]:
    """Yield a mistake if a runtime takes the file for another format (go-cni, loadFromConfDir)."""
    is_list = "plugins" in whole.data
    if suffix == ".conflist" and not is_list:
        yield whole.wrong(
            'a .conflist file has a list "plugins", and this one has the keys of a single plugin,'
            " so the runtime does not load it",
            remedy='Name it .conf, or put the plugin into "plugins"',
        )
    if suffix in (".conf", ".json") and is_list and "type" not in whole.data:
        yield whole.wrong(
            f'a {suffix} file has the "type" of a single plugin, and this one has a list "plugins",'
            " so containerd and CRI-O do not load it",
            "plugins",
            remedy="Name it .conflist",
        )


def _versions(whole: Section) -> Iterator[Finding]:
    try:
        named = document.versions_of(whole.data)
    except Malformed as error:
        yield whole.wrong(
            str(error), "cniVersions" if "cniVersions" in str(error) else "cniVersion"
        )
        return
    if "cniVersion" not in whole.data and "cniVersions" not in whole.data:
        yield whole.note(
            'without "cniVersion" it is of CNI 0.1.0, whose results list no interfaces'
        )
    elif not versions.highest(named):
        yield whole.wrong(
            f"CNI has no version {', '.join(named)}, so plugins refuse the configuration",
            "cniVersion" if "cniVersion" in whole.data else "cniVersions",
            remedy=f"The versions are {', '.join(versions.VERSIONS)}",
        )


def _types(whole: Section) -> Iterator[Finding]:
    listed = whole.data.get("plugins", [])
    if not isinstance(listed, list) or ("plugins" in whole.data and not listed):
        yield whole.wrong('"plugins" must be a list with at least one plugin', "plugins")
        return
    for number, section in enumerate(listed):
        kind = section.get("type") if isinstance(section, dict) else None
        if not isinstance(kind, str) or not kind:
            yield whole.wrong(
                f'plugin {number + 1} has no "type", the name of its program', "plugins", number
            )
        elif "/" in kind:
            yield whole.wrong(
                f'"type" is the name of a plugin, not a path: "{kind}"', "plugins", number, "type"
            )


def _order(chain: Sequence[Section]) -> Iterator[Finding]:
    """Yield a mistake for each plugin that has the wrong place in the chain."""
    first = next((section for section in chain if section.is_main), None)
    if first is None:
        return
    if first.plugin in _CHAINED and "prevResult" not in first.data and first.way:
        yield first.wrong(
            f'"{first.plugin}" changes the interface of an earlier plugin, and none is before it,'
            " so ADD fails",
            "type",
            remedy="Put it after the plugin that makes the pods' interface",
        )
    if first.plugin in _IPAM and all(s.plugin in _NO_MAKERS for s in chain):
        yield first.wrong(
            f'"{first.plugin}" gives addresses and makes no interface',
            "type",
            remedy='Name it in the "ipam" of a plugin that makes one',
        )
    makers = [section for section in chain if section.plugin in conflist.INTERFACE_MAKERS]
    for second in makers[1:] if first in makers else ():
        yield second.wrong(
            f'"{first.plugin}" and "{second.plugin}" both make the pods\' interface, so the second'
            " one fails ADD",
            "type",
            remedy="Give each a configuration of its own",
        )
