"""The command lines of the suite's runs on kind, apart from what needs a cluster. Pure."""

from collections.abc import Sequence
from pathlib import Path

#: pytest-kind has the options for clusters. A run inside this process loads only what it names.
_PLUGIN = ("-p", "pytest_kind.plugin")


def of_fault(cluster: str, conflist: Path, deviations: Path) -> list[str]:
    """Return the options of a run inside this process, with a fault's conflist.

    Args:
        cluster: name of the cluster, on whose turn the run waits.
        conflist: conflist of the fault.
        deviations: file of the deviations that stay known.
    """
    return [
        *_PLUGIN,
        "--podpath-node=kind",
        f"--cluster-name={cluster}",
        f"--podpath-cni-conf={conflist}",
        f"--podpath-deviations={deviations}",
    ]


def of_process(cluster: str, kind_options: Sequence[str], *options: str) -> list[str]:
    """Return the options of a run in a process of its own, which loads all plugins.

    Args:
        cluster: name of the cluster.
        kind_options: options for pytest-kind that the self-tests were given.
        options: further options.
    """
    return ["--podpath-node=kind", f"--cluster-name={cluster}", *kind_options, *options]
