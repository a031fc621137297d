"""Sentences on configurations that podpath cannot test, in Chinese. Pure."""

TEXTS = {
    "{} in {} looks for the lower link in the pod, and podpath has none there": (
        "{1} 里的 {0} 在 Pod 里找下层链路，而 podpath 的 Pod 里没有"
    ),
    "{} in {} lets pods reach some and not others, and podpath does not know whom": (
        "{1} 里的 {0} 只让 Pod 到达一部分 Pod，而 podpath 不知道是哪些"
    ),
    "{} in {} leaves the pods' interface down and without addresses, so there is no path to test": (
        "{1} 里的 {0} 不启用 Pod 的接口，也不配地址，所以没有路径可测"
    ),
    "{} in {} gives every pod what a runtime gives to one, such as an address": (
        "{1} 里的 {0} 给每个 Pod 的，是运行时只给一个 Pod 的东西，例如地址"
    ),
    "{} in {} gives every pod the same MAC address": "{1} 里的 {0} 给每个 Pod 同一个 MAC 地址",
    "{} in {} limits what pods send to some networks only (release 1.5), and podpath does not"
    " know the queues": (
        "{1} 里的 {0} 只限制发往某些网络的报文（1.5 版），而 podpath 不了解这些队列"
    ),
    "{} in {} limits every pod, and podpath does not know the way that their packets take then": (
        "{1} 里的 {0} 限制每个 Pod，而 podpath 不知道这时报文走哪条路"
    ),
    "{} in {} makes one link for its VLAN, and the kernel lets a lower link have no second one"
    " for it (net/8021q/vlan.c, vlan_check_real_dev): a node can have one pod of this network,"
    " and the suite needs several": (
        "{1} 里的 {0} 为它的 VLAN 创建一个链路，而内核不允许下层链路有第二个（net/8021q/vlan.c,"
        " vlan_check_real_dev）：一个节点只能有这个网络的一个 Pod，测试需要多个"
    ),
    "{} in {} moves one link of the node into one pod, and the suite needs several pods": (
        "{1} 里的 {0} 把节点的一个链路移进一个 Pod，而测试需要多个 Pod"
    ),
    "{} in {} makes an interface that drops what the pod sends, so no packet reaches another pod": (
        "{1} 里的 {0} 创建的接口丢弃 Pod 发出的报文，所以没有报文能到达别的 Pod"
    ),
    "{} in {} makes an interface for a virtual machine, and the pods of the suite are no virtual"
    " machines": "{1} 里的 {0} 为虚拟机创建接口，而测试的 Pod 不是虚拟机",
    "{} in {} leads what a pod receives to a virtual machine, and the pods of the suite are no"
    " virtual machines": "{1} 里的 {0} 把 Pod 收到的报文引向虚拟机，而测试的 Pod 不是虚拟机",
    "{} in {} routes what pods send by its own rules, and podpath does not know the way that it"
    " takes": "{1} 里的 {0} 用自己的规则路由 Pod 发出的报文，而 podpath 不知道它走哪条路",
    "{} in {} gives pods' interfaces a routing table of their own, and podpath does not know its"
    " routes": "{1} 里的 {0} 给 Pod 的接口单独的路由表，而 podpath 不了解其中的路由",
    "{} in {} has conditions other than on the source and the destination, which podpath cannot"
    " read": "{1} 里的 {0} 有源和目的之外的条件，podpath 无法解读",
    "{} in {} is for the pods of a bridge, and may not work as expected without one (its"
    " documentation)": "{1} 里的 {0} 用于网桥上的 Pod，没有网桥时可能不按预期工作（见它的文档）",
    "{} in {} limits every pod so much that packets of the suite may be dropped as configured": (
        "{1} 里的 {0} 对每个 Pod 限制得太紧，测试的报文可能按配置被丢弃"
    ),
    "{} in {} leads pods to each other by the gateway, which redirects them: podpath does not know"
    " which of the two ways their packets take": (
        "{1} 里的 {0} 让 Pod 经网关互访，而网关会重定向它们：podpath 不知道报文走两条路中的哪一条"
    ),
    "Leave it out: pods have a route to their own network already": (
        "去掉它：Pod 已经有到自己网络的路由"
    ),
    'the route to {} of "ipam"': '"ipam" 的到 {0} 的路由',
    'the plugin "{}"': '插件 "{0}"',
    '"{}" of the plugin "{}"': '插件 "{1}" 的 "{0}"',
    '"ingressRate" or "egressRate" of the plugin "{}"': (
        '插件 "{0}" 的 "ingressRate" 或 "egressRate"'
    ),
    'Leave it out, and set "capabilities": {"bandwidth": true}: podpath then asks for a rate'
    " itself": '去掉它，并设置 "capabilities": {{"bandwidth": true}}：podpath 会自己请求速率',
    "Leave it out: all else of the plugin can be tested without it": (
        "去掉它：没有它，插件的其余部分都可以测试"
    ),
    'Use "macvlan" or "ipvlan", with a VLAN link of the node as its "master"': (
        '改用 "macvlan" 或 "ipvlan"，以节点的 VLAN 链路作 "master"'
    ),
    'Leave it out; with "capabilities", podpath asks for addresses, ports and rates itself': (
        '去掉它；有 "capabilities" 时，podpath 会自己请求地址、端口和速率'
    ),
    'Use "macvlan" or "ipvlan", with the link as its "master"': (
        '改用 "macvlan" 或 "ipvlan"，以这个链路作 "master"'
    ),
    "Test the plugin that makes the pods' eth0": "测试创建 Pod 的 eth0 的那个插件",
    'Test the network with "bridge" in its place': '用 "bridge" 代替它来测试这个网络',
    "Leave it out: the plugins before it can be tested without it": (
        "去掉它：没有它，前面的插件都可以测试"
    ),
    'Use the policy "open" or "same-bridge"': '使用策略 "open" 或 "same-bridge"',
    "Give a rate of at least {} and a burst of at least {}": "速率至少设为 {0}，突发至少设为 {1}",
    'Or leave it out, and set "capabilities": {"bandwidth": true}: podpath then asks for a rate'
    " itself": '或者去掉它，并设置 "capabilities": {{"bandwidth": true}}：podpath 会自己请求速率',
}
