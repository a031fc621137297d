"""Of what would lead out of the node, a plugin can do what docs/security.md says, and no more."""

import json
import os
import re
import shlex
import shutil
import socket
import sys
from pathlib import Path

from selftests import suite
from selftests.conftest import machine
from selftests.hostile import probe

#: Root may mount these anew, and files in there know no namespace but that of users. Process 1 was
#: started from the host's own mounts.
_POSSIBLE = {
    "host_program_by_its_map",
    "interpreters_by_binfmt_misc",
    "kernel_by_debugfs",
    "kernel_by_fresh_sysfs",
    "sysrq_by_fresh_proc",
}


def _host(directory: Path, port: int) -> str:
    """What the plugin must not reach, as JSON."""
    kinds = ("cgroup", "ipc", "mnt", "net", "pid", "uts")  # the node shares those of users and time
    return json.dumps(
        {
            "namespaces": [os.readlink(f"/proc/self/ns/{kind}") for kind in kinds],
            "device": os.stat("/").st_dev,
            "socket": str(directory / "socket"),
            "port": port,
        }
    )


def _install(directory: Path, host: str) -> None:
    shutil.copy(probe.__file__, directory)
    python = shlex.quote(os.path.realpath(sys.executable))
    plugin = directory / "bridge"
    plugin.write_text(
        f'#!/bin/sh\nexec {python} -I -S "$(dirname "$(readlink -f "$0")")/probe.py"'
        f" {shlex.quote(host)}\n"
    )
    plugin.chmod(0o755)


def test_plugin_does_not_get_out(tmp_path: Path) -> None:
    """It fails with the list of what it could do: nothing that is not documented."""
    with (
        machine(alone=False),
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_UNIX) as local,
        socket.socket(socket.AF_UNIX) as abstract,
    ):
        for listening, name in ((local, ""), (abstract, "\0")):
            listening.bind(f"{name}{tmp_path}/socket")
            listening.listen()
        _install(tmp_path, _host(tmp_path, server.getsockname()[1]))
        run = suite.run(suite.QUICK, "--podpath-cni-bin", str(tmp_path), report=tmp_path / "report")

    told = re.search(r"probed (\d+), could: ([\w ]*)\.", run.output)
    assert told, run.output
    assert int(told[1]) == len(probe.PROBES)
    assert set(told[2].split()) <= _POSSIBLE
    assert run.status == 1
