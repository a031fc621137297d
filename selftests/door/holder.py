"""A program that holds a node until its standard input ends, or until SIGKILL.

Usage: python -m selftests.door.holder open|attach. It prints the node's id when it holds it.
"""

import sys

from podpath.testing import attach, deploy, open_node, prove


def main() -> None:
    """Hold a node."""
    if sys.argv[1] == "open":
        with open_node(attachable=True) as node, deploy(node, "client", "server"):
            _wait(node.id)
    else:
        with attach(sys.argv[2]) as node:
            _wait(node.id)
            sys.stdout.write(f"{prove(node, 'client', 'server').differences}\n")


def _wait(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
