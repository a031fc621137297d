"""Sentences on nodes, pods and their runtime in Chinese. Pure."""

TEXTS = {
    "the plugin did not finish {} in {} s": "插件在 {1} s 内没有完成 {0}",
    "the node has ended: its {} {}": "节点已结束：它的 {0} {1}",
    "exited with status {}": "以状态 {0} 退出",
    "was killed by {}": "被 {0} 杀死",
    "the script {} of --podpath-node-setup {}:\n{}": "--podpath-node-setup 的脚本 {0} {1}：\n{2}",
    "Correct --podpath-node-setup": "改正 --podpath-node-setup",
    "the script {} hides {}, where podpath puts the plugins": (
        "脚本 {0} 遮住了 {1}，podpath 把插件放在那里"
    ),
    "Mount nothing above it: all directories of the node can be written to as they are": (
        "不要在它之上挂载任何东西：节点的所有目录本来就可以写"
    ),
    'no kind of node has the name "{}"; there are: {}': "没有名为 “{0}” 的节点种类；有：{1}",
    "Give --podpath-patience {} on a slow machine": "机器较慢时加上 --podpath-patience {0}",
    "The limit is podpath's own": "这个时限是 podpath 自己的",
    "Give --podpath-patience {} on a slow machine, or for a plugin that is slow by design": (
        "机器较慢，或者插件本来就慢时，加上 --podpath-patience {0}"
    ),
    "Please report this": "请报告这个问题",
    "no namespace could be made on the node: {}": "无法在节点上创建命名空间：{0}",
    "{} failed on the node: {}": "{0} 在节点上失败：{1}",
    "pods' {} networks have no address to request": "Pod 的 {0} 网络没有可请求的地址",
    "without a limit, a transfer has {} Mbit/s, which is too little to see one of {} Mbit/s": (
        "没有限制时传输只有 {0} Mbit/s，不足以看出 {1} Mbit/s 的限制"
    ),
    "Run it on a machine that does less besides": "在更空闲的机器上运行",
    "the conflist does not say which {} addresses pods may have": (
        "conflist 没有说明 Pod 可以有哪些 {0} 地址"
    ),
    "Name a range in the IPAM section": "在 IPAM 部分写出地址范围",
    "the links of {}: {}": "{0} 的链路：{1}",
    "the routes of {}: {}": "{0} 的路由：{1}",
    "the state of a node could not be copied: {}": "无法复制节点的状态：{0}",
    'the plugin "{}" is not on the node, in none of {}': '插件 "{0}" 不在节点上，也不在 {1} 里',
    "nothing can stand in on the node: {}": "节点上无法放置替身：{0}",
    "{} of {} failed: {}": "{1} 的 {0} 失败：{2}",
    "no result and no route of a pod names an IPv{} gateway": (
        "Pod 的结果和路由都没有提到 IPv{0} 网关"
    ),
    "the runtime's copy of the plugin's result is {}": "运行时保存的插件结果是 {0}",
    "the runtime's copy of the plugin's result: {}": "运行时保存的插件结果：{0}",
    "the container of pod {} was not started again in {} s": (
        "Pod {0} 的容器在 {1} s 内没有重新启动"
    ),
    "the node does not reach the Service {} of pod {} after {} s": (
        "{2} s 之后节点仍无法到达 Pod {1} 的 Service {0}"
    ),
    "See whether kube-proxy runs on this node": "查看这个节点上 kube-proxy 是否在运行",
    "Repeat the test while fewer pods come and go": "在 Pod 变动较少时重新测试",
    "the node's files could not be read: {}": "无法读取节点的文件：{0}",
    "the kernel does not list the connections that it tracks: {}": "内核没有列出它跟踪的连接：{0}",
    "IPAM gave {} instead of {} again": "IPAM 给了 {0}，而没有再次给 {1}",
    "the server does not remember {}, which it had talked to": "server 不记得与它通信过的 {0}",
    "no rules could be made on the node: {}": "无法在节点上创建规则：{0}",
    "wget in pod {} was not run: {}": "Pod {0} 里的 wget 没有运行：{1}",
    "wget in pod {} did not end by itself: {}": "Pod {0} 里的 wget 没有自行结束：{1}",
    "the connections of pod {} could not be read: {}": "无法读取 Pod {0} 的连接：{1}",
    "ping did not begin in pod {}": "Pod {0} 里的 ping 没有开始",
    "the node's namespaces cannot be listed: {}": "无法列出节点的命名空间：{0}",
    "{} on the node did not end in {} s": "节点上的 {0} 在 {1} s 内没有结束",
    "{} did not end in {} s": "{0} 在 {1} s 内没有结束",
    "the node's interfaces could not be read: {}": "无法读取节点的接口：{0}",
    "containerd could not {}: {}": "containerd 无法 {0}：{1}",
    "containerd does not say which network namespace a sandbox has": (
        "containerd 没有说明沙箱的网络命名空间"
    ),
    "the runtime has loaded no conflist, so it never called the plugin: {}": (
        "运行时没有加载 conflist，所以从未调用插件：{0}"
    ),
    'Look for "failed to load cni" in the runtime\'s log': (
        "在运行时的日志里查找 “failed to load cni”"
    ),
    "containerd's verbose information is not a JSON object": "containerd 的详细信息不是 JSON 对象",
    "containerd does not say which process container {} is": (
        "containerd 没有说明容器 {0} 是哪个进程"
    ),
    "containerd did not finish {} in {} s, and no plugin was running": (
        "containerd 在 {1} s 内没有完成 {0}，而没有插件在运行"
    ),
    "containerd does not say which conflists it has loaded: {}": (
        "containerd 没有说明它加载了哪些 conflist：{0}"
    ),
    "containerd does not list the image {} that it imported": "containerd 没有列出它导入的镜像 {0}",
    "{}. That was during {}": "{0}。当时正在 {1}",
    "{} keeps no configuration of its delegate at {}: {}": (
        "{0} 没有在 {1} 保存被委托插件的配置：{2}"
    ),
    "there is a pod {} already": "已经有 Pod {0} 了",
    "Choose another name": "换一个名字",
    "pod {} does not listen on {} after {} s": "{2} s 之后 Pod {0} 仍没有监听 {1}",
    "there is no pod {}, or no longer": "没有 Pod {0}，或者它已经不在了",
    "processes of a submission did not end in {} s": "提交的进程在 {0} s 内没有结束",
    "a guest cannot get cgroups of its own: {}": "客体无法得到自己的 cgroup：{0}",
    "the node {} cannot be kept": "节点 {0} 无法保留",
    "Use pytest --pdb": "使用 pytest --pdb",
    "the node's namespaces were not ready in {} s": "节点的命名空间在 {0} s 内没有就绪",
    "the node's namespaces could not be made: {}": "无法创建节点的命名空间：{0}",
    "the embedded node did not end in {} s": "embedded 节点在 {0} s 内没有结束",
    "Its cgroups are named podpath-*; the next run removes them": (
        "它的 cgroup 名为 podpath-*；下次运行会删除它们"
    ),
    "what the node's uplink leads to is not known": "不知道节点的上联口通向哪里",
    "containerd did not load the conflist of network {} in {} s. The end of its log:\n{}": (
        "containerd 在 {1} s 内没有加载网络 {0} 的 conflist。日志的结尾：\n{2}"
    ),
    "containerd did not start again in {} s": "containerd 在 {0} s 内没有重新启动",
    "containerd does not load the conflist, so it never calls the plugin: {}": (
        "containerd 不加载这个 conflist，所以从不调用插件：{0}"
    ),
    "Correct the conflist, or use a release of the runtime that reads it": (
        "改正 conflist，或者使用能读它的运行时版本"
    ),
    "containerd did not take the pod image: {}": "containerd 没有接受 Pod 镜像：{0}",
    "containerd did not take the pod image in {} s": "containerd 在 {0} s 内没有接受 Pod 镜像",
    "{} starts no container on the embedded node, which has fewer rights than the host: {}": (
        "{0} 在 embedded 节点上没有启动容器，这个节点的权限比主机少：{1}"
    ),
    "Install another release of runc, or crun": "安装 runc 的另一个版本，或者 crun",
    "containerd did not answer in {} s ({}). The end of its log:\n{}": (
        "containerd 在 {0} s 内没有应答（{1}）。日志的结尾：\n{2}"
    ),
    "the script {} does not name its interpreter in its first line": (
        "脚本 {0} 的第一行没有写解释器"
    ),
    "Begin it with #!/bin/sh, or with another interpreter": "以 #!/bin/sh 或别的解释器开头",
    "Correct the script, which ran as root on the node": "改正脚本，它是以 root 在节点上运行的",
    "the conflist names the interface {}, which the embedded node does not have": (
        "conflist 提到接口 {0}，而 embedded 节点没有它"
    ),
    "Name {}, or make {} with --podpath-node-setup": (
        "改用 {0}，或者用 --podpath-node-setup 创建 {1}"
    ),
    "a plugin of the conflist uses the daemon {}, which listens on {}, and the embedded node does"
    " not run it": "conflist 的一个插件使用守护进程 {0}（监听 {1}），而 embedded 节点没有运行它",
    "Start {} with --podpath-node-setup, or leave it out of the conflist": (
        "用 --podpath-node-setup 启动 {0}，或者从 conflist 里去掉它"
    ),
    "the script {} cannot be read: {}": "无法读取脚本 {0}：{1}",
    "the script {} left no result on the node: {}": "脚本 {0} 没有在节点上留下结果：{1}",
    "no node {} stands here, or it has ended": "这里没有节点 {0}，或者它已经结束",
    "a program on the node cannot make pods there": "节点上的程序不能在那里创建 Pod",
    "Start it outside of the node": "在节点之外启动它",
    "the record of a standing node cannot be read: {}": "无法读取现有节点的记录：{0}",
    "Use the podpath that started it": "使用启动它的那个 podpath",
    "the node does not forward: {} is 0, and the profile {} leaves it to the administrator": (
        "节点不转发：{0} 为 0，而 profile {1} 把它留给管理员"
    ),
    "Run on the node: sysctl -w {}": "在节点上运行：sysctl -w {0}",
    "the node could not be looked at: {}": "无法查看节点：{0}",
    "the node's inventory could not be read: {}": "无法读取节点的清单：{0}",
    "the node lacks {}, and the plugin expects it: {}": "节点缺少 {0}，而插件需要它：{1}",
    "If real nodes have it, make it with --podpath-node-setup": (
        "如果真实的节点有它，就用 --podpath-node-setup 创建"
    ),
    "IPAM does not say at {} which address it gave last": "IPAM 没有在 {0} 说明最后分配了哪个地址",
    "the command of {} failed on the node: {}": "{0} 的命令在节点上失败：{1}",
    "the command of {} printed {}": "{0} 的命令输出了 {1}",
    "Let it print lines of an address, a container id and the interface": (
        "让它每行输出地址、容器 id 和接口"
    ),
    "the lease {} cannot be read: {}": "无法读取租约 {0}：{1}",
    "the node's links cannot be listed: {}": "无法列出节点的链路：{0}",
    "containerd's addresses of pod {}: {}": "containerd 记录的 Pod {0} 的地址：{1}",
}
