"""Submissions: scripts, scripts as they were typed on another node, and plugins.

A typed script begins with a table of that node's names. A replay puts the names of its own node in
their place, as those of namespaces, interfaces and MAC addresses differ on every node.
"""

import re
import tarfile
import textwrap
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from podpath.labs.lab import Lab
from podpath.testing import CouldNotTest, Topology

#: Bytes that a script, and a plugin, may have.
BYTES, PLUGIN_BYTES = 1 << 20, 64 << 20
_TABLE = "# podpath name:"
_ENTRY = re.compile(rf"{_TABLE} (\S+) (\S+)\s*")
#: Programs that only look, and end with Ctrl-C: a replay has nobody to press it.
_LOOKING = frozenset(
    {"tcpdump", "watch", "top", "htop", "less", "more", "man", "vi", "vim", "nano", "emacs"}
)


@dataclass(frozen=True, slots=True)
class Submission:
    """One submission.

    Attributes:
        name: its name as the teacher gave it.
        content: the script, or the plugin.
        authors: True if it is the lab's own solution, which may use the functions of faults.
    """

    name: str
    content: bytes
    authors: bool = False

    @property
    def text(self) -> str:
        """Text of a script."""
        return self.content.decode(errors="replace")


def solution(lab: Lab) -> Submission:
    """Return a lab's own solution as a submission. Pure."""
    return Submission("solution", lab.solution.lstrip().encode(), authors=True)


def read(lab: Lab, path: str) -> Submission:
    """Read a submission.

    Args:
        lab: the lab.
        path: a script, or a plugin, or a directory that contains the lab's plugin.

    Raises:
        CouldNotTest: it cannot be read, or is too large.
    """
    file = Path(path)
    if lab.plugin and file.is_dir():
        file = file / lab.plugin
    limit = PLUGIN_BYTES if lab.plugin else BYTES
    try:
        if file.is_dir():
            raise CouldNotTest(f"{path} is a directory", f"Name its scripts: {file}/*.sh")
        if not file.is_file():
            what = f"plugin {lab.plugin}" if lab.plugin else "script"
            raise CouldNotTest(f"{path} is no {what}", "Name a file that exists")
        with file.open("rb") as stream:
            content = stream.read(limit + 1)
    except OSError as error:
        raise CouldNotTest(f"the submission {path} cannot be read: {error.strerror}") from None
    if len(content) > limit:
        raise CouldNotTest(f"the submission {path} has more than {limit >> 20} MiB")
    return Submission(path, content)


def check(lab: Lab, paths: Sequence[str]) -> None:
    """Check that submissions can be read, and that they are no archive of a class's scripts.

    Among other submissions, an archive is a student's mistake, which costs the student's points.

    Raises:
        CouldNotTest: one cannot be read, or the only one is an archive.
    """
    for path in paths:
        read(lab, path)
    only = paths[0] if len(paths) == 1 and not lab.plugin else ""
    for is_archive, command in ((zipfile.is_zipfile, "unzip"), (tarfile.is_tarfile, "tar xf")):
        if only and is_archive(only):
            raise CouldNotTest(
                f"{only} is an archive, and a submission is a script",
                f"Unpack it ({command} {only}), and name the scripts that were in it",
            )


def names(topology: Topology, pods: Sequence[str]) -> dict[str, str]:
    """Return what is called otherwise on every node: "netns client" -> name."""
    found: dict[str, str] = {}
    for pod in pods:
        found[f"netns-{pod}"] = topology.pods[pod].netns
        inside, end = topology.of_pod(pod).interface("eth0"), topology.host_end(pod)
        if inside:
            found[f"mac-{pod}"] = inside.mac
        if end:
            found[f"host-end-{pod}"] = end.name
            found[f"host-mac-{pod}"] = end.mac
        found[f"ip-{pod}"] = str(topology.pods[pod].addresses[0])
    return found


def typed(lab: Lab, lines: Sequence[str], of_node: Mapping[str, str]) -> str:
    """Return a submission of what was typed on a node. Pure.

    Commands that only look are comments in it.

    Args:
        lab: the lab.
        lines: the commands, in order.
        of_node: names of that node.
    """
    table = [f"{_TABLE} {role} {name}" for role, name in of_node.items()]
    kept = [textwrap.indent(line, "# ") if only_looks(line) else line for line in lines]
    return "\n".join(["#!/bin/bash", f"# lab {lab.name}, as typed", *table, *kept, ""])


def only_looks(line: str) -> bool:
    """Return whether a command shows something until Ctrl-C, or is of no use in a replay. Pure."""
    words = re.split(r"[\s|;&]+", line.strip())
    if words[:2] in (["lab", "check"], ["lab", "tasks"]) or words[:1] in (["exit"], ["logout"]):
        return True
    endless = any(word == "ping" for word in words) and not re.search(r"\s-c\s?\d", line)
    return endless or any(word.rpartition("/")[2] in _LOOKING for word in words)


def on_node(text: str, here: Mapping[str, str]) -> str:
    """Put the names of this node in place of those in a typed submission's table. Pure."""
    table: dict[str, str] = {}
    for line in text.splitlines():
        if (entry := _ENTRY.fullmatch(line)) and entry[1] in here:
            table.setdefault(entry[2], here[entry[1]])
    if not table:
        return text
    longest_first = sorted(table, key=len, reverse=True)
    pattern = re.compile(
        r"(?<![\w.:-])(" + "|".join(map(re.escape, longest_first)) + r")(?![\w:-]|\.\d)"
    )
    return pattern.sub(lambda match: table[match[1]], text)
