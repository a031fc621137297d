"""A CNI configuration as JSON: a conflist, or a single plugin's .conf, which libcni wraps. Pure.

Format: CNI specification 1.1.0, section 1, and libcni (libcni/conf.go: NetworkConfFromBytes and
ConfListFromConf).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from podpath.cni import reference, versions
from podpath.cni.fields import Malformed, plugin_type, switch, text, typed

#: Type of the plugin that brings a container's lo up; it makes no interface of a pod's.
LOOPBACK = "loopback"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")  # CNI specification 1.0.0, section 1


@dataclass(frozen=True, slots=True)
class Document:
    """The parts of a configuration that are the same for all plugins.

    Attributes:
        text: the conflist, as a runtime reads it; a single plugin's configuration is wrapped.
        name: name of the network.
        versions: CNI versions that it names; libcni uses the highest that it knows.
        sections: configuration of each plugin, in the order of the chain.
        disable_check: True if the runtime must not call CHECK.
        disable_gc: True if the runtime must not call GC.
    """

    text: str
    name: str
    versions: tuple[str, ...]
    sections: tuple[Mapping[str, Any], ...]
    disable_check: bool
    disable_gc: bool


def parse(written: str) -> Document:
    """Read a configuration.

    Raises:
        Malformed: the document breaks the format; the text gives the reason.
    """
    document = json_of(written)
    if "plugins" not in document:
        document = _wrapped(document)
        written = json.dumps(document)
    sections = _sections(document)
    return Document(
        text=written,
        name=network_name(document),
        versions=versions_of(document),
        sections=sections,
        disable_check=switch(document, "disableCheck"),
        disable_gc=switch(document, "disableGC"),
    )


def in_version(written: str, version: str) -> str:
    """Return a conflist with another CNI version, and no choice of others."""
    document = {k: v for k, v in json.loads(written).items() if k != "cniVersions"}
    return json.dumps(document | {"cniVersion": version}, indent=2)


class NotJson(Malformed):
    """A text that is not JSON.

    Attributes:
        reason: what Python's reader expects in its place.
        line: line of the mistake, counted from 1; 0 if the reader names none.
        column: column of it, counted from 1; 0 if the reader names none.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__(f"not JSON ({error})")
        self.reason = str(getattr(error, "msg", error))
        self.line: int = getattr(error, "lineno", 0)
        self.column: int = getattr(error, "colno", 0)


def json_of(written: str) -> dict[str, Any]:
    """Return the object of a configuration: a list of plugins, or a single one.

    Raises:
        NotJson: the text is not JSON.
        Malformed: it is something else.
    """
    if re.search(r"""kind"?\s*:\s*"?NetworkAttachmentDefinition""", written):
        raise Malformed(
            'a NetworkAttachmentDefinition, whose "config" is the conflist: copy it to a file'
        )
    try:
        document = json.loads(written, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise NotJson(error) from None
    if not isinstance(document, dict) or not {"plugins", "type"} & document.keys():
        raise Malformed(
            'neither a conflist, which has a list "plugins", nor a plugin\'s .conf, which has a'
            ' "type"'
        )
    return document


def _no_number(name: str) -> None:
    """Refuse NaN and Infinity: Python reads them; JSON, and so the runtime, does not."""
    raise ValueError(f"{name} is no JSON value")


def _wrapped(single: Mapping[str, Any]) -> dict[str, Any]:
    """Return a plugin's configuration as a conflist of one."""
    named = {key: single[key] for key in ("name", "cniVersion") if key in single}
    return {**named, "plugins": [single]}


def _sections(document: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    plugins: list[Mapping[str, Any]] = typed(document, "plugins", list, [])
    if not plugins or not all(isinstance(p, dict) and plugin_type(p) for p in plugins):
        raise Malformed('"plugins" must be a list of objects that each have a "type"')
    return tuple(map(reference.normalized, plugins))


def network_name(document: Mapping[str, Any]) -> str:
    """Return the name of the network.

    Raises:
        Malformed: it is missing, or libcni refuses it.
    """
    name = text(document, "name")
    if not name:
        raise Malformed('"name" is missing')
    if not _NAME.fullmatch(name):
        raise Malformed(f'"name" must be letters, digits, "_", "." and "-": {name!r}')
    return name


def versions_of(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the versions of "cniVersion" and "cniVersions"; at least one.

    Raises:
        Malformed: they are not texts.
    """
    single = text(document, "cniVersion")
    several = typed(document, "cniVersions", list, [])
    if not all(isinstance(v, str) and v.isprintable() for v in several):
        raise Malformed('"cniVersions" must be a list of versions')
    return tuple(filter(None, [single, *several])) or (versions.UNNAMED,)
