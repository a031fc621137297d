"""Creation of a kind cluster by pytest-kind, and the reason if kind fails."""

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from podpath.errors import CouldNotTest
from podpath.nodes.cluster import kind_program
from podpath.nodes.cluster.kind_program import Options
from podpath.nodes.kind import Say

#: Version to download if PATH has no kubectl, and the user names none.
KUBECTL_VERSION = "v1.34.9"

_REMEDIES = {
    "failed to pull image|pull access denied|no such host|connectionpool|max retries": (
        "Name a node image that is there with --kind-image; without network, load one with docker"
        " load, and name the kind program with --kind-bin"
    ),
    "permission denied": "Run podpath as root: sudo",
    "no space left": "Make room on the disk of the container engine",
    "port is already allocated|address already in use": "Free the port, or let kind choose one",
    "timed out waiting|kubelet is not healthy|failed to init node|failed to join|out of memory": (
        "See whether the machine has 2 GiB of free memory, and the kernel what kind needs:"
        " https://kind.sigs.k8s.io/docs/user/known-issues"
    ),
    "multi-user system": (
        "The node image does not start here: see https://kind.sigs.k8s.io/docs/user/known-issues"
    ),
}


def create(options: Options, kubeconfig: Path, say: Say) -> None:
    """Create the cluster by pytest-kind's class, which does nothing if the cluster exists.

    Raises:
        CouldNotTest: kind could not create it.
    """
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, "amd64")
    os.environ.setdefault(
        "KIND_DOWNLOAD_URL",
        f"https://github.com/kubernetes-sigs/kind/releases/download/{kind_program.KIND_VERSION}"
        f"/kind-linux-{machine}",
    )
    os.environ.setdefault(
        "KUBECTL_DOWNLOAD_URL",
        f"https://dl.k8s.io/release/{KUBECTL_VERSION}/bin/linux/{machine}/kubectl",
    )
    path = Path(kind_program.path(options))
    path.parent.mkdir(parents=True, exist_ok=True)
    cluster = kind_program.cluster_class()(
        options.name,
        kubeconfig=kubeconfig,
        image=options.image or None,
        kind_path=path,
        kubectl_path=Path(options.kubectl) if options.kubectl else None,
    )
    with suppress(OSError):  # the class makes a directory, which podpath does not use
        cluster.path.rmdir()
        cluster.path.parent.rmdir()
    with _heard(say) as heard:
        try:
            cluster.create(config_file=str(options.config))
        except (subprocess.CalledProcessError, OSError) as error:
            failed = error
        else:
            return
    raise CouldNotTest(*failure(options.name, "\n".join(heard) or str(failed)))


@contextmanager
def _heard(say: Say) -> Iterator[list[str]]:
    """Collect the lines that appear on standard error during the block, and show them at once.

    The lines of every process count: kind writes its progress there, and pytest-kind keeps none of
    it.
    """
    lines: list[str] = []

    def listen(descriptor: int) -> None:
        with os.fdopen(descriptor, errors="replace") as stream:
            for line in stream:
                lines.append(line.rstrip())
                if lines[-1].strip():
                    say(f"  {lines[-1].strip()}")

    ours, theirs = os.pipe()
    kept = os.dup(2)
    listener = threading.Thread(target=listen, args=(ours,), daemon=True)
    listener.start()
    os.dup2(theirs, 2)
    os.close(theirs)
    try:
        yield lines
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        listener.join()


def failure(name: str, output: str) -> tuple[str, str]:
    """Return why kind did not create a cluster, in one sentence, and the remedy. Pure."""
    text = output.lower()
    line = next((x.strip() for x in output.splitlines() if x.strip().startswith("ERROR")), "")
    line = line.removeprefix("ERROR: ") or (output.strip().splitlines() or ["no reason given"])[-1]
    for words, remedy in _REMEDIES.items():
        if any(word in text for word in words.split("|")):
            return f"kind could not create the cluster {name}: {line}", remedy
    return f"kind could not create the cluster {name}: {line}", ""
