"""Check that the parts of a profile fit together. Pure."""

from podpath.profiles.hops import HOST_ENDS
from podpath.profiles.profile import Profile
from podpath.profiles.rules import GATEWAY, GATEWAY_PORT, HOST_END
from podpath.profiles.table import Table


def check_legs(table: Table, profile: Profile) -> None:
    """Check that each path exists that a leg of the resolution takes."""
    for leg in ("request", "solicitation", "reply"):
        if leg in table.data and (kind := table.data[leg]) not in profile.paths:
            raise table.wrong(f"there is no path of the kind {kind!r}", leg)


def check_interfaces(top: Table, profile: Profile) -> None:
    """Check that each interface exists that a hop, a route or a tap uses."""
    absent = _absent(profile)
    for kind, rules in profile.paths.items():
        for table, hop in zip(top.table("path").tables(kind, "id"), rules, strict=True):
            if hop.interface in absent:
                raise table.wrong(f"a hop is on {absent[hop.interface]}", "interface")
            if hop.routed and "destination" in absent:
                raise table.wrong(f"a hop is routed by {absent['destination']}", "routed")
    for route in top.table("node").tables("routes", "to"):
        if (device := route.data["dev"]) in absent:
            raise route.wrong(f"a route is by {absent[device]}", "dev")
    if "master" in profile.promiscuous and "master" in absent:
        raise top.wrong(f"something is on {absent['master']}", "promiscuous")


def _absent(profile: Profile) -> dict[str, str]:
    """Return the interfaces that pods of this profile do not have: name in a rule -> reason."""
    absent = {}
    if profile.master is None:
        absent["master"] = 'a "master", but there is no [master]'
    if not profile.keys.get("vlan"):
        reason = 'the gateway of a VLAN, but [keys] has no "vlan"'
        absent |= dict.fromkeys((GATEWAY, GATEWAY_PORT), reason)
    if profile.lower is None:
        absent["lower"] = 'a "lower", but there is no [lower]'
    else:
        without = f"a host end, and a {profile.kind} has none"
        absent |= dict.fromkeys((*HOST_ENDS, HOST_END), without)
    return absent
