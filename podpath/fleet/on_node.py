"""What a Job of a fleet runs on its node: the suite, whose report it writes into its own log."""

import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from podpath.fleet import parcel

#: Most bytes of captures in a report that is sent: a log is rotated at 10 MiB by default.
_MOST_CAPTURED = 4 * 1024 * 1024
_SUITE = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--podpath-node", "host")


def run(arguments: Sequence[str]) -> int:
    """Run the suite on this node, and write its report to stdout, for parcel.unpack.

    Args:
        arguments: further arguments of pytest, with what to test.

    Returns:
        0: how the run ended is in what was written.
    """
    with tempfile.TemporaryDirectory() as directory:
        status = suite(directory, arguments)
        for line in parcel.pack(_bounded(_files(Path(directory))), status):
            sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
    return 0


def suite(directory: str, arguments: Sequence[str]) -> int:
    """Run the suite on this node, and return its exit status.

    The end of the Job is its Ctrl-C, so that it removes what it made.

    Args:
        directory: directory of its report.
        arguments: further arguments of pytest, with what to test.
    """
    command = [*_SUITE, "--podpath-report", directory, *arguments]
    sys.stdout.flush()
    with subprocess.Popen(command, stderr=subprocess.STDOUT) as process:
        signal.signal(signal.SIGTERM, lambda *_: process.send_signal(signal.SIGINT))
        return process.wait()


def _files(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def _bounded(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Leave out captures that are too much for a log, and say which in a file of the report."""
    kept: dict[str, bytes] = {}
    left_out, size = [], 0
    for name, content in files.items():
        is_capture = name.startswith("captures/")
        size += len(content) if is_capture else 0
        if is_capture and size > _MOST_CAPTURED:
            left_out.append(name)
        else:
            kept[name] = content
    if left_out:
        text = "These captures were too long to be sent:\n" + "\n".join(left_out) + "\n"
        kept["captures/LEFT-OUT.txt"] = text.encode()
    return kept
