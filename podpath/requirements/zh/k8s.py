"""K8S in Chinese: title, sentence and usual cause of each requirement."""

TEXTS = {
    "K8S-IP": (
        "API、运行时与内核的 IP 一致",
        "API server、运行时和内核报告的 Pod IP 相同，顺序也相同。",
        "插件结果里有它没有设置的地址，或者顺序不同。",
    ),
    "K8S-SERVICE": (
        "Service 流量走预期路径",
        "发往 Service 的报文及其应答在网桥上做地址转换，并走预期路径。",
        "br_netfilter 未启用，应答来自 Pod 而不是 Service；或者 Pod 网段不是集群的网段。",
    ),
    "K8S-HAIRPIN": (
        "Pod 经自己的 Service 访问自己",
        "配置了 hairpin 模式时，Pod 能通过自己的 Service 访问自己。",
        "网桥端口没有把报文送回发出它的 Pod。",
    ),
    "K8S-PROBE": (
        "kubelet 的探针能到达 Pod",
        "kubelet 的 HTTP 探针从节点经网桥到达 Pod，应答能返回。",
        "节点与 Pod 之间的包过滤规则丢弃了探针，或者网桥没有地址。",
    ),
    "K8S-RESTART": (
        "容器重启后网络不变",
        "容器重启后，Pod 的 sandbox、命名空间和 IP 不变，并恢复服务。",
        "网络的某一部分依赖容器进程，而不是 Pod 的命名空间。",
    ),
}
