"""Query of the CNI versions that a plugin's binary supports, before there is a node.

The binary runs without any privilege but reading, as nobody, in namespaces of its own: whatever it
does, the machine does not change.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from typing import Any

from podpath.system import limits, programs

_LARGEST_ANSWER = 1 << 20
_NOBODY = 65534
#: Inode, time of the last change, and path of a binary -> the versions that it lists.
_known: dict[str, tuple[str, ...]] = {}
_CONFINED = (
    *("setpriv", "--pdeathsig", "KILL", "--"),  # the query ends with podpath, however that ends
    *("unshare", "--mount", "--net", "--pid", "--ipc", "--uts", "--cgroup", "--mount-proc"),
    *("--fork", "--kill-child"),
    # Process 1 of the namespace, with which all others end. It keeps its credentials: the kernel
    # forgets --kill-child's signal when a process changes its own (prctl(2), PR_SET_PDEATHSIG).
    *("sh", "-c", '"$@"; exit $?', "sh"),
    *("prlimit", f"--fsize={_LARGEST_ANSWER}", "--core=0", f"--as={8 << 30}", "--nproc=256"),
    *("setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", "--no-new-privs"),
    # a plugin may be in a directory that nobody may not enter
    *("--bounding-set=-all,+dac_read_search", "--inh-caps=-all,+dac_read_search"),
    *("--ambient-caps=-all,+dac_read_search", "--"),
)


def supported(path: str) -> tuple[str, ...]:
    """Return the versions that a plugin lists in its answer to VERSION; empty if unknown.

    It is unknown if the binary does not run this way, does not end in time, or lists none. The
    tests of the contract report what is wrong with its answer.

    Args:
        path: path of the binary on this machine.
    """
    try:
        status = os.stat(path)
    except OSError:
        return ()
    binary = f"{status.st_ino} {status.st_mtime_ns} {path}"
    if binary not in _known:
        _known[binary] = listed(_answer(path))
    return _known[binary]


def known() -> dict[str, list[str]]:
    """Return the versions of the binaries that were queried, as plain values for learn()."""
    return {binary: list(versions) for binary, versions in _known.items()}


def learn(versions: Mapping[str, list[str]]) -> None:
    """Take over what another process of the same run has learned by known().

    A binary that hangs takes its time once, then.
    """
    _known.update({binary: tuple(names) for binary, names in versions.items()})


def _answer(path: str) -> str:
    with tempfile.TemporaryFile() as output:
        try:
            subprocess.run(
                [*_CONFINED, path],
                input=b'{"cniVersion": "1.0.0"}',
                stdout=output,
                stderr=subprocess.DEVNULL,
                env=programs.environment() | {"CNI_COMMAND": "VERSION"},
                cwd="/",
                check=False,
                timeout=limits.current().usage,
            )
        except (OSError, subprocess.SubprocessError):
            return ""
        output.seek(0)
        return output.read(_LARGEST_ANSWER).decode(errors="replace")


def listed(answer: str) -> tuple[str, ...]:
    """Return the versions in an answer to VERSION; empty if it lists none. Pure."""
    try:
        document: Any = json.loads(answer)
    except (ValueError, RecursionError):
        return ()
    named = document.get("supportedVersions") if isinstance(document, dict) else None
    return tuple(v for v in named if isinstance(v, str)) if isinstance(named, list) else ()
