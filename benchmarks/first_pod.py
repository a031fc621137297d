"""Start one node and its first pod, as a program for starts.py.

The program prints one JSON line when the pod has answered a ping from the node: the seconds since
the call of the library, without the time that Python took to load it.
"""

import json
import sys
import time

from podpath.cni import conflist
from podpath.nodes.deployment import CLIENT, Deployment
from podpath.nodes.embedded.node import start
from podpath.paths.traffic import Traffics
from podpath.system.randomness import Draws, new_seed


def main() -> int:
    """Create the node and the pod, ping the pod, print the time, and remove both."""
    begin = time.monotonic()
    with start(conflist.read(conflist.DEFAULT)) as node:
        pods = Deployment(node)
        with pods.temporary(CLIENT):
            draws = Draws(new_seed(), "benchmarks")
            result = Traffics(node, pods, draws).ping_from_node(CLIENT).send()
            taken = time.monotonic() - begin
            print(json.dumps({"status": result.status, "seconds": taken}), flush=True)
    return result.status


if __name__ == "__main__":
    sys.exit(main())
