"""Sentences of `podpath check` in Chinese. Pure."""

TEXTS = {
    "no mistakes": "没有错误",
    "wrong": "有错误",
    "not judged": "未判断",
    "no mistakes; no path is drawn": "没有错误；没有画出路径",
    "wrong ({} mistake)": "有 {0} 个错误",
    "wrong ({} mistakes)": "有 {0} 个错误",
    "line {}: {}": "第 {0} 行：{1}",
    "  note, {}": "  注意，{0}",
    "  WRONG, {}": "  错误，{0}",
    "(no name)": "（没有名字）",
    "(no version)": "（没有版本）",
    "  profile {}; features: {}": "  profile {0}；特性：{1}",
    "  profile {}; features: {}; the node decides on {}": (
        "  profile {0}；特性：{1}；由节点决定的：{2}"
    ),
    "  podpath cannot test it: {}": "  podpath 无法测试它：{0}",
    "pod A to pod B": "Pod A 到 Pod B",
    "pod A to pod B: the bridge drops it": "Pod A 到 Pod B：网桥丢弃它",
    "pod to its gateway on the node": "Pod 到节点上的网关",
    "node to pod": "节点到 Pod",
    "pod to beyond the node": "Pod 到节点之外",
    "the answer from beyond the node": "节点之外的回应",
    "one end of a veth pair": "veth 对的一端",
    "the other end of pod A's eth0": "Pod A 的 eth0 的另一端",
    "the other end of pod B's eth0": "Pod B 的 eth0 的另一端",
    "the other end of pod A's eth0, a port of {}": "Pod A 的 eth0 的另一端，{0} 的端口",
    "the other end of pod B's eth0, a port of {}": "Pod B 的 eth0 的另一端，{0} 的端口",
    "the link below the pods' eth0": "Pod 的 eth0 的下层链路",
    "the interface of the node's default route": "节点默认路由的接口",
    "the gateway's interface in the pods' VLAN": "Pod 所在 VLAN 里网关的接口",
    "the gateway's port of {}": "网关在 {0} 上的端口",
    "limits what pod A sends": "限制 Pod A 的发送",
    "other MAC addresses": "MAC 地址已换",
    "other addresses": "地址已换",
    "VLAN tag {}": "VLAN 标签 {0}",
    "calls its first delegate for eth0, and others for further interfaces": (
        "为 eth0 调用第一个被委托的插件，为其他接口调用其余的"
    ),
    "maps ports of the node to pods' ports, as the runtime requests": (
        "按运行时的请求把节点端口映射到 Pod 端口"
    ),
    "brings the pods' lo up": "启用 Pod 的 lo",
    "lets pods' packets pass the node's firewall": "让 Pod 的报文通过节点的防火墙",
    "routes what pods send by rules of its own": "用自己的规则路由 Pod 发出的报文",
    "puts the pods' interface into a VRF": "把 Pod 的接口放进 VRF",
    "makes an interface that drops what is sent": "创建一个丢弃所有发出报文的接口",
    "moves a link of the node into the pod": "把节点的一个链路移进 Pod",
    "makes an interface for a virtual machine": "为虚拟机创建接口",
    "is no reference plugin, and its own keys are not judged": "不是参考插件，它自己的键不作判断",
    "makes eth0, one end of a veth pair; the other one is {}": (
        "创建 eth0，即 veth 对的一端；另一端是 {0}"
    ),
    "a port of {}": "{0} 的端口",
    "a port of {}, MTU {}": "{0} 的端口，MTU {1}",
    "a port of {}, VLAN {}": "{0} 的端口，VLAN {1}",
    "a port of {}, MTU {}, VLAN {}": "{0} 的端口，MTU {1}，VLAN {2}",
    "makes eth0, one end of a veth pair; the node routes to the other one": (
        "创建 eth0，即 veth 对的一端；节点路由到另一端"
    ),
    "makes eth0, one end of a veth pair; the node routes to the other one, MTU {}": (
        "创建 eth0，即 veth 对的一端；节点路由到另一端，MTU {0}"
    ),
    "gives {} the gateway's address": "把网关地址配给 {0}",
    "gives pods a default route by the gateway": "给 Pod 一条经过网关的默认路由",
    "lets a port send back what came from it (hairpin)": "允许端口把来自它的报文发回去（hairpin）",
    "makes {} promiscuous": "把 {0} 设为混杂模式",
    "keeps pods from each other (port isolation)": "把 Pod 互相隔离（port isolation）",
    "makes eth0, a macvlan on {}, mode {}": "创建 eth0，即 {0} 上的 macvlan，模式 {1}",
    "makes eth0, an ipvlan on {}, mode {}": "创建 eth0，即 {0} 上的 ipvlan，模式 {1}",
    "makes eth0, VLAN {} on {} of the node": "创建 eth0，即节点的 {1} 上的 VLAN {0}",
    "makes eth0, VLAN {} on {} of the node, MTU {}": (
        "创建 eth0，即节点的 {1} 上的 VLAN {0}，MTU {2}"
    ),
    "makes eth0, VLAN {} on {} of the pod, MTU {}": (
        "创建 eth0，即 Pod 的 {1} 上的 VLAN {0}，MTU {2}"
    ),
    "makes eth0, VLAN {} on {} of the pod": "创建 eth0，即 Pod 的 {1} 上的 VLAN {0}",
    "the interface of the default route": "默认路由的接口",
    "calls {} with the networks that flanneld writes on the node": (
        "用 flanneld 写在节点上的网络调用 {0}"
    ),
    "lets {} masquerade if flanneld itself does not (FLANNEL_IPMASQ=false)": (
        "如果 flanneld 自己不做地址伪装（FLANNEL_IPMASQ=false），就让 {0} 做"
    ),
    "sets in pods: {}": "在 Pod 里设置：{0}",
    "sets {} of eth0: {}": "设置 eth0 的 {0}：{1}",
    "changes settings of eth0 that the runtime passes it": "按运行时传来的值更改 eth0 的设置",
    "limits what a pod may receive to {} bit/s": "把 Pod 的接收限制为 {0} bit/s",
    "limits what a pod may send to {} bit/s": "把 Pod 的发送限制为 {0} bit/s",
    "limits what pods send and receive where the runtime passes it a rate": (
        "如果运行时传来速率，就限制 Pod 的收发"
    ),
    "gives packets to beyond the pods' network the node's address (masquerading)": (
        "给发往 Pod 网络之外的报文换上节点的地址（地址伪装）"
    ),
    "asks {} for the pods' addresses": "向 {0} 请求 Pod 的地址",
    "asks host-local for the pods' addresses": "向 host-local 请求 Pod 的地址",
    "asks host-local for an address of {}": "向 host-local 请求地址：{0}",
    "{} ({} pods)": "{0}（{1} 个 Pod）",
    "{} ({} pods, gateway {})": "{0}（{1} 个 Pod，网关 {2}）",
    "{} (more than {} pods)": "{0}（多于 {1} 个 Pod）",
    "{} (more than {} pods, gateway {})": "{0}（多于 {1} 个 Pod，网关 {2}）",
    "routes to {}": "路由到 {0}",
    '"host-local" has no "ranges" and no "subnet": ADD fails, unless a program on the node writes'
    " them into the file": (
        '"host-local" 没有 "ranges" 也没有 "subnet"：ADD 会失败，除非节点上的程序把它们写进文件'
    ),
    '"{}" has to replace "{}" by a network of the node': '"{0}" 要把 "{1}" 换成节点的网络',
    "Write {}": "写成 {0}",
    '"dataDir" is relative, {}: leases are where the runtime runs': (
        '"dataDir" 是相对路径 {0}：租约放在运行时所在的目录'
    ),
    "Write an absolute path": "写绝对路径",
    '"static" refuses the address: {}': '"static" 拒绝这个地址：{0}',
    '"static" refuses the address {} without a prefix length': (
        '"static" 拒绝没有前缀长度的地址 {0}'
    ),
    'Write "{}/24", or the length of your network': '写成 "{0}/24"，或者你的网络的前缀长度',
    "CNI {} knows one IPv{} address a pod, and each set of ranges gives one, so ADD fails": (
        "CNI {0} 只允许每个 Pod 一个 IPv{1} 地址，而每组 ranges 各给一个，所以 ADD 会失败"
    ),
    'Set "cniVersion" to {} or later': '把 "cniVersion" 设为 {0} 或更高',
    "the gateway {} is the broadcast address of {}": "网关 {0} 是 {1} 的广播地址",
    "the gateway {} is outside of {}, so the kernel refuses the pods' route by it, and ADD fails": (
        "网关 {0} 在 {1} 之外，内核会拒绝 Pod 经过它的路由，所以 ADD 会失败"
    ),
    '"ipMasq" masquerades what pods of one of {} send to pods of another, which see the node\'s'
    " address": (
        '"ipMasq" 会对 {0} 中一个子网的 Pod 发往另一个子网的 Pod 的数据包做伪装，'
        "后者看到的是节点的地址"
    ),
    "a bridge holds one IPv4 gateway, and the ranges have {}, so that ADD fails with an address of"
    " another range": (
        "一个网桥只能有一个 IPv4 网关，而地址范围有 {0}，所以用另一范围的地址 ADD 会失败"
    ),
    "Write ranges of one subnet": "写同一子网的地址范围",
    "{} has no address but the gateway's, so ADD fails": "{0} 除网关之外没有地址，所以 ADD 会失败",
    '"isDefaultGateway" adds the default route that "routes" has, too: the second one to {} fails'
    " ADD": '"isDefaultGateway" 会加上 "routes" 里已有的默认路由：第二条到 {0} 的路由使 ADD 失败',
    'Leave the route out, or write "isGateway" in place of "isDefaultGateway"': (
        '去掉这条路由，或者把 "isDefaultGateway" 换成 "isGateway"'
    ),
    "the kernel refuses a route to {}, which has bits beyond its prefix": (
        "内核拒绝到 {0} 的路由：前缀之外还有非零位"
    ),
    "pods have no IPv{} default route: they reach their own network and the configured routes"
    " alone": "Pod 没有 IPv{0} 默认路由：只能到达自己的网络和配置的路由",
    'without "isGateway" the node does not hold the gateway {}: another machine on the bridge'
    " must": '没有 "isGateway"，节点上就没有网关 {0}：必须由网桥上的另一台机器担任',
    'it has no "name", without which a runtime refuses it; Multus alone takes the name of its'
    " NetworkAttachmentDefinition": (
        '没有 "name"，运行时会拒绝它；只有 Multus 使用 NetworkAttachmentDefinition 的名字'
    ),
    '"{}" changes the interface of an earlier plugin: the file is a part of a network, and fails'
    " as a network of its own": (
        '"{0}" 更改前一个插件的接口：这个文件只是网络的一部分，单独作为网络会失败'
    ),
    '"{}" stands twice in one object, and only the last one counts': (
        '"{0}" 在同一个对象里出现两次，只有最后一个有效'
    ),
    "Leave one of them out": "去掉其中一个",
    'a .conflist file has a list "plugins", and this one has the keys of a single plugin, so the'
    " runtime does not load it": (
        '.conflist 文件要有 "plugins" 列表，而这个文件是单个插件的键，所以运行时不会加载它'
    ),
    'Name it .conf, or put the plugin into "plugins"': '改名为 .conf，或者把插件放进 "plugins"',
    'a {} file has the "type" of a single plugin, and this one has a list "plugins", so'
    " containerd and CRI-O do not load it": (
        '{0} 文件要有单个插件的 "type"，而这个文件有 "plugins" 列表，所以 containerd 和 CRI-O 不会'
        "加载它"
    ),
    "Name it .conflist": "改名为 .conflist",
    'without "cniVersion" it is of CNI 0.1.0, whose results list no interfaces': (
        '没有 "cniVersion" 就是 CNI 0.1.0，它的结果不列出接口'
    ),
    "CNI has no version {}, so plugins refuse the configuration": (
        "CNI 没有版本 {0}，所以插件会拒绝这个配置"
    ),
    "The versions are {}": "版本有 {0}",
    '"plugins" must be a list with at least one plugin': '"plugins" 必须是至少有一个插件的列表',
    'plugin {} has no "type", the name of its program': '第 {0} 个插件没有 "type"，即程序的名字',
    '"type" is the name of a plugin, not a path: "{}"': '"type" 是插件的名字，不是路径："{0}"',
    '"{}" changes the interface of an earlier plugin, and none is before it, so ADD fails': (
        '"{0}" 更改前一个插件的接口，而它前面没有插件，所以 ADD 会失败'
    ),
    "Put it after the plugin that makes the pods' interface": "把它放在创建 Pod 接口的插件之后",
    '"{}" gives addresses and makes no interface': '"{0}" 只分配地址，不创建接口',
    'Name it in the "ipam" of a plugin that makes one': '把它写进创建接口的插件的 "ipam"',
    '"{}" and "{}" both make the pods\' interface, so the second one fails ADD': (
        '"{0}" 和 "{1}" 都创建 Pod 的接口，所以第二个使 ADD 失败'
    ),
    "Give each a configuration of its own": "给每个插件单独的配置",
    '{} does not read "{}" here: it belongs in "ipam"': '{0} 不在这里读取 "{1}"：它属于 "ipam"',
    '{} does not read "{}" here: it belongs beside "ipam", not in it': (
        '{0} 不在这里读取 "{1}"：它应与 "ipam" 并列，而不在其中'
    ),
    'Move it in "ipam"': '移到 "ipam" 里',
    'Move it beside "ipam", not in it': '移到与 "ipam" 并列的位置',
    'Did you mean "{}"?': '是不是想写 "{0}"？',
    '{} reads no key "{}"': '{0} 不读取键 "{1}"',
    '{} does not read "{}"': '{0} 不读取 "{1}"',
    "the runtime": "运行时",
    '"{}" has no "ipam" with a "type", so ADD fails': (
        '"{0}" 没有带 "type" 的 "ipam"，所以 ADD 会失败'
    ),
    'Write "{}": {}': '写成 "{0}": {1}',
    '"capabilities" must be an object': '"capabilities" 必须是对象',
    'the capability "{}" must be true or false': 'capability "{0}" 必须是 true 或 false',
    'no runtime knows the capability "{}"': '没有运行时认识 capability "{0}"',
    '"{}" knows no {} {}': '"{0}" 不认识 {1} {2}',
    "It knows {}": "它认识 {0}",
    '"hairpinMode" and "promiscMode" exclude each other, so ADD fails': (
        '"hairpinMode" 与 "promiscMode" 互斥，所以 ADD 会失败'
    ),
    '"ipMasq" has no effect without "isGateway": the node does not route for these pods': (
        '没有 "isGateway" 时 "ipMasq" 不起作用：节点不为这些 Pod 路由'
    ),
    'without an "ipam" pods get an interface and no address': '没有 "ipam"，Pod 有接口而没有地址',
    'without a "master" it takes the interface of the node\'s default route': (
        '没有 "master"，就使用节点默认路由的接口'
    ),
    'without "capabilities": {"portMappings": true} the runtime passes it no ports, and it does'
    " nothing": '没有 "capabilities": {{"portMappings": true}}，运行时不传端口，它什么也不做',
    'without rates and without "capabilities": {"bandwidth": true} it does nothing': (
        '没有速率，也没有 "capabilities": {{"bandwidth": true}}，它什么也不做'
    ),
    'the value of "{}" must be a text, so ADD fails': '"{0}" 的值必须是文本，所以 ADD 会失败',
    'Write "{}": "{}"': '写成 "{0}": "{1}"',
    '"tuning" sets no "{}": it takes names that begin with "net.", so ADD fails': (
        '"tuning" 不设置 "{0}"：它只接受以 "net." 开头的名字，所以 ADD 会失败'
    ),
    'releases of the reference plugins before {} ignore "{}"': '{0} 之前的参考插件会忽略 "{1}"',
    'without "hairpinMode" a pod does not reach itself by its own mapped port': (
        '没有 "hairpinMode"，Pod 无法经过自己的映射端口到达自己'
    ),
    "IPv6 needs an MTU of at least {}, so ADD of an IPv6 address fails with {}": (
        "IPv6 要求 MTU 至少为 {0}，所以 MTU 为 {1} 时 IPv6 地址的 ADD 会失败"
    ),
    "it is not UTF-8 text": "不是 UTF-8 文本",
    "it cannot be read: {}": "无法读取：{0}",
    "it is nested too deeply": "嵌套过深",
    "it is {}": "{0}",
    'its plugins are in files of their own, in the directory of its "name"': (
        '它的插件在各自的文件里，位于以 "name" 命名的目录'
    ),
    "it makes no interface for pods": "它不为 Pod 创建接口",
    "not JSON: {}": "不是 JSON：{0}",
    "Save the file without a byte order mark": "保存文件时不要带字节序标记（BOM）",
    "JSON has no comments: remove it": "JSON 没有注释：删掉它",
    "Remove the comma before the bracket": "删掉括号前的逗号",
    'Write texts between " and "': '文本要写在 " 和 " 之间',
    "Write a comma before it": "在它前面写一个逗号",
    "it is a template, with the placeholder {} in line {}: check the file that a program makes of"
    " it": "它是模板，第 {1} 行有占位符 {0}：请检查由它生成的文件",
    '"{}" must be {}, not {}': '"{0}" 必须是{1}，而不是 {2}',
    "a text": "文本",
    "a whole number": "整数",
    "true or false": " true 或 false",
    "a list": "列表",
    "an object": "对象",
    '"{}" must be text that can be printed: {}': '"{0}" 必须是可打印的文本：{1}',
    '"type" must be the name of a plugin, not a path: {}': '"type" 必须是插件的名字，不是路径：{0}',
    '"{}" must be true or false, not {}': '"{0}" 必须是 true 或 false，而不是 {1}',
    "the directory {} has no network configuration": "目录 {0} 里没有网络配置",
    "A runtime reads the files that end with {}": "运行时读取以 {0} 结尾的文件",
}
