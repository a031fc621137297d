"""The command of a fleet run beside many nodes: its memory, its processor time, its requests."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .cluster import Cluster, node
from .test_fleet import report, running

#: Requests that create the run's own objects and delete them again, and ask for nodes and others.
_ONCE = 12
#: Requests for each node: create the Job, read the log, delete the Job.
_EACH = 3
#: Peak of memory without any node, and for each node.
_MB, _MB_OF_NODE = 150, 0.05

#: Runs podpath, and writes its peak of memory in KB. That of wait4() has the peak of the process
#: that started it, too.
_RUN = """
import re, sys
from pathlib import Path
from podpath import cli
place, *arguments = sys.argv[1:]
status = cli.main(arguments)
Path(place).write_text(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
sys.exit(status)
"""


def test_cost_grows_with_the_nodes_and_no_faster(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """At most 100 Jobs are there at once; --fleet-nodes 5000 tries a large cluster."""
    nodes, at_once = request.config.getoption("--fleet-nodes"), 100
    cluster = Cluster([node(f"worker-{n}") for n in range(nodes)], {"": report()})
    with running(cluster, tmp_path) as config:
        command = [sys.executable, "-c", _RUN, str(tmp_path / "memory")]
        command += ["fleet", "run", "--image", "podpath:1", "--at-once", str(at_once)]
        process = subprocess.Popen(
            [*command, "--kubeconfig", str(config), "-o", str(tmp_path / "out")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    fleet = json.loads((tmp_path / "out" / "fleet.json").read_text())

    requests, looks = sum(cluster.requests.values()), cluster.requests["get pods"]
    signs = cluster.requests["patch namespaces"]
    megabytes = int((tmp_path / "memory").read_text()) / 1024
    seconds = usage.ru_utime + usage.ru_stime
    for name, value in (("requests", requests), ("MB", megabytes), ("CPU seconds", seconds)):
        record_property(name, round(value, 1))
    sys.stdout.write(
        f"{nodes} nodes: {requests} requests, {cluster.bytes / 1e6:.1f} MB received,"
        f" {megabytes:.0f} MB of memory, {seconds:.1f} s of the processor\n"
    )

    assert process.returncode == 0
    assert len(fleet["nodes"]) == nodes
    assert cluster.most_jobs == min(at_once, nodes)
    assert requests - looks - signs <= _EACH * nodes + _ONCE
    assert megabytes <= _MB + _MB_OF_NODE * nodes
    assert (cluster.namespaces, cluster.jobs) == ({}, {})
