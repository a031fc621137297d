"""Standing in for what a plugin calls: it is written down for what, or it fails, or it kills.

Delegates are looked up in CNI_PATH (CNI specification 1.1.0, section 4), so the one that is
found first is ours, which calls the real one. Other programs are looked up in PATH.
"""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from shlex import quote

from podpath.contract.attachments import Attachment
from podpath.contract.runtime import Runtime
from podpath.errors import CouldNotTest
from podpath.system import programs

_SCRIPT = """#!/bin/sh
echo "$CNI_COMMAND" >>{log}
case " {fails} " in *" $CNI_COMMAND "*) printf %s {error}; exit 1;; esac
case " {kills} " in *" $CNI_COMMAND "*) {real}; kill -KILL $PPID; exit 1;; esac
exec {real}
"""

#: Programs that set rules, which plugins do late in ADD.
_RULES = ("iptables", "ip6tables", "nft")
_KILLER = """#!/bin/sh
kill -KILL $PPID
"""

_numbers = itertools.count(1)


class StandIn:
    """What stands in for a delegate at the moment."""

    def __init__(self, runtime: Runtime, directory: str) -> None:
        self._runtime = runtime
        self._log = f"{directory}/calls"

    def calls(self) -> list[str]:
        """The commands that it was called for, in order."""
        return self._runtime.node.run(["cat", self._log]).stdout.split()


@contextmanager
def standing_in(
    attachment: Attachment, fails: Sequence[str] = (), kills: Sequence[str] = (), code: int = 100
) -> Iterator[StandIn]:
    """For the length of the block, stand in for the delegate of the attachment's first plugin.

    fails: commands that it refuses, with an error of that code; kills: commands that it does,
    and then kills the plugin that called it. Raises CouldNotTest if it cannot be put in place.
    """
    runtime = attachment.runtime
    plugin = attachment.subject.steps[0].delegate
    directory = f"/run/podpath/stand-in-{next(_numbers)}"
    error = {"cniVersion": attachment.version, "code": code, "msg": "refused by podpath's stand-in"}
    script = _SCRIPT.format(
        log=quote(f"{directory}/calls"),
        fails=" ".join(fails),
        kills=" ".join(kills),
        error=quote(json.dumps(error)),
        real=quote(runtime.locate(plugin)),
    )
    _install(runtime, directory, {plugin: script, "calls": ""})
    attachment.runtime = runtime.searching(directory)
    try:
        yield StandIn(runtime, directory)
    finally:
        attachment.runtime = runtime
        runtime.node.run(["rm", "-r", directory])


@contextmanager
def killing_rules(attachment: Attachment) -> Iterator[str]:
    """A PATH with which whatever sets rules by a program is killed. Raises CouldNotTest."""
    directory = f"/run/podpath/stand-in-{next(_numbers)}"
    _install(attachment.runtime, directory, dict.fromkeys(_RULES, _KILLER))
    try:
        yield f"{directory}:{programs.search_path()}"
    finally:
        attachment.runtime.node.run(["rm", "-r", directory])


def _install(runtime: Runtime, directory: str, scripts: Mapping[str, str]) -> None:
    commands = [f"mkdir -p {quote(directory)}", f"cd {quote(directory)}"]
    commands += [f"printf %s {quote(text)} >{quote(name)}" for name, text in scripts.items()]
    done = runtime.node.run(["sh", "-c", " && ".join([*commands, "chmod 755 ./*"])])
    if done.returncode != 0:
        raise CouldNotTest(f"nothing can stand in on the node: {done.stderr.strip()}")
