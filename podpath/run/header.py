"""Header of a run: the facts of the preflight in a few lines. Pure.

Each line begins with one fact; others, which most runs do not have, stand behind it.
"""

import re
from collections.abc import Iterator, Mapping

from podpath.cni.features import WAIVED

#: Fact -> facts that stand behind it, if the run has them.
_LINES = {
    "node": ("kernel", "machine", "isolation", "host settings", "patience"),
    "plugins": ("unknown plugins",),
    "conflist": ("CNI version", "CNI results", "delegation", "addresses", "leases"),
    "profile": ("wiring",),
    "features": (f"features {WAIVED}",),
    "seed": (),
}
#: Facts that are elsewhere in the header, or with the results.
_ELSEWHERE = ("profile origin", "features not tested")
#: Facts that say by themselves what they are.
_WITHOUT_NAME = ("machine", "delegation", "patience")
_PLUGIN, _KNOWN = "plugin ", "known deviation "
#: Programs of a node, which say their versions in many words.
_VERSION = re.compile(r"\d+\.\d+\S*")
_PROGRAMS = ("containerd", "runc", "crun")


def brief(facts: Mapping[str, str]) -> list[str]:
    """Return the facts of a run in at most six lines."""
    grouped = {**facts, "plugins": _plugins(facts)}
    if origin := facts.get("profile origin"):
        grouped["profile"] = f"{facts['profile']}, {origin}"
    lines = []
    for name, others in _LINES.items():
        if name in grouped:
            behind = [
                _named(other, _short(other, grouped[other])) for other in others if other in grouped
            ]
            behind = list(_of_kind(facts)) + behind if name == "node" else behind
            lines.append(f"podpath {name}: {'; '.join([grouped[name], *behind])}")
    return lines


def _named(name: str, text: str) -> str:
    return text if name in _WITHOUT_NAME else f"{name.removeprefix('features ')} {text}"


def _short(name: str, text: str) -> str:
    """Return a fact without its explanation, which -v prints."""
    return text.partition(" (")[0] if name in ("host settings", "unknown plugins") else text


def _of_kind(facts: Mapping[str, str]) -> Iterator[str]:
    """Yield the facts that only nodes of this kind have."""
    known = {*_LINES, *_ELSEWHERE, *(other for others in _LINES.values() for other in others)}
    for name, text in facts.items():
        if name not in known and not name.startswith((_PLUGIN, _KNOWN)):
            version = _VERSION.search(text) if name in _PROGRAMS else None
            yield f"{name} {version[0] if version else text}"


def _plugins(facts: Mapping[str, str]) -> str:
    """Return the plugins, those of one directory and one origin together."""
    names: dict[tuple[str, str], list[str]] = {}
    for fact, text in facts.items():
        if fact.startswith(_PLUGIN):
            path, _, origin = text.partition(" (")
            names.setdefault((path.rpartition("/")[0], origin.removesuffix(")")), []).append(
                fact.removeprefix(_PLUGIN)
            )
    return "; ".join(f"{', '.join(some)} in {d} ({o})" for (d, o), some in names.items())
