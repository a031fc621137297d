"""Sentences on observations, the kernel's answers and reports in Chinese. Pure."""

TEXTS = {
    "the host beyond the node has no second address: {}": "节点之外的主机没有第二个地址：{0}",
    "no program can listen at UDP port {}: {}": "没有程序能监听 UDP 端口 {0}：{1}",
    "the sniffers did not get ready: {}": "嗅探器没有就绪：{0}",
    'a hop is on the "{}" of pods, and neither the conflist nor a default route of the node says'
    " which that is": (
        "有一个跳点在 Pod 的 “{0}” 上，而 conflist 和节点的默认路由都没有说明它是哪个"
    ),
    "pod {} has no {}, whose MAC address is needed": "Pod {0} 没有 {1}，而需要它的 MAC 地址",
    "a program could not be run in a pod: {}": "无法在 Pod 里运行程序：{0}",
    "the kernel gave a frame without a time stamp": "内核给出了没有时间戳的帧",
    "no sniffer could be opened in namespace {}: {}": "无法在命名空间 {0} 里打开嗅探器：{1}",
    "nc ended well, but {} sent no datagram": "nc 正常结束，但 {0} 没有发出数据报",
    "what pod {} received cannot be read: {}": "无法读取 Pod {0} 收到的内容：{1}",
    "no server could be started at {}: {}": "无法在 {0} 启动服务器：{1}",
    'nobody who asks for mapped ports in the suite meets "{}"': (
        "测试中使用映射端口的各方都不满足 “{0}”"
    ),
    "Let them include {} or {}": "让它们包含 {0} 或 {1}",
    "nobody is beyond the node in {}": "节点之外没有 {0} 的主机",
    "ping did not count its packets: {}": "ping 没有统计它的报文：{0}",
    "what {} sends is not counted: {} has no {}": "没有统计 {0} 发出的报文：{1} 没有 {2}",
    "what {} sends cannot be counted; does it run? ({})": (
        "无法统计 {0} 发出的报文；它在运行吗？（{1}）"
    ),
    "the port {} of the bridge does not forward: its state is {}": (
        "网桥的端口 {0} 不转发：它的状态是 {1}"
    ),
    "no host could be connected to the bridge on the node: {}": "无法把主机接到节点的网桥上：{0}",
    "the report {} cannot be written: {}": "无法写入报告 {0}：{1}",
    "the report {} of an earlier run cannot be removed: {}": "无法删除先前运行的报告 {0}：{1}",
    "{} does not meet the format of a {}: {}": "{0} 不符合 {1} 的格式：{2}",
    "podpath report verify lists what differs; read a report that podpath wrote": (
        "podpath report verify 会列出差异；请读取 podpath 写的报告"
    ),
    "Name a report.json, or the directory of --podpath-report": (
        "指定 report.json，或者 --podpath-report 的目录"
    ),
    "{} has the apiVersion {}, and this podpath reads {} only": (
        "{0} 的 apiVersion 是 {1}，而这个 podpath 只读 {2}"
    ),
    "Run the suite again with this podpath, or read the report with the podpath of its run": (
        "用这个 podpath 重新运行测试，或者用写报告的那个 podpath 来读"
    ),
    "the capture {} cannot be written: {}": "无法写入抓包 {0}：{1}",
    "the kernel gives {} as {}, {}": "内核给出的 {0} 是 {1}，{2}",
    "the kernel gives interface {} no name": "内核没有给出接口 {0} 的名字",
    "the kernel gives interface {} a queue without a name": "内核给出接口 {0} 的一个没有名字的队列",
    "the kernel gives interface {} an address without bytes": "内核给出接口 {0} 的一个空地址",
    "the kernel gives {} a prefix of {} bits": "内核给 {0} 的前缀长度是 {1} 位",
    "the network namespace {} could not be entered: {}": "无法进入网络命名空间 {0}：{1}",
    "Run as root, and see that the pod is still there": "以 root 运行，并确认 Pod 还在",
    "no namespace at {}: {}": "{0} 没有命名空间：{1}",
    "the settings of a network namespace: {}": "网络命名空间的设置：{0}",
    "ip xfrm policy failed on the node: {}": "节点上的 ip xfrm policy 失败：{0}",
    "nft list ruleset failed on the node: {}": "节点上的 nft list ruleset 失败：{0}",
    'the node passes no bridged packets of {} to {}, and "ingressPolicy": "isolated" is made of'
    " its rules": (
        '节点没有把 {0} 的桥接报文交给 {1}，而 "ingressPolicy": "isolated" 由它的规则实现'
    ),
    "Run on the node: modprobe br_netfilter; sysctl -w {}=1": (
        "在节点上运行：modprobe br_netfilter; sysctl -w {0}=1"
    ),
    "the bridge's multicast groups cannot be read: {}": "无法读取网桥的组播组：{0}",
    "the kernel gives an FDB entry without a MAC address": "内核给出了没有 MAC 地址的 FDB 条目",
    "the kernel did not tell of the namespace at {}: {}": "内核没有给出 {0} 的命名空间：{1}",
    "the interfaces of namespace {} changed in each of {} readings": (
        "命名空间 {0} 的接口在 {1} 次读取中每次都变了"
    ),
    "See what adds and removes pods on this node meanwhile": (
        "查看这段时间是什么在增删这个节点的 Pod"
    ),
    "the kernel's route to {}, prefix {}: {}": "内核到 {0}、前缀 {1} 的路由：{2}",
    "the kernel's rule about {}: {}": "内核关于 {0} 的规则：{1}",
}
