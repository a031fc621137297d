"""Commands by which a user looks at a failure by hand, which work when they are pasted. Pure."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from podpath.requirements import Requirement
from podpath.requirements.requirement import CONFIGURATION, NODE, PLUGIN

#: Beginnings of commands that wait for what happens meanwhile.
_WAITING = ("ip monitor", "nft monitor")
_DUMP = "tcpdump "
_SCRIPT = "sh -c '"


@dataclass(frozen=True, slots=True)
class Way:
    """How a user gets to the node of a failure, or to another one like it.

    Attributes:
        introduction: sentence above the commands.
        shell: command that runs another one on the node with -c; empty to run it with `prefix`.
        trace: command that shows the path of a packet like the one that differs; empty without one.
        prefix: command that a command on the node begins with.
        pid: pid of a process in the node for {node}, where the command is run.
        stays: True if the node is the failure's own and stays, so that a command may wait there.
    """

    introduction: str
    shell: str = ""
    trace: str = ""
    prefix: str = ""
    pid: int = 1
    stays: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """What the commands are about.

    Attributes:
        bridge: the bridge; empty if the path has none.
        plugin: type of the plugin that a command calls.
        configuration: what the plugin reads from stdin.
    """

    bridge: str = ""
    plugin: str = PLUGIN
    configuration: str = CONFIGURATION


def commands(requirement: Requirement, way: Way, subject: Subject) -> list[str]:
    """Return the commands of a requirement, each once, as the user types them.

    If none is of use there, it is the shell itself, for the user's own commands.
    """
    found = list(dict.fromkeys(_commands(requirement, way, subject)))
    return found or ([way.shell] if way.shell and requirement.look else [])


def _commands(requirement: Requirement, way: Way, subject: Subject) -> Iterator[str]:
    for template in requirement.look:
        if "{bridge}" in template and not subject.bridge:
            continue
        command = template.replace("{bridge}", subject.bridge).removeprefix(f"{NODE} ")
        command = command.replace("{node}", str(way.pid))
        if command.startswith(_DUMP) and way.trace:
            yield way.trace
        elif way.stays or not command.startswith((*_WAITING, _DUMP)):
            yield _entered(_filled(command, subject), way)


def _filled(command: str, subject: Subject) -> str:
    """Return the command with the plugin and, as a here-document, its configuration."""
    document = f'<<"E"\n{subject.configuration}\nE'
    return command.replace(f"<{{{CONFIGURATION.lower()}}}", document).replace(
        f"{{{PLUGIN.lower()}}}", subject.plugin
    )


def _entered(command: str, way: Way) -> str:
    if not way.shell:
        return f"{way.prefix} {command}".strip()
    if command.startswith(_SCRIPT) and command.endswith("'"):
        command = command.removeprefix(_SCRIPT).removesuffix("'")
    return f"{way.shell} -c {shlex.quote(command)}"
