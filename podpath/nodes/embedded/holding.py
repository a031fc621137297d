"""A process that holds a node for a limited time, for which the node outlives its maker."""

import select
import subprocess
import sys
import time

from podpath.errors import CouldNotTest
from podpath.nodes.embedded import standing
from podpath.system import limits

_READY = b"held\n"


def start(identifier: str) -> tuple[str, int]:
    """Start a process that holds a node.

    Args:
        identifier: id of the node, which this process holds, too.

    Returns:
        The time of day at which the node ends, and the pid of the process, whose end ends it.

    Raises:
        CouldNotTest: the process does not get hold of the node.
    """
    seconds = limits.current().kept_node
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, identifier, str(seconds)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is not for it
        cwd="/",
    )
    assert process.stdout is not None
    with process.stdout as stream:
        readable = select.select([stream], [], [], limits.current().node_start)[0]
        if not readable or stream.readline() != _READY:
            process.kill()
            process.wait()
            raise CouldNotTest(f"the node {identifier} cannot be kept", "Use pytest --pdb")
    process.returncode = 0  # nobody waits for it here
    return time.strftime("%H:%M", time.localtime(time.time() + seconds)), process.pid


def main() -> None:
    """Hold the node that the first argument names, for the seconds that the second one says."""
    identifier, seconds = sys.argv[1], float(sys.argv[2])
    with standing.joined(identifier) as (node, _):
        sys.stdout.buffer.write(_READY)
        sys.stdout.buffer.flush()
        node.keeper.ended(seconds)


if __name__ == "__main__":
    main()
