"""IPsec policies and states of a network namespace, as ip-xfrm(8) lists them. Pure."""

from collections.abc import Iterable

#: Commands that list policies, without those of sockets, and states, without their keys; a line
#: each.
POLICIES = ("ip", "-oneline", "xfrm", "policy", "list", "nosock")
STATES = ("ip", "-oneline", "xfrm", "state", "list", "nokeys")
#: Beginning of each text.
MARK = "IPsec: "
#: What a state counts as packets pass.
_COUNTED = "anti-replay"


def texts(lines: Iterable[str]) -> list[str]:
    """Return a text for each policy or state in the output of POLICIES or STATES."""
    parts = (line.replace("\\", " ").partition(_COUNTED)[0].split() for line in lines)
    return [f"{MARK}{' '.join(words)}" for words in parts if words]


def is_absent(complaint: str) -> bool:
    """Return whether `ip` failed as the kernel has no IPsec (CONFIG_XFRM_USER)."""
    return "Protocol not supported" in complaint
