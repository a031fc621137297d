"""K8S: requirements of a cluster on its network."""

from podpath.requirements.requirement import (
    DUMP,
    K8S_MODEL,
    LINKS,
    NODE,
    POD,
    Ability,
    Level,
    Requirement,
)

REQUIREMENTS = (
    Requirement(
        "K8S-IP",
        "API, runtime and kernel agree on IPs",
        "The API server, the runtime and the kernel report the same IPs of a pod in the same"
        " order.",
        "The plugin's result names an address that it did not set, or lists them in another order.",
        ("kubectl get pods -o wide", POD),
        level=Level.MUST,
        source="Kubernetes API, PodStatus, podIP and podIPs",
        needs=Ability.CLUSTER,
        why="Services, DNS and policies use the IP that the API reports. If it is not the"
        " kernel's, they lead to no pod.",
        how="The API's podIP and podIPs, the runtime's addresses and the kernel's are compared,"
        " and their order.",
    ),
    Requirement(
        "K8S-SERVICE",
        "Service traffic takes the expected path",
        "Packets to a Service, and the answers, are translated on the bridge and take the"
        " expected path.",
        "br_netfilter is off, so that answers come from the pod and not from its Service, or the"
        " pods' range is not the cluster's.",
        (f"{NODE} sysctl net.bridge.bridge-nf-call-iptables", f"{NODE} iptables-save -t nat"),
        level=Level.MUST,
        source="Kubernetes documentation, Virtual IPs and Service Proxies; Network Plugins:"
        " a plugin makes containers' traffic available to kube-proxy",
        needs=Ability.CLUSTER,
        why="kube-proxy translates addresses on the node. The client rejects an answer that"
        " bypasses it, as its source is not the Service.",
        how="A pod gets a page from a Service of another one. Each packet is compared with the"
        " path, with the Service's address before it is translated and the pod's after it.",
    ),
    Requirement(
        "K8S-HAIRPIN",
        "A pod reaches itself by its Service",
        "With hairpin mode configured, a pod reaches itself through its own Service.",
        "The bridge port does not send packets back to the pod that they came from.",
        (LINKS, f"{NODE} iptables-save -t nat"),
        level=Level.MUST,
        source="documentation of the plugin bridge, hairpinMode; Kubernetes documentation,"
        " Debug Services: a pod reaches itself through its Service",
        needs=Ability.CLUSTER,
        feature="hairpin",
        why="A client of a Service does not know which pod answers, and it may be the client's"
        " own.",
        how="Each pod gets a page from a Service of its own, several times. Without hairpinMode"
        " in the conflist, it is not applicable.",
    ),
    Requirement(
        "K8S-PROBE",
        "The kubelet's probes reach the pod",
        "The kubelet's HTTP probe reaches the pod from the node by the bridge, and the answer"
        " returns.",
        "A packet filter between the node and the pods drops the probe, or the bridge has no"
        " address.",
        (f"{DUMP} tcp port 80", f"{NODE} nft list ruleset"),
        level=Level.MUST,
        source=f"{K8S_MODEL}: agents of a node, such as the kubelet, reach its pods",
        needs=Ability.CLUSTER,
        why="A pod whose probe does not arrive is ended, or gets no traffic, however well it is.",
        how="A pod with an HTTP probe is made. The kubelet's request and the answer are compared"
        " with the path from the node.",
    ),
    Requirement(
        "K8S-RESTART",
        "A restarted container keeps its network",
        "When a container restarts, its pod keeps its sandbox, namespace and IP, and serves again.",
        "Part of the network depends on the container's process instead of on the pod's namespace.",
        ("kubectl describe pods", POD),
        level=Level.MUST,
        source=f"{K8S_MODEL}: the namespace and the address are the pod's, not the container's",
        needs=Ability.CLUSTER,
        why="A container may crash. The address of its pod, which others know, has to stay.",
        how="A pod's container is ended, and the kubelet starts it again. Sandbox, namespace and"
        " addresses are compared with those before, by API, runtime and kernel.",
    ),
)
