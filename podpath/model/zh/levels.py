"""Whose rule a requirement is, in Chinese. Names of documents stay as they are. Pure."""

_JUDGEMENT = "podpath 自己的判断"
_SAME_WAY = "报文走这条路径是 podpath 自己的判断，依据插件文档对接线的说明"
_OF_MODEL = "Kubernetes 文档 The Kubernetes network model"
_UNDONE = "CNI 规范 1.1.0 第 2 节 DEL 建议撤销 ADD"

TEXTS = {
    "a specification or a documented contract requires it": "规范或公开的约定要求它",
    "a specification recommends it, and a plugin without it still conforms": (
        "规范建议它，不满足的插件仍然符合"
    ),
    "no specification requires it, but podpath does": "没有规范要求它，但 podpath 要求",
    "MUST since CNI {}, SHOULD before: {}": "CNI {0} 起为 MUST，之前为 SHOULD：{1}",
    "JUDGEMENT: {}": "JUDGEMENT：{0}",
    "MUST: {}": "MUST：{0}",
    "SHOULD: {}": "SHOULD：{0}",
    "podpath's own judgement: containerd and CRI-O name namespaces so, and plugins find them by"
    " it": (f"{_JUDGEMENT}：containerd 和 CRI-O 这样命名命名空间，插件据此找到它们"),
    "podpath's own judgement: a runtime asks for one interface, CNI_IFNAME, beside lo": (
        f"{_JUDGEMENT}：除 lo 之外，运行时只请求一个接口 CNI_IFNAME"
    ),
    "podpath's own judgement, from the documentation of the plugins bridge and ptp, and veth(4)": (
        f"{_JUDGEMENT}，依据插件 bridge 和 ptp 的文档以及 veth(4)"
    ),
    "podpath's own judgement, from the documentation of the plugin bridge (hairpinMode,"
    " portIsolation, vlan, vlanTrunk) and the kernel's defaults in bridge(8)": (
        f"{_JUDGEMENT}，依据插件 bridge 的文档（hairpinMode、portIsolation、vlan、vlanTrunk）"
        "和 bridge(8) 里内核的默认值"
    ),
    "podpath's own judgement, from the documentation of the plugin bridge: the bridge joins the"
    " containers' veths": f"{_JUDGEMENT}，依据插件 bridge 的文档：网桥连接容器的 veth",
    "podpath's own judgement, from RFC 4541, section 3: neighbour discovery must not be broken by"
    " snooping": f"{_JUDGEMENT}，依据 RFC 4541 第 3 节：snooping 不得破坏邻居发现",
    "podpath's own judgement, from the documentation of the plugin ptp, and the kernel's ip-sysctl,"
    " forwarding": f"{_JUDGEMENT}，依据插件 ptp 的文档和内核 ip-sysctl 的 forwarding",
    "podpath's own judgement: a documented mtu is a promise, and the kernel's bridges drop what is"
    " larger than the next interface's": (
        f"{_JUDGEMENT}：文档写明的 mtu 是承诺，而内核的网桥丢弃大于下一个接口 MTU 的报文"
    ),
    "podpath's own judgement; CNI specification 1.1.0, section 5, ADD Success, routes, requires"
    " those that are configured": (
        f"{_JUDGEMENT}；CNI 规范 1.1.0 第 5 节 ADD Success, routes 要求有配置的路由"
    ),
    "podpath's own judgement, as no configuration of the profile's plugins asks for a rule;"
    " ip-rule(8)": f"{_JUDGEMENT}，因为 profile 的插件没有任何配置要求规则；ip-rule(8)",
    "podpath's own judgement, from the documentation of the plugin loopback, and RFC 1122, section"
    " 3.2.1.3": f"{_JUDGEMENT}，依据插件 loopback 的文档和 RFC 1122 第 3.2.1.3 节",
    "podpath's own judgement: the kernel's ip-sysctl has them off, and no configuration asks for"
    " them": f"{_JUDGEMENT}：内核的 ip-sysctl 默认关闭它们，也没有配置要求它们",
    "podpath's own judgement, as no configuration of the profile's plugins asks for a hook; tc(8),"
    " nft(8)": f"{_JUDGEMENT}，因为 profile 的插件没有任何配置要求钩子；tc(8)、nft(8)",
    "podpath's own judgement, from the documentation of the plugins bridge, ptp and macvlan": (
        f"{_JUDGEMENT}，依据插件 bridge、ptp 和 macvlan 的文档"
    ),
    "podpath's own judgement, from the kernel's defaults in bridge(8) and ip-link(8): learning,"
    " ageing_time": (
        f"{_JUDGEMENT}，依据 bridge(8) 和 ip-link(8) 里内核的默认值：learning、ageing_time"
    ),
    "Kubernetes documentation, The Kubernetes network model, requires that pods reach each other;"
    " that packets take this path is podpath's own judgement, from how the plugin documents its"
    " wiring": f"{_OF_MODEL} 要求 Pod 能互相到达；{_SAME_WAY}",
    "Kubernetes documentation, The Kubernetes network model, is about pods, whose containers share"
    " one network namespace; that only the namespace decides the path is podpath's own judgement": (
        f"{_OF_MODEL} 讲的是 Pod，其容器共用一个网络命名空间；只有命名空间决定路径，这是 podpath"
        " 自己的判断"
    ),
    "podpath's own judgement, from RFC 826, RFC 4861, and how the plugin documents its wiring": (
        f"{_JUDGEMENT}，依据 RFC 826、RFC 4861 和插件文档对接线的说明"
    ),
    "podpath's own judgement: bridges learn (IEEE 802.1D), so that strangers see nothing": (
        f"{_JUDGEMENT}：网桥会学习（IEEE 802.1D），所以旁观者什么也看不到"
    ),
    "Kubernetes documentation, The Kubernetes network model, forbids translated addresses; that"
    " nothing else changes is podpath's own judgement, from RFC 791, RFC 8200 and IEEE 802.1D": (
        f"{_OF_MODEL} 禁止地址转换；其他内容也不变，是 podpath 自己的判断，依据 RFC 791、RFC 8200"
        " 和 IEEE 802.1D"
    ),
    "podpath's own judgement, from RFC 1191 and RFC 8201: who sends too much is told at once": (
        f"{_JUDGEMENT}，依据 RFC 1191 和 RFC 8201：报文过大时要立即通知发送者"
    ),
    "podpath's own judgement: the kernel's table local leads to lo, unless something changed it": (
        f"{_JUDGEMENT}：内核的 local 表指向 lo，除非有东西改了它"
    ),
    "Kubernetes documentation, The Kubernetes network model, requires that a node and its pods"
    " reach each other; that packets take this path is podpath's own judgement, from how the plugin"
    " documents its wiring": f"{_OF_MODEL} 要求节点与它的 Pod 能互相到达；{_SAME_WAY}",
    "podpath's own judgement; CNI specification 1.1.0, section 2, DEL, recommends that ADD is"
    " undone": f"{_JUDGEMENT}；{_UNDONE}",
    "podpath's own judgement: a call is about its own attachment (CNI specification 1.1.0, section"
    " 3)": f"{_JUDGEMENT}：一次调用只涉及它自己的 attachment（CNI 规范 1.1.0 第 3 节）",
    "podpath's own judgement; CNI specification 1.1.0, section 2, ADD and DEL: an attachment lasts"
    " until its DEL": (
        f"{_JUDGEMENT}；CNI 规范 1.1.0 第 2 节 ADD 和 DEL：attachment 一直存在到它的 DEL"
    ),
    "podpath's own judgement, from RFC 5227, section 3, and RFC 4861, section 7.2.6, on"
    " announcements": f"{_JUDGEMENT}，依据 RFC 5227 第 3 节和 RFC 4861 第 7.2.6 节关于通告的规定",
    "podpath's own judgement, from containernetworking/cni, pkg/types/args.go, IgnoreUnknown, which"
    " the runtimes of Kubernetes set": (
        f"{_JUDGEMENT}，依据 containernetworking/cni 的 pkg/types/args.go 里的 IgnoreUnknown，"
        "Kubernetes 的运行时都设置它"
    ),
    "podpath's own judgement; CNI specification 1.1.0, section 3: attachments of different"
    " containers are independent of each other, and DEL undoes an ADD that failed": (
        f"{_JUDGEMENT}；CNI 规范 1.1.0 第 3 节：不同容器的 attachment 互相独立，DEL 撤销失败的 ADD"
    ),
    "podpath's own judgement; CNI specification 1.1.0, section 2, Errors, and section 3: DEL undoes"
    " an ADD that failed": (
        f"{_JUDGEMENT}；CNI 规范 1.1.0 第 2 节 Errors 和第 3 节：DEL 撤销失败的 ADD"
    ),
    "CNI specification 1.1.0, section 2, Errors: the exit status must, and the document should"
    " (until 0.4.0: must); that both are required is podpath's own judgement": (
        "CNI 规范 1.1.0 第 2 节 Errors：退出状态是 must，文档是 should（0.4.0 及以前：must）；"
        "两者都要求，是 podpath 自己的判断"
    ),
    "CNI specification 1.1.0, section 2, DEL, recommends that ADD is undone; that it is required is"
    " podpath's own judgement": f"{_UNDONE}；要求它，是 podpath 自己的判断",
    "CNI specification 1.1.0, section 2, DEL, recommends it; that it is required is podpath's own"
    " judgement": "CNI 规范 1.1.0 第 2 节 DEL 建议它；要求它，是 podpath 自己的判断",
    "CNI specification 1.1.0, section 2, DEL: success must, and the rest should; that both are"
    " required is podpath's own judgement": (
        "CNI 规范 1.1.0 第 2 节 DEL：成功是 must，其余是 should；两者都要求，是 podpath 自己的判断"
    ),
    "containernetworking/cni, CONVENTIONS.md, portMappings: ports of the node lead to the"
    " container; documentation of the plugin portmap: which senders it masquerades, which is"
    " podpath's own judgement for other plugins": (
        "containernetworking/cni 的 CONVENTIONS.md 的 portMappings：节点的端口通向容器；"
        "插件 portmap 的文档说明它对哪些发送者做地址伪装，对其他插件则是 podpath 自己的判断"
    ),
    "podpath's own judgement: the specification has no limit": f"{_JUDGEMENT}：规范没有规定时限",
}
