"""Faults of files that are the node's own, and of others that a plugin may write."""

from selftests.faults.fault import Fault


def _once(command: str) -> str:
    """Shell that runs at the first ADD on a node alone."""
    return f"[ -e /run/podpath/fault/once ] || {{ : >/run/podpath/fault/once; {command}; }}"


FAULTS = (
    Fault(
        name="pods are in the node's /etc/hosts for as long as they live",
        source="own: names for the node's programs",
        reds={"LIFE-OTHERS": "changed at node file /etc/hosts"},
        near=frozenset({"LIFE-DELETE"}),
        after='echo "$IP $POD # $CNI_CONTAINERID" >>/etc/hosts',
        after_del="""sed "/$CNI_CONTAINERID/d" /etc/hosts >/run/podpath/fault/hosts
          cat /run/podpath/fault/hosts >/etc/hosts""",
    ),
    Fault(
        name="the first pod gives the node another name server",
        source="own: a resolver for pods, set for the node",
        reds={"LIFE-OTHERS": "changed at node file /etc/resolv.conf"},
        after=_once("echo nameserver 192.0.2.53 >/etc/resolv.conf"),
    ),
    Fault(
        name="the first pod makes settings of the node last",
        source="own",
        reds={"LIFE-OTHERS": "changed at node file /etc/sysctl.d/99-net.conf"},
        after=_once("""mkdir -p /etc/sysctl.d
          echo net.ipv4.conf.all.rp_filter=0 >/etc/sysctl.d/99-net.conf"""),
    ),
    Fault(
        name="the first pod brings another network's configuration",
        source="containernetworking/cni issue 878; containerd/cri issue 889",
        reds={"LIFE-OTHERS": "changed at node file /etc/cni/net.d/99-own.conflist"},
        after=_once("echo '{}' >/etc/cni/net.d/99-own.conflist"),
        after_del="rm -f /etc/cni/net.d/99-own.conflist",
        follows=frozenset({"LIFE-REBOOT"}),  # where DEL of an old container takes it
    ),
)

PLUGINS = (
    Fault(
        name="a plugin that writes files of its own",
        source="",
        reds={},
        near=frozenset({"LIFE-OTHERS", "LIFE-DELETE"}),
        # as many do: a log, a version, a kubeconfig beside the configurations, a table's name
        after=_once("""mkdir -p /var/log/own /var/lib/cni/own /etc/cni/net.d/own.d /etc/iproute2
          date >>/var/log/own/add.log; echo 1 >/var/lib/cni/own/version
          echo token >/etc/cni/net.d/own.d/kubeconfig
          echo 100 pods >>/etc/iproute2/rt_tables"""),
    ),
)
