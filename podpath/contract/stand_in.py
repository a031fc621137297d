"""Stand-ins for programs that a plugin calls: they record their calls, fail, or kill the plugin.

A plugin looks up delegated plugins in CNI_PATH (CNI specification 1.1.0, section 4). podpath's
stand-in comes first there, and calls the real one. Other programs are looked up in PATH.
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

#: Programs that set firewall rules; plugins call them late in ADD.
_RULES = ("iptables", "ip6tables", "nft")
_KILLER = """#!/bin/sh
kill -KILL $PPID
"""
_REFUSER = """#!/bin/sh
echo "refused by podpath's stand-in" >&2
exit 1
"""

_numbers = itertools.count(1)


class StandIn:
    """Stand-in for a delegated plugin."""

    def __init__(self, runtime: Runtime, directory: str) -> None:
        self._runtime = runtime
        self._log = f"{directory}/calls"

    def calls(self) -> list[str]:
        """List the commands for which it was called, in order."""
        return self._runtime.node.run(["cat", self._log]).stdout.split()


@contextmanager
def standing_in(
    attachment: Attachment, fails: Sequence[str] = (), kills: Sequence[str] = (), code: int = 100
) -> Iterator[StandIn]:
    """Stand in for the delegated plugin of the attachment's main plugin during the block.

    Without one, nothing stands in, and the list of calls stays empty.

    Args:
        attachment: the attachment.
        fails: commands that the stand-in refuses.
        kills: commands that it passes on, and then kills the plugin that called it.
        code: code of the error with which it refuses.

    Raises:
        CouldNotTest: the stand-in cannot be installed on the node.
    """
    runtime = attachment.runtime
    plugin = attachment.subject.main.delegate
    directory = f"/run/podpath/stand-in-{next(_numbers)}"
    error = {"cniVersion": attachment.version, "code": code, "msg": "refused by podpath's stand-in"}
    scripts = {"calls": ""}
    if plugin:
        scripts[plugin] = _SCRIPT.format(
            log=quote(f"{directory}/calls"),
            fails=" ".join(fails),
            kills=" ".join(kills),
            error=quote(json.dumps(error)),
            real=quote(runtime.locate(plugin)),
        )
    _install(runtime, directory, scripts)
    attachment.runtime = runtime.with_directory(directory)
    try:
        yield StandIn(runtime, directory)
    finally:
        attachment.runtime = runtime
        runtime.node.run(["rm", "-r", directory])


@contextmanager
def killing_rules(attachment: Attachment) -> Iterator[str]:
    """Yield a PATH whose programs that set rules kill the plugin that calls them.

    Raises:
        CouldNotTest: the programs cannot be installed on the node.
    """
    with _rules(attachment, _KILLER) as path:
        yield path


@contextmanager
def failing_rules(attachment: Attachment) -> Iterator[str]:
    """Yield a PATH whose programs that set rules fail.

    Raises:
        CouldNotTest: the programs cannot be installed on the node.
    """
    with _rules(attachment, _REFUSER) as path:
        yield path


@contextmanager
def _rules(attachment: Attachment, script: str) -> Iterator[str]:
    directory = f"/run/podpath/stand-in-{next(_numbers)}"
    _install(attachment.runtime, directory, dict.fromkeys(_RULES, script))
    try:
        yield f"{directory}:{programs.search_path()}"
    finally:
        attachment.runtime.node.run(["rm", "-r", directory])


def _install(runtime: Runtime, directory: str, scripts: Mapping[str, str]) -> None:
    commands = [f"mkdir -p {quote(directory)}", f"cd {quote(directory)}"]
    commands += [f"printf %s {quote(text)} >{quote(name)}" for name, text in scripts.items()]
    ended = runtime.node.run(["sh", "-c", " && ".join([*commands, "chmod 755 ./*"])])
    if ended.returncode != 0:
        raise CouldNotTest(f"nothing can stand in on the node: {ended.stderr.strip()}")
