"""Random values of podpath: those that a seed repeats, and those that it must not repeat.

The values that a test draws (identifiers, ports, payloads) depend only on the seed and on the test:
not on the order of the tests, nor on the process that runs them. Values that must differ between
two runs with the same seed at the same time (a node's id, a canary) come from the kernel.
"""

import itertools
import os
import random
import re

#: The upper bound of seeds, which is no seed itself.
LIMIT = 2**64
_DRAWN_BITS = 32  # short enough for a user to copy by hand

_IDENTIFIERS = 0xFFFF
#: Below the kernel's ephemeral ports (ip_local_port_range), with room to count upwards.
_PORTS = range(20_000, 30_000)
#: Ports of the node that podpath maps to pods: as a source port, one would be taken for it.
MAPPED = frozenset({28_080, 28_081, 29_000, 29_001})


def unique(size: int) -> bytes:
    """Return bytes that no other run on this machine has, whatever its seed."""
    return os.urandom(size)


def constant(size: int) -> bytes:
    """Return bytes that are the same in every run, and not compressible."""
    return random.Random(size).randbytes(size)


def new_seed() -> int:
    """Return a seed for a run without one."""
    return int.from_bytes(unique(_DRAWN_BITS // 8), "big")


def seed(text: str) -> int:
    """Read the seed that a user writes.

    Raises:
        ValueError: The text is no seed; the message is a sentence for the user.
    """
    # int() accepts more: signs, underscores, digits of other scripts; and refuses very long ones
    if not re.fullmatch(r"[0-9]{1,20}", text) or (number := int(text)) >= LIMIT:
        raise ValueError(f"a seed is a whole number from 0 to {LIMIT - 1}, not {text[:40]!r}")
    return number


class Draws:
    """The random values of one test: the same ones, in the same order, for a seed and a name."""

    def __init__(self, seed: int, name: str) -> None:
        # Python hashes a text with SHA-512, so that neighbouring seeds share nothing.
        self._random = random.Random(f"{seed} {name}")
        # Counted, not drawn each time: two probes of a test must not have the same identifier.
        self._identifiers = itertools.count(self._random.randrange(_IDENTIFIERS))
        self._ports = itertools.count(self._random.choice(_PORTS))

    def identifier(self) -> int:
        """Return an ICMP identifier for one probe: a different one each time, never 0."""
        return next(self._identifiers) % _IDENTIFIERS + 1

    def port(self) -> int:
        """Return a UDP source port for one probe: a different one each time."""
        return next(port for port in self._ports if port not in MAPPED)

    def token(self) -> str:
        """Return 32 hex digits, which distinguish one exchange from all others."""
        return self.payload(16).hex()

    def payload(self, size: int) -> bytes:
        """Return bytes for a packet to carry."""
        return self._random.randbytes(size)
