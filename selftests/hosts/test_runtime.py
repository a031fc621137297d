"""What starts containers on the embedded node: runc, crun, or what cannot."""

import shutil
from pathlib import Path

import pytest

from podpath.cni import conflist
from podpath.errors import CouldNotTest
from podpath.nodes.deployment import CLIENT, SERVER, Deployment
from podpath.nodes.embedded.node import start
from podpath.system import programs
from selftests.conftest import machine

#: As runc 1.3 on a node that takes a capability from it; containerd reads the reason in its log.
_BROKEN = """#!/bin/sh
[ "$1" != --version ] || { echo "runc version 9.9"; exit; }
while [ $# -gt 0 ] && [ "$1" != --log ]; do shift; done
echo '{"level": "error", "msg": "error spawning mount remapping thread: permission denied"}' >"$2"
exit 1
"""


def test_crun_starts_pods_as_runc_does() -> None:
    """Debian's package; a node has it where runc is not installed."""
    crun = shutil.which("crun", path=programs.search_path())
    if crun is None:
        pytest.skip("crun is not installed")
    network = conflist.read(conflist.DEFAULT)
    with machine(alone=False), start(network, oci_runtime=crun) as node:
        pods = Deployment(node)
        with pods.temporary(CLIENT, SERVER) as (client, server):
            result = node.execute(
                client, "main", ["ping", "-c", "1", str(server.network.addresses[0])], 10.0
            )

    assert result.status == 0, result.text


def test_runtime_that_starts_nothing_is_told_before_the_first_pod(tmp_path: Path) -> None:
    """In one sentence, with its version and its own words; it is not the plugin's failure."""
    runtime = tmp_path / "runc"
    runtime.write_text(_BROKEN)
    runtime.chmod(0o755)

    with (
        machine(alone=False),
        pytest.raises(CouldNotTest, match=r"runc version 9\.9 starts no container") as told,
        start(conflist.read(conflist.DEFAULT), oci_runtime=str(runtime)),
    ):
        pass

    assert "permission denied" in told.value.message
    assert "\n" not in str(told.value)
    assert told.value.remedy
