"""All that is random in podpath, in one place: what a seed repeats, and what it must not.

What a test draws, such as identifiers, ports and payloads, depends on the seed and on the test
alone: not on the order of the tests, nor on which process runs them. What has to differ between
two runs with the same seed at the same time, such as a node's id or a canary, comes from the
kernel.
"""

import itertools
import os
import random
import re

#: Seeds are below this.
LIMIT = 2**64
_DRAWN_BITS = 32  # short enough to be copied by hand

_IDENTIFIERS = 0xFFFF
#: Below the kernel's ephemeral ports (ip_local_port_range), with room to count on.
_PORTS = range(20_000, 30_000)


def unique(size: int) -> bytes:
    """Bytes that nobody else on this machine has, whatever their seed."""
    return os.urandom(size)


def constant(size: int) -> bytes:
    """Bytes that are the same in every run, and not compressible."""
    return random.Random(size).randbytes(size)


def new_seed() -> int:
    """A seed for a run that was given none."""
    return int.from_bytes(unique(_DRAWN_BITS // 8), "big")


def seed(text: str) -> int:
    """The seed that a user writes. Raises ValueError with a sentence."""
    # int() takes more: signs, underscores, other scripts' digits; and balks at very long ones
    if not re.fullmatch(r"[0-9]{1,20}", text) or (number := int(text)) >= LIMIT:
        raise ValueError(f"a seed is a whole number from 0 to {LIMIT - 1}, not {text[:40]!r}")
    return number


class Draws:
    """What one test draws: with the same seed and name the same, drawn in the same order."""

    def __init__(self, seed: int, name: str) -> None:
        # A text as the seed goes through SHA-512, so that neighbouring seeds share nothing.
        self._random = random.Random(f"{seed} {name}")
        # Counted, not drawn each time: no two probes of a test may have the same.
        self._identifiers = itertools.count(self._random.randrange(_IDENTIFIERS))
        self._ports = itertools.count(self._random.choice(_PORTS))

    def identifier(self) -> int:
        """An ICMP identifier for one probe, another one each time; never 0."""
        return next(self._identifiers) % _IDENTIFIERS + 1

    def port(self) -> int:
        """A UDP source port for one probe, another one each time."""
        return next(self._ports)

    def token(self) -> str:
        """32 hex digits that tell one exchange from all others."""
        return self.payload(16).hex()

    def payload(self, size: int) -> bytes:
        """Bytes for a packet to carry."""
        return self._random.randbytes(size)
