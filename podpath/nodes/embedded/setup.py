"""The script that prepares an embedded node before its runtime starts.

Process 1 of the node runs it, so its programs are in the node's namespaces and cgroups, and end
with the node. Standard library only, because it runs in the keeper's interpreter.
"""

import os
import signal
import subprocess
import time
from dataclasses import dataclass

#: Paths on the node: the script, its output, and one line about its end, empty after success.
SCRIPT = "/etc/podpath/node-setup"
OUTPUT = "/run/podpath/node-setup.log"
END = "/run/podpath/node-setup.end"
#: Bytes that the script may print.
MOST_BYTES = 1 << 20

_LOOK_SECONDS = 0.02


@dataclass(frozen=True)
class NodeSetup:
    """The script of one node, and its bounds.

    Attributes:
        text: text of the script.
        directory: directory in which it runs, if the node has it.
        seconds: time that it may take.
    """

    text: str
    directory: str
    seconds: float


def run(setup: NodeSetup) -> None:
    """Run the script to its end, and write how it ended. Programs that it starts may stay.

    Raises:
        OSError: the node's files cannot be written.
    """
    for path in (SCRIPT, OUTPUT):
        os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(SCRIPT, "w", encoding="utf-8") as script:
        script.write(setup.text)
    os.chmod(SCRIPT, 0o700)
    with open(OUTPUT, "wb") as output:
        ended = _run(setup, output.fileno())
    with open(END, "w", encoding="utf-8") as end:
        end.write(ended)


def _run(setup: NodeSetup, output: int) -> str:
    directory = setup.directory if os.path.isdir(setup.directory) else "/"
    try:
        process = subprocess.Popen(
            [SCRIPT],
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # a process group of its own, to kill it as a whole
        )
    except OSError as error:
        return f"cannot be run: {error.strerror}"
    deadline = time.monotonic() + setup.seconds
    while process.poll() is None:
        late = time.monotonic() > deadline
        if late or os.fstat(output).st_size > MOST_BYTES:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if late:
                return f"did not end in {setup.seconds:.0f} s, and was killed"
            return f"printed more than {MOST_BYTES >> 20} MiB, and was killed"
        time.sleep(_LOOK_SECONDS)
    return f"ended with status {process.returncode}" if process.returncode else ""
