"""podpath as a plugin of Sonobuoy: results into a directory, then a file that says they are there.

https://sonobuoy.io/docs/main/plugins/: the worker beside the plugin waits for the file `done` in
the directory, and sends the file that it names. From the first dot on, the path is the extension
by which the aggregator unpacks it.
"""

import os
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from podpath.errors import CouldNotTest
from podpath.fleet import on_node

#: Variable with the directory of the results, and its value in older releases.
DIRECTORY, _DEFAULT = "SONOBUOY_RESULTS_DIR", "/tmp/sonobuoy/results"
_ARCHIVE, _DONE = "podpath.tar.gz", "done"


def run(arguments: Sequence[str]) -> int:
    """Run the suite on this node, and hand its JUnit file and its report to Sonobuoy's worker.

    Args:
        arguments: further arguments of pytest, with what to test.

    Returns:
        0: Sonobuoy reads the verdict from the results.

    Raises:
        CouldNotTest: the directory of the results cannot be written.
    """
    results = Path(os.environ.get(DIRECTORY, _DEFAULT))
    with tempfile.TemporaryDirectory() as directory:
        junit = f"--junitxml={directory}/podpath.xml"
        on_node.suite(directory, [junit, *arguments])
        try:
            _hand_over(Path(directory), results)
        except OSError as error:
            raise CouldNotTest(
                f"{results} cannot be written: {error.strerror}",
                f"Sonobuoy's worker mounts it; name it in {DIRECTORY}",
            ) from None
    return 0


def _hand_over(directory: Path, results: Path) -> None:
    """Write the archive, and only then the file that names it."""
    results.mkdir(parents=True, exist_ok=True)
    archive = results / _ARCHIVE
    with tarfile.open(archive, "w:gz") as opened:
        for path in sorted(directory.iterdir()):
            opened.add(path, arcname=path.name)
    half = results / f".{_DONE}"
    half.write_text(str(archive))
    half.rename(results / _DONE)
