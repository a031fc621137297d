"""VLANs that a bridge plugin gives to the ports of pods. Pure.

Source: documentation of the plugin bridge, vlan, vlanTrunk and preserveDefaultVlan.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from podpath.cni.fields import Malformed, typed
from podpath.model import PortVlan

#: VLAN that the kernel gives to a new port of a bridge (ip-link(8), vlan_default_pvid).
DEFAULT = 1
_NUMBERS = range(1, 4095)  # IEEE 802.1Q


@dataclass(frozen=True, slots=True)
class Vlans:
    """VLANs of the ports of a network's pods.

    Attributes:
        access: VLAN of frames without a tag, "vlan"; 0 without one.
        trunk: VLANs of frames with a tag, "vlanTrunk".
        keeps_default: true if ports also stay in the kernel's default VLAN, which pods then hear.
    """

    access: int = 0
    trunk: frozenset[int] = frozenset()
    keeps_default: bool = False

    def __bool__(self) -> bool:
        """Return whether the bridge keeps VLANs apart."""
        return bool(self.access or self.trunk)

    @property
    def of_pod(self) -> tuple[PortVlan, ...]:
        """VLANs of a pod's port, in order. Without "vlan", a trunk's own is the default VLAN."""
        own = PortVlan(self.access or DEFAULT, pvid=True, untagged=True)
        tagged = {PortVlan(number) for number in self.trunk - {own.number}}
        return tuple(sorted({own, *tagged, *self._kept(own, self.trunk)}))

    @property
    def of_gateway(self) -> tuple[PortVlan, ...]:
        """VLANs of the gateway's port, in order."""
        own = PortVlan(self.access, pvid=True, untagged=True)
        return tuple(sorted({own, *self._kept(own)}))

    def _kept(self, own: PortVlan, trunk: frozenset[int] = frozenset()) -> Iterator[PortVlan]:
        if self.keeps_default and DEFAULT not in {own.number, *trunk}:
            yield PortVlan(DEFAULT, untagged=True)

    def free(self, taken: Collection[int]) -> int:
        """Return the lowest VLAN that neither pods are in nor others have taken."""
        own = {vlan.number for vlan in self.of_pod}
        return next(number for number in _NUMBERS if number not in own and number not in taken)


def of(section: Mapping[str, Any]) -> Vlans:
    """Read the VLANs of a plugin's section.

    Raises:
        Malformed: the plugin would refuse the VLANs, or their order would decide.
    """
    access = typed(section, "vlan", int, 0)
    if access and access not in _NUMBERS:
        raise Malformed(f'"vlan" must be 0, or from {_NUMBERS[0]} to {_NUMBERS[-1]}: {access}')
    trunk = frozenset(number for entry in _entries(section) for number in _trunk(entry))
    if access in trunk:
        raise Malformed(
            f'VLAN {access} is both "vlan", whose frames have no tag, and in "vlanTrunk", whose'
            " frames have one"
        )
    return Vlans(access, trunk, typed(section, "preserveDefaultVlan", bool, False))


def _entries(section: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for entry in typed(section, "vlanTrunk", list, []):
        if not isinstance(entry, dict):
            raise Malformed('"vlanTrunk" must be a list of objects')
        yield entry


def _trunk(entry: Mapping[str, Any]) -> Iterator[int]:
    """Yield the VLANs of an entry of a trunk: an "id", a range, or both."""
    single, first, last = (typed(entry, key, int, 0) for key in ("id", "minID", "maxID"))
    given = [number for number in (single, first, last) if number]
    if bool(first) != bool(last) or first > last or any(n not in _NUMBERS for n in given):
        raise Malformed(
            '"vlanTrunk" must have entries with an "id", or with "minID" and "maxID", from'
            f" {_NUMBERS[0]} to {_NUMBERS[-1]}"
        )
    if single:
        yield single
    if first:
        yield from range(first, last + 1)
