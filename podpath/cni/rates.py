"""Rates that the plugin "bandwidth" gives every pod. Pure.

Source: plugins/meta/bandwidth of the reference plugins. What a pod receives waits in a queue (tbf)
of its host end. What it sends is redirected from the host end to a limiter, an ifb with such a
queue, and comes back.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from podpath.cni.fields import Malformed, typed

PLUGIN = "bandwidth"

#: Least rate in bit/s, and least burst in bits, with which no packet of the suite is dropped: its
#: largest transfer has 4 MiB.
LEAST_RATE, LEAST_BURST = 100_000_000, 42_000_000

_LIMITER_BYTES = 15


@dataclass(frozen=True, slots=True)
class Rates:
    """Limits of every pod, in bit/s and bits; 0 without a limit.

    Attributes:
        ingress: rate of what pods receive.
        ingress_burst: number of bits that pods receive without a limit.
        egress: rate of what pods send.
        egress_burst: number of bits that pods send without a limit.
    """

    ingress: int = 0
    ingress_burst: int = 0
    egress: int = 0
    egress_burst: int = 0

    @property
    def queues(self) -> tuple[str, ...]:
        """Queueing disciplines that a host end has for these limits."""
        return (*(("tbf",) if self.ingress else ()), *(("ingress",) if self.egress else ()))

    @property
    def is_ample(self) -> bool:
        """True if no limit drops packets of the suite."""
        limits = ((self.ingress, self.ingress_burst), (self.egress, self.egress_burst))
        return all(
            not rate or (rate >= LEAST_RATE and burst >= LEAST_BURST) for rate, burst in limits
        )


def of(sections: Iterable[Mapping[str, Any]]) -> Rates:
    """Return the rates that a chain gives every pod.

    Raises:
        Malformed: a rate has no burst, or a burst has no rate, which the plugin refuses.
    """
    section = next((s for s in sections if s["type"] == PLUGIN), {})
    rates = Rates(
        ingress=typed(section, "ingressRate", int, 0),
        ingress_burst=typed(section, "ingressBurst", int, 0),
        egress=typed(section, "egressRate", int, 0),
        egress_burst=typed(section, "egressBurst", int, 0),
    )
    if (rates.ingress > 0) != (rates.ingress_burst > 0):
        raise Malformed('"ingressRate" and "ingressBurst" must be given together')
    if (rates.egress > 0) != (rates.egress_burst > 0):
        raise Malformed('"egressRate" and "egressBurst" must be given together')
    return rates


def limiter(network: str, sandbox: str) -> str:
    """Return the name of the link that limits what a pod sends (main.go, getIfbDeviceName)."""
    return f"bwp{hashlib.sha512((network + sandbox).encode()).hexdigest()}"[:_LIMITER_BYTES]
