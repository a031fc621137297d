"""What the user can mend is said in one clear sentence, with the remedy, and status 6."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from podpath.cni import conflist
from podpath.errors import COULD_NOT_TEST_STATUS
from selftests import suite

Change = Callable[[dict[str, Any]], object]


def _refused(run: suite.Run, *messages: str) -> None:
    """The run ended with the right status, said all that, said it once, and nothing internal."""
    assert run.status == COULD_NOT_TEST_STATUS, run.output
    for words in messages:
        assert words in run.output
    assert run.output.count("podpath could not test") == 1
    assert "Traceback" not in run.output
    assert len(run.output.splitlines()) < 15


def _conflist(directory: Path, change: Change) -> str:
    """A conflist file: the default one, changed."""
    document = json.loads(conflist.DEFAULT.read_text())
    change(document)
    path = directory / "changed.conflist"
    path.write_text(json.dumps(document))
    return str(path)


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_missing_conflist(workers: tuple[str, ...]) -> None:
    """A conflist that is not there; told once, also with workers."""
    run = suite.run("tests", "--podpath-cni-conf", "/no/such.conflist", *workers)

    _refused(run, "/no/such.conflist", "No such file", "--podpath-cni-conf")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("{", "not JSON", id="not-json"),
        pytest.param('{"type": "bridge"}', '"name" is missing', id="single-plugin"),
        pytest.param('{"plugins": []}', '"plugins" must be a list', id="no-plugins"),
        pytest.param("[]", "neither a conflist", id="not-an-object"),
    ],
)
def test_file_that_is_not_a_conflist(tmp_path: Path, text: str, message: str) -> None:
    """A file that is something else."""
    path = tmp_path / "net.conflist"
    path.write_text(text)

    _refused(suite.run("tests", "--podpath-cni-conf", str(path)), str(path), message)


_OF_TWO_SUBNETS = {
    "type": "host-local",
    "ranges": [[{"subnet": "10.1.0.0/24"}, {"subnet": "10.2.0.0/24"}]],
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(
            lambda c: c["plugins"].append({"type": "no-such-plugin"}),
            ('"no-such-plugin" is in none of', "--podpath-cni-bin"),
            id="unknown-plugin",
        ),
        pytest.param(
            lambda c: c["plugins"][0].pop("ipam"), ('no "ipam" with a "type"',), id="no-ipam"
        ),
        pytest.param(
            lambda c: c["plugins"][0]["ipam"].update(ranges=[[{"subnet": "10.1.0.0/29"}]]),
            ("has 5 addresses", "larger subnet"),
            id="small-range",
        ),
        pytest.param(
            lambda c: c["plugins"][0].update(type="ptp", ipMasq=True, ipam=_OF_TWO_SUBNETS),
            ('"ipMasq" masquerades what pods of one send to pods of another', "one subnet"),
            id="masqueraded-ranges",
        ),
        pytest.param(
            lambda c: c["plugins"][0].update(type="host-device"),
            ('"host-device"', "the suite needs several pods", "macvlan"),
            id="unsupported-plugin",
        ),
    ],
)
def test_conflist_that_cannot_be_tested(
    tmp_path: Path, change: Change, message: tuple[str, ...]
) -> None:
    """A conflist that names what is not there, or does not suffice."""
    path = _conflist(tmp_path, change)

    _refused(suite.run("tests", "--podpath-cni-conf", path), *message)


def test_conflist_that_the_runtime_refuses(tmp_path: Path) -> None:
    """The plugin is never called, and so it is not blamed; the reason is the runtime's own."""
    path = _conflist(tmp_path, lambda c: c["plugins"][1].update(capabilities={"x": "yes"}))
    run = suite.run(
        "tests/test_topology.py", "-k", "namespace_of_its_own", "--podpath-cni-conf", path
    )

    assert run.status == COULD_NOT_TEST_STATUS, run.output
    assert "containerd does not load the conflist, so it never calls the plugin" in run.output
    assert "cannot unmarshal string" in run.output


def test_malformed_profile(tmp_path: Path) -> None:
    """A profile with a mistake: its line, and what is wrong there."""
    path = tmp_path / "own.toml"
    path.write_text('name = "own"\nplugins = "bridge"\n')

    _refused(
        suite.run("tests", "--podpath-profile", str(path)),
        str(path),
        "line 2",
        '"plugins" must be a list',
    )


def test_unknown_profile() -> None:
    """Neither the name of one nor a file."""
    _refused(
        suite.run("tests", "--podpath-profile", "brigde"),
        'no profile "brigde"',
        "aws, bridge, bridge-vlan, calico, ipvlan-l2, ipvlan-l3, ipvlan-l3s, kindnet, macvlan, ptp,"
        " uplink",
    )


def test_plugin_that_is_not_executable(tmp_path: Path) -> None:
    """A plugin binary without its x bit."""
    (tmp_path / "bridge").write_text("#!/bin/sh\n")

    _refused(
        suite.run("tests", "--podpath-cni-bin", str(tmp_path)), "is not executable", "chmod +x"
    )


def test_missing_plugin_directory() -> None:
    """A plugin directory that is not there."""
    run = suite.run("tests", "--podpath-cni-bin", "/no/such/directory")

    _refused(run, "/no/such/directory", "does not exist")


@pytest.mark.parametrize("seed", ["-1", "many", "1.5", str(2**64), "9" * 5000])
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_seed_that_is_none(seed: str, workers: tuple[str, ...]) -> None:
    """A seed that is no number, or one too large: wrong usage, as pytest tells it."""
    run = suite.run("tests", f"--podpath-seed={seed}", *workers)

    assert run.status == pytest.ExitCode.USAGE_ERROR, run.output
    assert run.output.count("--podpath-seed: a seed is a whole number from 0 to ") == 1
    assert "Traceback" not in run.output
    assert len(run.output) < 2000


def test_host_that_is_no_kubernetes_node() -> None:
    """Process 1 is not that of a node with a container runtime."""
    run = suite.run("tests", "--podpath-node", "host")

    _refused(run, "node", "hostPID: true")


def _program(path: Path, script: str) -> str:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


KIND = ("tests", "--podpath-node", "kind")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        pytest.param(
            "echo 'permission denied while trying to connect' >&2; exit 1",
            ("may not use docker", "sudo"),
            id="no-rights",
        ),
        pytest.param(
            "echo 'Cannot connect to the Docker daemon. Is the docker daemon running?' >&2; exit 1",
            ("no daemon running", "systemctl start docker"),
            id="no-daemon",
        ),
        pytest.param(
            """echo '{"OperatingSystem": "Docker Desktop", "MemTotal": 9000000000}'""",
            ("Docker Desktop", "--podpath-node host"),
            id="desktop",
        ),
        pytest.param(
            """echo '{"OperatingSystem": "Debian", "MemTotal": 900000000}'""",
            ("858 MiB of memory", "--podpath-node embedded"),
            id="little-memory",
        ),
    ],
)
def test_container_engine_that_kind_cannot_use(
    tmp_path: Path, script: str, message: tuple[str, ...]
) -> None:
    """Docker without rights, without its daemon, in a virtual machine, with too little memory."""
    _program(tmp_path / "docker", script)
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "KIND_EXPERIMENTAL_PROVIDER": "docker"}

    _refused(suite.run(*KIND, environment=path), *message)


def test_machine_without_a_container_engine() -> None:
    """Neither docker nor another one is there."""
    environment = {"KIND_EXPERIMENTAL_PROVIDER": "no-such-engine"}

    _refused(suite.run(*KIND, environment=environment), "no-such-engine is missing", "Docker")


def test_kind_that_is_too_old(tmp_path: Path) -> None:
    """A kind of years ago."""
    _program(tmp_path / "docker", """echo '{"MemTotal": 9000000000, "ServerVersion": "20.10"}'""")
    kind = _program(tmp_path / "kind", "echo 'kind v0.17.0 go1.19 linux/amd64'")
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "KIND_EXPERIMENTAL_PROVIDER": "docker"}

    _refused(suite.run(*KIND, "--kind-bin", kind, environment=path), "too old: 0.17", "Install")


def test_kind_configuration_that_is_not_there() -> None:
    """A configuration that is misspelt."""
    run = suite.run(*KIND, "--podpath-kind-config", "/no/such.yaml")

    _refused(run, "/no/such.yaml", "--podpath-kind-config")


def test_kind_configuration_with_kinds_own_network(tmp_path: Path) -> None:
    """A configuration that leaves no room for a plugin."""
    script = """[ "$1" != info ] || echo '{"MemTotal": 9000000000, "ServerVersion": "20.10"}'"""
    _program(tmp_path / "docker", script)
    kind = _program(tmp_path / "kind", "echo 'kind v0.32.0 go1.24 linux/amd64'")
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "KIND_EXPERIMENTAL_PROVIDER": "docker"}
    config = tmp_path / "mine.yaml"
    config.write_text("kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n")
    options = ("--kind-bin", kind, "--podpath-kind-config", str(config))

    _refused(
        suite.run(*KIND, *options, environment=path), "own network plugin", "disableDefaultCNI"
    )


@pytest.mark.parametrize("directory", ["/dev/null/report", "/proc/report"])
def test_report_directory_that_is_not_writable(directory: str) -> None:
    """A report directory that cannot be written to."""
    run = suite.run("tests", "--podpath-report", directory)

    _refused(run, directory, "not writable")


def test_run_that_never_began_leaves_no_report_of_an_earlier_one(tmp_path: Path) -> None:
    """A pipeline would publish it."""
    old = tmp_path / "report.json"
    old.write_text("{}")

    run = suite.run("tests", "--podpath-report", str(tmp_path), "--podpath-cni-conf", "/no/such")

    _refused(run, "No such file")
    assert not old.exists()


def _path_without(directory: Path, *hidden: str) -> dict[str, str]:
    """A PATH with every program of the system but some."""
    for place in os.environ["PATH"].split(os.pathsep):
        if place.startswith("/usr/bin") or place == "/bin":
            for program in Path(place).iterdir():
                if program.name not in hidden and not os.path.lexists(directory / program.name):
                    (directory / program.name).symlink_to(program)
    return {"PATH": str(directory)}


@pytest.mark.parametrize(
    ("tool", "package"),
    [
        ("containerd", "containerd"),
        ("runc", "runc"),
        ("busybox", "busybox-static"),
        ("nc.openbsd", "netcat-openbsd"),
        ("ping", "iputils-ping"),
    ],
)
def test_missing_tool(tmp_path: Path, tool: str, package: str) -> None:
    """A program that is not installed: its name, and how to get it."""
    if tool == "runc" and Path("/usr/sbin/runc").exists():
        tool, package = "ctr", "containerd"  # where Debian has runc cannot be hidden
    hidden = _path_without(tmp_path, tool, *(("nc",) if tool.startswith("nc") else ()))

    run = suite.run("tests", environment=hidden)

    _refused(run, tool.partition(".")[0], f"apt-get install {package}")


def test_missing_kernel_feature(tmp_path: Path) -> None:
    """A kernel that cannot make bridges, as `ip` tells it."""
    fake = tmp_path / "ip"
    fake.write_text(
        f'#!/bin/sh\n[ "$5" = bridge ] || exec {shutil.which("ip")} "$@"\n'
        'echo "Error: Unknown device type." >&2; exit 2\n'
    )
    fake.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"

    run = suite.run("tests", environment={"PATH": path})

    _refused(run, "Unknown device type", "modprobe bridge")


def test_not_root() -> None:
    """Without root; it may read all, so that the interpreter is found wherever it is."""
    capability = "+dac_read_search"
    command = [
        "setpriv",
        "--reuid=65534",
        "--clear-groups",
        f"--inh-caps={capability}",
        f"--ambient-caps={capability}",
        "--",
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "tests",
    ]

    done = subprocess.run(command, cwd=suite.ROOT, capture_output=True, text=True, check=False)

    _refused(suite.Run(done.returncode, done.stdout + done.stderr), "needs root", "sudo")


@pytest.mark.parametrize(
    ("option", "message"),
    [
        pytest.param("+quux", 'there is no feature "quux"', id="unknown"),
        pytest.param("+bandwidth", "configure", id="claimed-but-not-configured"),
        pytest.param("-core", "the core is always tested", id="core"),
    ],
)
def test_features_that_cannot_be_had(option: str, message: str) -> None:
    """Before anything is started."""
    _refused(suite.run("tests", f"--podpath-features={option}"), "--podpath-features", message)


@pytest.mark.parametrize(
    ("plugin", "message"),
    [
        ({"type": "tuning", "mac": "02:00:00:00:00:01"}, '"mac" of the plugin "tuning"'),
        ({"type": "sbr"}, 'the plugin "sbr"'),
    ],
    ids=["tuning", "sbr"],
)
def test_conflist_that_changes_what_the_first_plugin_makes(
    tmp_path: Path, plugin: dict[str, object], message: str
) -> None:
    """A healthy chain would be red: podpath expects what the first plugin makes."""
    conflist_file = _conflist(tmp_path, lambda c: c["plugins"].append(plugin))

    run = suite.run("tests", "--podpath-cni-conf", conflist_file)
    _refused(run, message, "Leave it out")


def test_conflist_that_limits_every_pod(tmp_path: Path) -> None:
    """The remedy names what podpath can test."""
    limit = {"type": "bandwidth", "ingressRate": 8000000, "ingressBurst": 80000}
    conflist_file = _conflist(tmp_path, lambda c: c["plugins"].append(limit))

    run = suite.run("tests", "--podpath-cni-conf", conflist_file)
    _refused(run, '"ingressRate"', '"capabilities": {"bandwidth": true}')
