"""Sentences of `podpath trace` in Chinese. Pure."""

TEXTS = {
    "nothing was sent": "没有发出任何报文",
    "not seen": "没有看到",
    "{} more differences": "另有 {0} 处差异",
    "  differs: {}": "  差异：{0}",
    "  and {} more differences, which --json has": "  另有 {0} 处差异，见 --json",
    "  reason: {}": "  原因：{0}",
    "no judgement: {}": "没有判断：{0}",
    "profile {}": "profile {0}",
    "  {} more packet there: {} of {} took the same steps": (
        "  去程另有 {0} 个报文：{1}/{2} 走了同样的步骤"
    ),
    "  {} more packets there: {} of {} took the same steps": (
        "  去程另有 {0} 个报文：{1}/{2} 走了同样的步骤"
    ),
    "  {} more packet back: {} of {} took the same steps": (
        "  回程另有 {0} 个报文：{1}/{2} 走了同样的步骤"
    ),
    "  {} more packets back: {} of {} took the same steps": (
        "  回程另有 {0} 个报文：{1}/{2} 走了同样的步骤"
    ),
    "{}: the same way back, {} of {}": "{0}：原路返回，{1}/{2}",
    "nowhere else: {} in {} saw none of it": "别处没有：{1}里的{0}都没有看到",
    "1 other interface": "另外 1 个接口",
    "{} other interfaces": "另外 {0} 个接口",
    "1 namespace": "1 个命名空间",
    "{} namespaces": "{0} 个命名空间",
    "missed nothing: canaries {} of {}, frames dropped {}": (
        "没有遗漏：canary {0}/{1}，丢弃的帧 {2}"
    ),
    "may have missed something: canaries {} of {}, frames dropped {}": (
        "可能有遗漏：canary {0}/{1}，丢弃的帧 {2}"
    ),
    "after {}": "在 {0} 之后",
    "before the first interface": "在第一个接口之前",
    "after {}: nothing came back": "在 {0} 之后：没有任何报文返回",
    "{} difference from the path: {}": "与路径有 {0} 处差异：{1}",
    "{} differences from the path: {}": "与路径有 {0} 处差异：{1}",
    "podpath may have missed something": "podpath 可能有遗漏",
    "{}, both ways": "{0}，往返都是",
    "PROVED": "已证明",
    "SEEN": "已看到",
    "DIFFERS": "有差异",
    "LOST": "丢失",
    "NOT PROVED": "未证明",
    "gets its copy after forwarding": "转发之后才得到副本",
    "from {} now": "源地址变为 {0}",
    "to {} now": "目的地址变为 {0}",
    "port {} now": "端口变为 {0}",
    "routed: new MACs": "经过路由：MAC 地址已换",
    "peer of {}'s eth0": "{0} 的 eth0 的对端",
    "link below the pods": "Pod 接口的下层链路",
    "bridge, {} port": "网桥，{0} 个端口",
    "bridge, {} ports": "网桥，{0} 个端口",
    "the node's uplink": "节点的上联口",
    "podpath judges paths between pods, and between a pod and the node": (
        "podpath 只判断 Pod 之间、Pod 与节点之间的路径"
    ),
    "the sender: {}": "发送程序：{0}",
    "the node has no network configuration in /etc/cni/net.d": (
        "节点的 /etc/cni/net.d 里没有网络配置"
    ),
    "the node's network configuration cannot be read: {}": "无法读取节点的网络配置：{0}",
    "there is no kind cluster {}": "没有名为 {0} 的 kind 集群",
    "Name it with --kind-existing: `kind get clusters` lists them": (
        "用 --kind-existing 指定：`kind get clusters` 会列出它们"
    ),
    "the node has no container": "节点没有容器",
    "Leave out --exec, or send from a pod": "去掉 --exec，或者从 Pod 发送",
    "{} cannot be run in {}: {}": "{0} 无法在 {1} 里运行：{2}",
    "Leave out --exec: podpath then sends by a program of its own": (
        "去掉 --exec：podpath 会用自己的程序发送"
    ),
    "--exec sends pings and --http, not --{}": "--exec 只发送 ping 和 --http，不发送 --{0}",
    "Leave out one of them": "去掉其中一个",
    'the node has no pod "{}" with a network of its own': "节点上没有自带网络的 Pod “{0}”",
    "Name one of its pods ({}), {}, or an IP address": (
        "写出节点上的一个 Pod（{0}）、{1} 或一个 IP 地址"
    ),
    "{} is no IPv{} address": "{0} 不是 IPv{1} 地址",
    "Leave out the option": "去掉这个选项",
    "{} has no {}address": "{0} 没有 {1}地址",
    "See `ip address` in {}": "在 {0} 里运行 `ip address` 查看",
    "namespace {} has no Service {}": "命名空间 {0} 里没有 Service {1}",
    "See `kubectl get services --namespace {}`": "运行 `kubectl get services --namespace {0}` 查看",
    "{} names no Service": "{0} 没有指出 Service",
    "Write svc/NAMESPACE/NAME": "写成 svc/NAMESPACE/NAME",
    "{} is headless: it has no address of its own": "{0} 是 headless：它没有自己的地址",
    "Name one of its pods": "指出它的一个 Pod",
    "{} has no port {}": "{0} 没有端口 {1}",
    "{} has no port": "{0} 没有端口",
    "Name one of its ports": "指出它的一个端口",
    "{} has no IPv{} address": "{0} 没有 IPv{1} 地址",
    "{} has a port of {}, which podpath cannot send": "{0} 的端口是 {1} 的，podpath 无法发送",
    "a Service is of a cluster": "Service 属于集群",
    "Give --node kind, or --node host": "加上 --node kind 或 --node host",
    "--count is of pings, and not of --{}": "--count 是 ping 的数目，不能用于 --{0}",
    "Leave it out": "去掉它",
    "{} must be from {} to {}, not {}": "{0} 必须在 {1} 到 {2} 之间，而不是 {3}",
}
