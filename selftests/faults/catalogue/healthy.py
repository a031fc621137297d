"""Plugins that do what they are configured to do: nothing may turn red on them."""

from selftests.faults.fault import ALL, Fault

_OWN_MAC = (
    # As a meta plugin would: a locally administered address, another one for each container.
    'CNI_ARGS="$CNI_ARGS;MAC=02:$(printf %s "$CNI_CONTAINERID" | cut -c 1-10 |'
    " sed 's/../&:/g; s/:$//')\"; export CNI_ARGS"
)

PLUGINS = (
    Fault(name="as shipped", source="", reds={}, near=ALL),
    Fault(
        name="no gateway",
        source="",
        reds={},
        near=ALL,
        configure=lambda bridge: bridge.update(isGateway=False, ipMasq=False),
    ),
    Fault(
        name="gateway, no masquerading",
        source="",
        reds={},
        configure=lambda bridge: bridge.update(ipMasq=False),
    ),
    Fault(
        name="hairpin",
        source="",
        reds={},
        near=ALL,
        configure=lambda bridge: bridge.update(hairpinMode=True),
    ),
    Fault(
        name="promiscuous bridge",
        source="",
        reds={},
        near=ALL,
        configure=lambda bridge: bridge.update(promiscMode=True),
    ),
    Fault(
        name="MTU of 1400",
        source="",
        reds={},
        near=frozenset({"PATH-SIZE", "PATH-MTU", "PATH-HTTP"}),
        configure=lambda bridge: bridge.update(mtu=1400),
    ),
    Fault(name="fixed MAC addresses", source="", reds={}, near=ALL, before=_OWN_MAC),
)
