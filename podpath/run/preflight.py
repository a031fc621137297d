"""Check a run before its node starts, and describe it."""

import os
from collections.abc import Mapping, Sequence

from podpath.cni import features, reference, result
from podpath.cni.network import Network
from podpath.errors import CouldNotTest
from podpath.nodes import leases
from podpath.nodes.kind import Kind
from podpath.requirements import CORE, Ability
from podpath.run import checks, needs, origin
from podpath.run.plan import Plan
from podpath.system import packages, sysctl


def check(plan: Plan) -> None:
    """Check that a run has everything it needs.

    Without root, or without a program, podpath cannot check the rest: the error has only these.

    Raises:
        CouldNotTest: something is missing; the error lists all of it, with the remedies.
    """
    _check_system(plan.kind)
    _refuse([*needs.of_kind(plan.kind), *needs.of_plan(lambda: plan)])


def check_kind(kind: Kind) -> None:
    """Check that a run has what its kind of node needs, before its conflist is known.

    Raises:
        CouldNotTest: something is missing; the error lists all of it, with the remedies.
    """
    _check_system(kind)
    _refuse(list(needs.of_kind(kind)))


def _check_system(kind: Kind) -> None:
    checks.root()
    if absent := needs.packages(needs.of_programs(kind)):
        by_hand = packages.how_to_install(absent.values())
        command = needs.install_command(kind.name)
        raise CouldNotTest(
            f"missing on this system: {', '.join(absent)}", f"{by_hand} (or {command})"
        )


def _refuse(findings: Sequence[needs.Finding]) -> None:
    """Raise CouldNotTest if something is missing."""
    # two needs may fail for one reason, which is said once
    missing = dict.fromkeys((f.detail, f.remedy) for f in findings if not f.found)
    if len(missing) == 1:
        raise CouldNotTest(*next(iter(missing)))
    if missing:
        sentences = [str(CouldNotTest(*reason)) for reason in missing]
        raise CouldNotTest("\n- ".join([f"{len(missing)} things stand in the way:", *sentences]))


def describe(plan: Plan) -> dict[str, str]:
    """Describe a plan for the header and the report: name -> text.

    Raises:
        CouldNotTest: a plugin is missing, or a declaration of deviations is malformed.
    """
    conflist = plan.network.conflist
    facts = {
        "node": plan.kind.name,
        "kernel": os.uname().release,
        "machine": os.uname().machine,
        **plan.kind.describe(),
        **_host_settings(plan),
        "conflist": f"{conflist.name} ({' + '.join(conflist.plugins)}), {plan.conflist_path}",
        **_versions(plan),
        **({"delegation": str(conflist.delegation)} if conflist.delegation else {}),
        **_unknown(plan.network),
        "profile": plan.network.profile.name,
        "profile origin": plan.profile_origin,
        **_addresses(plan.network),
        **_features(plan.features),
    }
    for name, path in plan.plugins.items():
        facts[f"plugin {name}"] = f"{path} ({origin.of(path)})"
    for known in plan.known_deviations:
        name, text = f"known deviation {known.requirement}", f"{known.reason} ({known.source})"
        others = facts.get(name, text)
        facts[name] = others if text in others else f"{others}; {text}"
    return facts


def _unknown(network: Network) -> dict[str, str]:
    """Describe the chained plugins that podpath does not know."""
    conflist = network.conflist
    unknown = ", ".join(reference.others(conflist.plugins[conflist.main + 1 :]))
    why = "chained; podpath runs them, and names them where something differs"
    return {"unknown plugins": f"{unknown} ({why})"} if unknown else {}


def _addresses(network: Network) -> dict[str, str]:
    """Describe the sources of addresses and leases, unless the conflist states them."""
    store = leases.store(network)
    facts = {}
    if store.unreadable:
        facts["leases"] = f"not tested: {store.unreadable}"
    elif network.lease_command:
        facts["leases"] = str(store)
    delegation = network.conflist.delegation
    if delegation and delegation.records:
        facts["addresses"] = f"those that {delegation.plugin} gives its delegate"
    elif not network.ipam.is_stated:
        facts["addresses"] = "IP versions, networks and gateways are those of the first pods"
    if network.profile.is_lent:
        facts["wiring"] = (
            f'"{network.conflist.wiring_plugin}" need not have the keys of the profile\'s plugins:'
            " the bridge, the gateway and routes are those of the first pods"
        )
    return facts


def _features(reasons: Mapping[str, str]) -> dict[str, str]:
    """Describe the tested features, and the others, by the reason for not testing them."""
    tested = [name for name, why in reasons.items() if not why]
    waived = [name for name, why in reasons.items() if why == features.WAIVED]
    absent = [name for name, why in reasons.items() if why not in ("", features.WAIVED)]
    names = {"features": [CORE, *tested], "features not tested": absent}
    return {
        **{name: ", ".join(some) for name, some in names.items() if some},
        **({f"features {features.WAIVED}": ", ".join(waived)} if waived else {}),
    }


def _versions(plan: Plan) -> dict[str, str]:
    """Describe the CNI versions of the run if they are not the conflist's, or before 0.3.0."""
    facts = {}
    if agreed := plan.agreement:
        facts["CNI version"] = str(agreed)
    version = plan.network.conflist.version
    if not result.names_interfaces({"cniVersion": version}):
        facts["CNI results"] = (
            f"addresses and routes only: a result of CNI {version} lists no interfaces and no MAC"
            " addresses"
        )
    return facts


def _host_settings(plan: Plan) -> dict[str, str]:
    """Describe settings that pods' networks start with and that differ from the kernel's own."""
    settings = sysctl.of_host()
    why = "pods start with these values, which podpath does not attribute to the plugin"
    if Ability.CALLS not in plan.kind.abilities:
        why += "; whether it sets them itself is seen on the embedded node only"
    return {"host settings": f"{', '.join(settings)} ({why})"} if settings else {}
