"""The container engine that kind runs its nodes with: docker, podman or nerdctl."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import Any

from podpath.errors import CouldNotTest
from podpath.system import limits, programs

#: In kind's order of preference (pkg/cluster/provider.go, DetectNodeProvider).
ENGINES = ("docker", "nerdctl", "podman")
#: Minimum for a cluster, in bytes: a control plane with two pods takes 0.7 GiB.
LEAST_MEMORY = 1536 * 2**20

_CLUSTER_LABEL = "io.x-k8s.kind.cluster"
_REMEDY = "Install Docker (Debian: apt-get install docker.io), or use --podpath-node embedded"


@dataclass(frozen=True, slots=True)
class Engine:
    """A container engine.

    Attributes:
        name: name of its program.
        path: path of its program.
    """

    name: str
    path: str

    def run(self, *arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        """Run the engine's program.

        Args:
            arguments: arguments of the program.
            stdin: its standard input.

        Raises:
            CouldNotTest: the program does not end in time.
        """
        seconds = limits.current().engine_answer
        try:
            return subprocess.run(
                [self.path, *arguments],
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                input=stdin,
                timeout=seconds,
            )
        except subprocess.TimeoutExpired:
            raise CouldNotTest(
                f"{self.name} {arguments[0]} did not end in {seconds:.0f} s",
                f"See whether {self.name} works. {limits.current().remedy}",
            ) from None

    def check(self) -> str:
        """Return name and version of the engine.

        Raises:
            CouldNotTest: kind cannot use the engine; with the remedy.
        """
        done = self.run("info", "--format", "{{json .}}")
        if done.returncode != 0:
            raise CouldNotTest(*refusal(self.name, done.stderr.strip()))
        return facts(self.name, done.stdout)

    def pid(self, container: str) -> int:
        """Return the pid of a container's first process.

        Raises:
            CouldNotTest: the container does not run.
        """
        done = self.run("inspect", "--format", "{{.State.Pid}}", container)
        text = done.stdout.strip()
        if done.returncode != 0 or not text.isdigit() or text == "0":
            raise CouldNotTest(
                f"the node {container} does not run: {done.stderr.strip() or 'it has ended'}"
            )
        return int(text)

    def containers(self, cluster: str) -> dict[str, str]:
        """List the containers of a kind cluster, including those that have ended.

        Returns:
            Id -> time of creation.
        """
        label = f"label={_CLUSTER_LABEL}={cluster}"
        listed = self.run("ps", "--all", "--quiet", "--no-trunc", "--filter", label)
        identifiers = listed.stdout.split()
        if not identifiers:
            return {}
        made = self.run("inspect", "--format", "{{.Id}} {{.Created}}", *identifiers)
        return dict(line.split(" ", 1) for line in made.stdout.splitlines() if " " in line)


def find() -> Engine:
    """Return the engine that kind uses.

    Raises:
        CouldNotTest: this machine has no container engine.
    """
    chosen = os.environ.get("KIND_EXPERIMENTAL_PROVIDER", "")
    for name in (chosen,) if chosen else ENGINES:
        if path := shutil.which(name, path=programs.search_path()):
            return Engine(name, path)
    raise CouldNotTest(
        f"kind needs a container engine, and {chosen or ENGINES[0]} is missing", _REMEDY
    )


def refusal(name: str, errors: str) -> tuple[str, str]:
    """Return why an engine does not work, from its error output, and the remedy. Pure."""
    lines = errors.splitlines() or ["it does not say why"]
    if "permission denied" in errors.lower():
        return (
            f"this user may not use {name} ({lines[-1]})",
            "Run podpath as root: sudo",
        )
    if "cannot connect" in errors.lower() or "is the docker daemon running" in errors.lower():
        return (
            f"{name} has no daemon running",
            f"Start it: systemctl start {name}",
        )
    return f"{name} does not work: {lines[-1]}", _REMEDY


def facts(name: str, document: str) -> str:
    """Return name and version of an engine, from the output of its `info`. Pure.

    Raises:
        CouldNotTest: podpath cannot enter the engine's nodes, or it has too little memory.
    """
    try:
        information: Any = json.loads(document)
    except ValueError:
        information = {}
    if not isinstance(information, dict):
        information = {}
    if errors := information.get("ServerErrors"):
        raise CouldNotTest(*refusal(name, str(errors[0])))
    host: Any = information.get("host", {})  # podman's
    if "Docker Desktop" in str(information.get("OperatingSystem", "")):
        raise CouldNotTest(
            "Docker Desktop runs its containers in a virtual machine, whose namespaces cannot be"
            " entered from here",
            "Run podpath in a privileged pod of the cluster instead, with --podpath-node host:"
            " see docs/kubernetes.md",
        )
    memory = information.get("MemTotal") or host.get("memTotal") or LEAST_MEMORY
    if memory < LEAST_MEMORY:
        raise CouldNotTest(
            f"{name} has {memory >> 20} MiB of memory, and a kind cluster needs"
            f" {LEAST_MEMORY >> 20}",
            "Give it more, or use --podpath-node embedded",
        )
    version: Any = information.get("version", {})
    number = information.get("ServerVersion") or (
        version.get("Version") if isinstance(version, dict) else version
    )
    return f"{name} {number or '(version unknown)'}"
