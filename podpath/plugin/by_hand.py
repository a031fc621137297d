"""How the user of a run gets to the node of a failure: to that one, or to another one like it."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

from podpath.plugin import keeping, shared

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from podpath.report.by_hand import Subject, Way

#: Options of `podpath shell` and `podpath trace`, which a node like that of the run needs.
_OPTIONS = ("cni-conf", "cni-bin", "profile", "node-setup")


def way(item: pytest.Item, ids: Sequence[str]) -> Way:
    """Return how the user gets to the node of a test, for the commands of its requirements."""
    from podpath.report import words
    from podpath.report.by_hand import Way

    node = shared.node(item)
    kind = node.kind if node else shared.plan(item.config).kind.name
    if kind == "host":
        return Way(words.say("look here"), stays=True)
    if kind != "embedded" or shared.given_of(item.config):
        pid = node.pid if node else 1
        return Way(words.say("look while"), prefix=f"nsenter -t {pid} -a", pid=pid, stays=True)
    if name := keeping.name(item.config, node):
        joined = f"--join {name}"
        return Way(
            words.say("look kept"), f"podpath shell {joined}", _trace(item, ids, joined), stays=True
        )
    options = _options(item.config)
    calls = "contract_node" in getattr(item, "fixturenames", ())
    shell = " ".join(filter(None, ["podpath shell --new", calls * "--without-pods", options]))
    return Way(
        words.say("look like"),
        shell.replace("--new --without", "--without"),
        _trace(item, ids, options),
    )


def subject(item: pytest.Item, version: str) -> Subject:
    """Return the bridge, and the plugin that a test calls, with its configuration."""
    from podpath.report.by_hand import Subject

    network = shared.network(item.config)
    conflist = network.conflist
    _, called = shared.case(item)
    plugin = called[0] if called else conflist.main_plugin
    sections = [
        s for s in conflist.sections if plugin in (s["type"], s.get("ipam", {}).get("type"))
    ]
    named = {"cniVersion": version or conflist.contract_version, "name": conflist.name}
    configuration = named | dict(next(iter(sections), conflist.section))
    return Subject(network.bridge, plugin, json.dumps(configuration))


def _options(config: pytest.Config) -> str:
    """Return the run's options of the network, as the user gave them."""
    given: list[str] = []
    for name in _OPTIONS:
        value = config.getoption(f"--podpath-{name}")
        for one in value if isinstance(value, list) else filter(None, [value]):
            given += [f"--podpath-{name}", str(one)]
    return shlex.join(given)


def _trace(item: pytest.Item, ids: Sequence[str], options: str) -> str:
    """Return the command that shows the path of a packet like the first that differs.

    Beside PATH, a packet differs for what happened before, which the command does not repeat.
    """
    if not all(identifier.startswith("PATH-") for identifier in ids):
        return ""
    params = item.callspec.params if hasattr(item, "callspec") else {}
    ends = [str(params.get(n, d)) for n, d in (("source", "client"), ("destination", "server"))]
    parts = ["podpath trace", *ends, *_packet(item, ids)]
    if getattr(params.get("family"), "text", "") == "ipv6":
        parts.append("-6")
    return " ".join([*parts, options]).strip()


def _packet(item: pytest.Item, ids: Sequence[str]) -> list[str]:
    """Return options of `podpath trace` for such a packet."""
    if "PATH-HTTP" in ids:
        return ["--http"]
    if "PATH-UDP" in ids:
        return ["--udp 9000"]
    observed = item.stash.get(shared.observations, [])
    crossings = [c for o in observed[-1:] for c in o.judgement.crossings if c.differences]
    size = re.search(r"echo request .* (\d+) bytes", crossings[0].packet) if crossings else None
    return [f"--size {size[1]}"] if size else []
