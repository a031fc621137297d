"""Plugins that do what they are configured to do: nothing may turn red on them."""

from selftests.faults.fault import Fault

_OWN_MAC = (
    # As a meta plugin would: a locally administered address, another one for each container.
    'CNI_ARGS="$CNI_ARGS;MAC=02:$(printf %s "$CNI_CONTAINERID" | cut -c 1-10 |'
    " sed 's/../&:/g; s/:$//')\"; export CNI_ARGS"
)

#: Of everything that a configuration may change; all of it is run by the complete matrix.
_NEAR = frozenset(
    {
        *("TOPO-FDB", "PATH-HTTP", "PATH-UDP", "PATH-ARP", "PATH-BYSTANDER", "PATH-UNCHANGED"),
        *(
            "PATH-SELF",
            "PATH-GATEWAY",
            "PATH-CONTAINER",
            "LIFE-DELETE",
            "LIFE-OTHERS",
            "LIFE-REUSE",
        ),
        *("PATH-MASQUERADE", "PATH-PORTMAP", "LIFE-PORTMAP"),
    }
)

PLUGINS = (
    Fault(name="as shipped", source="", reds={}, near=_NEAR),
    Fault(
        name="no gateway",
        source="",
        reds={},
        near=_NEAR,
        configure=lambda bridge: bridge.update(isGateway=False, ipMasq=False),
    ),
    Fault(
        name="gateway, no masquerading",
        source="",
        reds={},
        near=frozenset({"PATH-GATEWAY", "CNI-DEL-GONE"}),
        configure=lambda bridge: bridge.update(ipMasq=False),
    ),
    Fault(
        name="hairpin",
        source="",
        reds={},
        near=_NEAR,
        configure=lambda bridge: bridge.update(hairpinMode=True),
    ),
    Fault(
        name="promiscuous bridge",
        source="",
        reds={},
        near=_NEAR,
        configure=lambda bridge: bridge.update(promiscMode=True),
    ),
    Fault(
        name="MTU of 1400",
        source="",
        reds={},
        near=frozenset({"TOPO-MTU", "PATH-SIZE", "PATH-MTU", "PATH-HTTP"}),
        configure=lambda bridge: bridge.update(mtu=1400),
    ),
    Fault(
        name="jumbo frames",
        source="",
        reds={},
        near=frozenset({"TOPO-MTU", "PATH-SIZE", "PATH-MTU", "PATH-HTTP", "PATH-UDP"}),
        configure=lambda bridge: bridge.update(mtu=9000),
    ),
    Fault(
        name="large segments are cut at the host ends",
        source="",
        reds={},
        near=frozenset({"PATH-SIZE", "PATH-HTTP", "PATH-UNCHANGED", "LIFE-SURVIVOR"}),
        after='ip link set dev "$HOST" gso_max_segs 1',
    ),
    Fault(name="fixed MAC addresses", source="", reds={}, near=_NEAR, before=_OWN_MAC),
)
