"""The program kind: the options for it, its path, its check and its calls."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from podpath.errors import CouldNotTest
from podpath.nodes.cluster.extra import INSTALL
from podpath.system import limits, programs

#: Version to download if PATH has no kind, and the user names none.
KIND_VERSION = "v0.32.0"
#: Oldest usable version: older ones cannot use the current node images.
OLDEST = (0, 24)


@dataclass(frozen=True, slots=True)
class Options:
    """The user's options for the cluster; empty if the user does not give them.

    Attributes:
        name: name of the cluster.
        keep: True to keep the cluster at the end.
        config: path of kind's configuration.
        image: node image.
        kind: path of the program kind.
        kubectl: path of the program kubectl.
        kubeconfig: path of the kubeconfig that kind writes.
    """

    name: str
    keep: bool
    config: Path
    image: str = ""
    kind: str = ""
    kubectl: str = ""
    kubeconfig: str = ""


def path(options: Options) -> str:
    """Return the path of kind: the user's choice, on PATH, or the destination of a download."""
    program = options.kind or shutil.which("kind", path=programs.search_path())
    return program or str(Path(".pytest-kind", f"kind-{KIND_VERSION}").absolute())


def configuration(options: Options) -> str:
    """Return the path of kind's configuration.

    Raises:
        CouldNotTest: it does not exist.
    """
    if not options.config.is_file():
        raise CouldNotTest(
            f"the kind configuration {options.config} does not exist",
            "Name one with --podpath-kind-config",
        )
    return str(options.config)


def program(options: Options) -> str:
    """Return the path of kind with its version, or the destination of a download.

    Raises:
        CouldNotTest: kind cannot be used; with the remedy.
    """
    if options.kind and not os.access(options.kind, os.X_OK):
        raise CouldNotTest(f"{options.kind} is no program", "Correct --kind-bin")
    location = path(options)
    if not os.path.exists(location):
        return f"{KIND_VERSION}, to be downloaded to {location}"
    ended = subprocess.run([location, "version"], capture_output=True, text=True, check=False)
    if (version := version_of(ended.stdout)) < OLDEST:
        raise CouldNotTest(
            f"{location} is too old: {'.'.join(map(str, version))}, and"
            f" {'.'.join(map(str, OLDEST))} is the oldest that podpath works with",
            f"Install kind {KIND_VERSION}: https://kind.sigs.k8s.io/docs/user/quick-start",
        )
    return f"{location}, {ended.stdout.strip()}"


def run(options: Options, *arguments: str) -> str:
    """Run kind to its end, and return its output.

    Raises:
        CouldNotTest: kind fails, or does not end in time.
    """
    seconds = limits.current().kind_answer
    try:
        done = subprocess.run(
            [path(options), *arguments],
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        raise CouldNotTest(
            f"kind {' '.join(arguments[:2])} did not end in {seconds:.0f} s",
            limits.current().remedy,
        ) from None
    if done.returncode != 0:
        raise CouldNotTest(f"kind {' '.join(arguments[:2])} failed: {done.stderr.strip()}")
    return done.stdout


def version_of(output: str) -> tuple[int, ...]:
    """Read the output of `kind version`; (0,) if it has no version. Pure."""
    words = [w for w in output.split() if w.startswith("v") and "." in w]
    digits = words[0].lstrip("v").split("-")[0].split(".")[:2] if words else []
    return tuple(int(d) for d in digits) if digits and all(d.isdigit() for d in digits) else (0,)


def cluster_class() -> type:
    """Return pytest-kind's class KindCluster.

    Raises:
        CouldNotTest: pytest-kind-ng is not installed.
    """
    try:
        from pytest_kind.cluster import KindCluster
    except ImportError:
        raise CouldNotTest("the Python package pytest-kind-ng is missing", INSTALL) from None
    cluster: type = KindCluster
    return cluster
