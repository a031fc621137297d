"""Faults in what a Kubernetes cluster asks of the network: tried on a kind cluster alone."""

from selftests.faults.fault import Fault

FAULTS = (
    Fault(
        name="the result names another IP than the pod has",
        source="containernetworking/cni, SPEC 1.0.0, section 5",
        reds={"K8S-IP": "addresses of pod client in the kernel"},
        near=frozenset({"TOPO-RESULT", "TOPO-ADDR", "TOPO-NETNS-IP"}),
        # packets are sent to the address that everybody is told
        follows=frozenset({"TOPO-RESULT", "TOPO-ADDR", "TOPO-NETNS-IP", "PATH-ICMP"}),
        after="""[ "$POD" != client ] || result "s/$IP\\/24/${IP%.*}.250\\/24/" """,
    ),
    Fault(
        name="bridged packets do not pass iptables",
        source="kubernetes/kubernetes issue 23385",
        reds={"K8S-SERVICE": "address changed"},
        near=frozenset({"PATH-HTTP", "K8S-IP"}),
        after="echo 0 >/proc/sys/net/bridge/bridge-nf-call-iptables",
    ),
    Fault(
        name="hairpin mode is off though configured, and a pod's Service does not lead back",
        source="kubernetes/kubernetes issue 13375",
        reds={"K8S-HAIRPIN": "no answer", "TOPO-BRIDGE-PORT": "hairpin"},
        near=frozenset({"K8S-IP"}),
        follows=frozenset({"PATH-ARP"}),
        configure=lambda bridge: bridge.update(hairpinMode=True),
        after='bridge link set dev "$HOST" hairpin off',
    ),
    Fault(
        name="the node may not open connections to pods",
        source="containernetworking/plugins issue 430",
        reds={"K8S-PROBE": "missing hop"},
        near=frozenset({"K8S-IP", "PATH-HTTP", "PATH-ICMP"}),
        after="iptables -C OUTPUT -o cni0 -p tcp --dport 80 -m owner --uid-owner 0 -j DROP ||"
        " iptables -A OUTPUT -o cni0 -p tcp --dport 80 -j DROP",
    ),
    Fault(
        name="a pod loses its address when its container ends",
        source="own: an address that is tied to a process",
        reds={"K8S-RESTART": "addresses of pod restarted in the kernel"},
        near=frozenset({"K8S-IP", "PATH-ICMP"}),
        after="""[ "$POD" != restarted ] || setsid sh -c '
          listens() { nsenter --net="$CNI_NETNS" -- grep -q ":0050 .* 0A " \\
            /proc/self/net/tcp /proc/self/net/tcp6; }
          n=0; until listens || [ $n -gt 600 ]; do n=$((n + 1)); sleep 0.05; done
          while listens; do sleep 0.02; done
          nsenter --net="$CNI_NETNS" -- ip address flush dev eth0' </dev/null 3>&- &""",
    ),
)
