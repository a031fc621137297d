"""LIFE in Chinese: title, sentence and usual cause of each requirement."""

TEXTS = {
    "LIFE-ADD": (
        "ADD 为 Pod 接入网络",
        "ADD 及时为每个新 Pod 接入网络，并且不改动节点的上联口。",
        "插件或它调用的程序失败或没有结束：报错信息会指出是哪一个。",
    ),
    "LIFE-DELETE": (
        "删除 Pod 后不留残余",
        "Pod 删除后，插件为它创建的一切都从节点上消失。",
        "DEL 漏掉了 ADD 创建的某些东西。",
    ),
    "LIFE-CHURN": (
        "十几个 Pod 来去后不留残余",
        "先后创建并删除十二个 Pod 之后，节点与之前完全一样。",
        "DEL 偶尔漏掉某些东西，或者错误地减少了引用计数。",
    ),
    "LIFE-OTHERS": (
        "Pod 增减不影响其他 Pod",
        "创建和删除 Pod 不会改变其他 Pod 的接线和路径，也不会改变节点自己的接口。",
        "ADD 或 DEL 动了其他接口、端口或规则，或者网桥的 MAC 地址发生变化。",
    ),
    "LIFE-SURVIVOR": (
        "已建立的传输不被中断",
        "创建和删除 Pod 不会干扰另外两个 Pod 之间已建立的传输。",
        "ADD 或 DEL 改动了网桥或规则，使其他 Pod 的报文被丢弃。",
    ),
    "LIFE-PERSIST": (
        "ADD 之后接线保持不变",
        "没有 Pod 创建或删除时，ADD 设置的接口、规则和地址租约保持不变。",
        "别的程序改动了接口、规则或租约：udev、NetworkManager、firewalld、清理租约的程序或其他网络的守护进程。",
    ),
    "LIFE-REUSE": (
        "重用的 IP 立即可用",
        "重用 IP 的 Pod 立即可达，即使对端还记得旧的 MAC 地址。",
        "没有通告新 Pod 的地址（gratuitous ARP，免费 ARP）。",
    ),
    "LIFE-PORTMAP": (
        "Pod 删除后端口映射失效",
        "带端口映射的 Pod 删除后，节点拒绝这些端口，直到另一个 Pod 使用它们。",
        "DEL 找不到 ADD 创建的规则，漏掉了某个协议或 IP 版本的规则，或者连接跟踪条目还在。",
    ),
    "LIFE-BANDWIDTH": (
        "Pod 删除后限速一并消失",
        "有限速的容器删除后，限速的一切都不再存在。",
        "DEL 没有删除限制容器发送的接口（ifb）。",
    ),
    "LIFE-RESTART": (
        "运行时重启不影响 Pod",
        "容器运行时重启，不会改变正在运行的 Pod 的网络。",
        "网络的一部分是随运行时结束的进程，或者只在它启动时设置。",
    ),
    "LIFE-REBOOT": (
        "重启节点后新 Pod 正常启动",
        "节点重启后，新 Pod 能接入网络，DEL 能释放已丢失 Pod 的资源。",
        "插件相信磁盘上的状态，而内核里已经没有了；或者没有内核状态 DEL 就失败。",
    ),
    "LIFE-PARALLEL": (
        "并行创建的 Pod 全部正确",
        "并行创建和删除的 Pod 互不冲突，接线正确，不留残余。",
        "竞争条件：创建网桥时、IPAM 的锁，或者规则。",
    ),
}
