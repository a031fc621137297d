"""What a chain's sysctls change."""

from podpath.cni import sysctls

_PODS = ("ipv6/conf/lo/disable_ipv6", "ipv6/conf/lo/mtu", "ipv4/conf/lo/rp_filter")


def test_kernel_changes_settings_of_each_link_with_those_of_all() -> None:
    """Other settings of all links are read beside those of a link, which stay."""
    names = ("net.ipv6.conf.all.disable_ipv6", "net/ipv4/conf/all/rp_filter")
    tuning = {"type": "tuning", "sysctl": dict.fromkeys(names, "1")}

    own = {"ipv6/conf/all/disable_ipv6", "ipv4/conf/all/rp_filter"}
    assert sysctls.configured([tuning]) == own
    assert sysctls.configured([tuning], _PODS) == own | {"ipv6/conf/lo/disable_ipv6"}
