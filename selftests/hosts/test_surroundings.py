"""Where and by whom podpath is started does not decide the verdict."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from selftests import suite
from selftests.conftest import machine

_PROXY = "http://127.0.0.1:9"  # where nothing listens
ENVIRONMENTS: dict[str, Mapping[str, str]] = {
    "no-utf8": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "locale": {"LANG": "tr_TR.ISO-8859-9", "LC_ALL": "", "LANGUAGE": "tr"},
    "zone": {"TZ": "Asia/Kathmandu"},
    "proxy": dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "grpc_proxy"), _PROXY),
    # with the plugin of pytest that reports objects that nothing closed
    "warnings": {"PYTHONWARNINGS": "error", "PYTEST_ADDOPTS": "-p no:hypothesispytest"},
    "home": {"HOME": "/nowhere"},
}
LIMITS = ("umask 077", "ulimit -n 128", "ulimit -c unlimited -s 1024", "ulimit -l 0 -u 64")
#: A mount namespace of its own, in which others' files are where plugins are looked for. What is
#: written to /etc stays in the namespace, as all of /etc is an overlay there.
_OTHERS = r"""
set -e
mount -t tmpfs tmpfs /opt
mkdir -p /opt/etc/new /opt/etc/work
mount -t overlay -o lowerdir=/etc,upperdir=/opt/etc/new,workdir=/opt/etc/work overlay /etc
mkdir -p /opt/cni/bin/directory /etc/cni/net.d
printf '#!/bin/sh\nexit 1\n' >/opt/cni/bin/calico; chmod +x /opt/cni/bin/calico
ln -s /nowhere /opt/cni/bin/dangling; mkfifo /opt/cni/bin/pipe; : >/opt/cni/bin/notes.txt
echo '{ broken' >/etc/cni/net.d/00-other.conflist
exec "$@"
"""


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]


def _run(
    command: list[str],
    environment: Mapping[str, str] = MappingProxyType({}),
    *,
    cwd: Path = suite.ROOT,
) -> None:
    with machine(alone=False):
        done = subprocess.run(
            command,
            cwd=cwd,
            env={**os.environ, **suite.without_needless(command), **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=suite.HANG_SECONDS,
        )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("environment", ENVIRONMENTS.values(), ids=ENVIRONMENTS.keys())
def test_environment(environment: Mapping[str, str]) -> None:
    """Language, time zone, proxies, and what Python is told."""
    _run(_command(suite.PING), environment)


@pytest.mark.parametrize("limit", LIMITS)
def test_limits_of_the_shell(limit: str) -> None:
    """What files are made with, and how much a process may have."""
    _run(["bash", "-c", f"{limit}; {shlex.join(_command(suite.PING))}"])


def test_temporary_directory_elsewhere(tmp_path: Path) -> None:
    """With a name that shells, overlayfs and URLs take apart."""
    elsewhere = tmp_path / "a b:c,d%20ü"
    elsewhere.mkdir()
    report = elsewhere / "report"

    _run(_command(suite.PING, "--podpath-report", str(report)), {"TMPDIR": str(elsewhere)})

    assert (report / "report.json").exists()


def test_checkout_of_another_user_in_a_path_with_spaces(tmp_path: Path) -> None:
    """Its own code is tested: the package is found where pytest is started."""
    checkout = tmp_path / "a check out, ü"
    shutil.copytree(
        suite.ROOT, checkout, ignore=shutil.ignore_patterns(".git", ".tox", "*.egg-info", "docs")
    )
    # as an editable installation of it has them
    paths = "import podpath\npodpath.__path__.append(__import__('os').path.dirname(__file__))\n"
    (checkout / "sitecustomize.py").write_text(paths)
    for path in (checkout, *checkout.rglob("*")):
        os.chown(path, 65534, 65534)
    code = "import podpath; print(podpath.__file__)"
    place = {"PYTHONPATH": str(checkout)}
    found = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **place}, capture_output=True, text=True,
        check=True, cwd="/",
    )  # fmt: skip
    assert found.stdout.startswith(str(checkout))

    _run(_command(suite.PING), place, cwd=checkout)


def test_other_peoples_plugins_and_conflists() -> None:
    """Where plugins are looked for there are scripts, pipes and links that lead nowhere."""
    _run(["unshare", "--mount", "bash", "-c", _OTHERS, "bash", *_command(suite.PING)])


def test_files_among_the_named_namespaces_that_are_none(tmp_path: Path) -> None:
    """As of a namespace that somebody unmounted: `ip netns list` shows it, too."""
    setup = tmp_path / "setup"
    setup.write_text("#!/bin/sh\nmkdir -p /run/netns; touch /run/netns/was-one\n")
    setup.chmod(0o755)

    _run(_command(suite.QUICK, suite.PING, f"--podpath-node-setup={setup}"))
