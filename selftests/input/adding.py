"""Call ADD of reference plugins on configurations, in network and mount namespaces of its own.

unshare --net --mount python -m selftests.input.adding DIRECTORY <configurations

The input is a JSON list of conflists, the output a list with the error of each, empty if ADD works.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_NETNS = Path("/run/netns/pod")


def main() -> None:
    """Read the configurations, and write the errors."""
    directory = sys.argv[1]
    _run("mount", "-t", "tmpfs", "own", "/run")
    _run("mount", "-t", "tmpfs", "own", "/var/lib")
    _run("ip", "link", "set", "lo", "up")
    sys.stdout.write(json.dumps([_add(c, directory) for c in json.load(sys.stdin)]))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


@contextmanager
def _pod() -> Iterator[None]:
    """A pod's network namespace, and an uplink of the node."""
    _run("ip", "netns", "add", _NETNS.name)
    _run("ip", "link", "add", "up0", "type", "veth", "peer", "name", "up1")
    _run("ip", "link", "set", "up0", "up")
    yield
    _run("ip", "netns", "delete", _NETNS.name)
    _run("ip", "link", "delete", "up0")
    subprocess.run(["ip", "link", "delete", "cni0"], check=False, capture_output=True)


def _add(conflist: Mapping[str, Any], directory: str) -> str:
    """Return the error of ADD, or an empty text."""
    result: object = None
    with _pod():
        for section in conflist["plugins"]:
            named = {key: conflist[key] for key in ("cniVersion", "name")}
            previous = {"prevResult": result} if result is not None else {}
            error, result = _call(directory, {**named, **section, **previous})
            if error:
                return error
    return ""


def _call(directory: str, configuration: Mapping[str, Any]) -> tuple[str, object]:
    done = subprocess.run(
        [f"{directory}/{configuration['type']}"],
        input=json.dumps(configuration),
        capture_output=True,
        text=True,
        check=False,
        env={
            "CNI_COMMAND": "ADD",
            "CNI_CONTAINERID": "pod",
            "CNI_NETNS": str(_NETNS),
            "CNI_IFNAME": "eth0",
            "CNI_PATH": directory,
            "PATH": os.environ["PATH"],
        },
    )
    if done.returncode:
        return done.stdout + done.stderr, None
    return "", json.loads(done.stdout) if done.stdout else None


if __name__ == "__main__":
    main()
