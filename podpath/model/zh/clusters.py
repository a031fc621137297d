"""Sentences on clusters and fleets in Chinese. Pure."""

TEXTS = {
    "this user may not use {} ({})": "当前用户不能使用 {0}（{1}）",
    "Run podpath as root: sudo": "以 root 运行 podpath：sudo",
    "{} has no daemon running": "{0} 的守护进程没有运行",
    "Start it: systemctl start {}": "启动它：systemctl start {0}",
    "{} does not work: {}": "{0} 不能工作：{1}",
    "The node does not have podpath's pod image": "节点没有 podpath 的 Pod 镜像",
    "python -m podpath.nodes.image FILE writes it; push it where the node can pull it from, and"
    " name it with --podpath-image (--pod-image of podpath fleet)": (
        "用 python -m podpath.nodes.image FILE 写出它；推送到节点能拉取的地方，再用"
        " --podpath-image 指定（podpath fleet 的 --pod-image）"
    ),
    "kind could not create the cluster {}: {}": "kind 无法创建集群 {0}：{1}",
    "Name a node image that is there with --kind-image; without network, load one with docker"
    " load, and name the kind program with --kind-bin": (
        "用 --kind-image 指定存在的节点镜像；没有网络时用 docker load 导入，并用 --kind-bin 指定"
        " kind 程序"
    ),
    "Make room on the disk of the container engine": "在容器引擎的磁盘上腾出空间",
    "Free the port, or let kind choose one": "释放这个端口，或者让 kind 选择",
    "See whether the machine has 2 GiB of free memory, and the kernel what kind needs:"
    " https://kind.sigs.k8s.io/docs/user/known-issues": (
        "查看机器是否有 2 GiB 空闲内存，内核是否有 kind 需要的功能："
        "https://kind.sigs.k8s.io/docs/user/known-issues"
    ),
    "The node image does not start here: see https://kind.sigs.k8s.io/docs/user/known-issues": (
        "节点镜像在这里无法启动：见 https://kind.sigs.k8s.io/docs/user/known-issues"
    ),
    "has kind bring its own network plugin": "让 kind 使用自己的网络插件",
    "has no networks as podSubnet: {}": "的 podSubnet 不是网络：{0}",
    "Set networking.podSubnet": "设置 networking.podSubnet",
    "makes a cluster without IPv{}, and the conflist has {}": (
        "创建没有 IPv{0} 的集群，而 conflist 有 {1}"
    ),
    "Set networking.ipFamily: dual, and a podSubnet for each IP version": (
        "设置 networking.ipFamily: dual，并为每个 IP 版本设置 podSubnet"
    ),
    "gives pods {}, which does not hold the conflist's {}: kube-proxy would take pods for"
    " strangers": "给 Pod {0}，不包含 conflist 的 {1}：kube-proxy 会把 Pod 当成外来者",
    "Set networking.podSubnet to a network that holds {}": (
        "把 networking.podSubnet 设为包含 {0} 的网络"
    ),
    "its run wrote no report (exit status {}):\n{}": "它的运行没有写出报告（退出状态 {0}）：\n{1}",
    "the namespace {} is not gone after {} s": "{1} s 之后命名空间 {0} 仍在",
    "kubectl get namespace {} -o yaml says what it waits for": (
        "kubectl get namespace {0} -o yaml 会显示它在等什么"
    ),
    "its report does not verify: it was edited on its way": "它的报告未通过校验：途中被改动过",
    "its report is not as podpath writes it: {}": "它的报告不是 podpath 写的样子：{0}",
    "its log ends before the report; the last lines are:\n{}": (
        "它的日志在报告之前就结束了；最后几行：\n{0}"
    ),
    "its report came back in part: {} of {} lines of the log are missing": (
        "它的报告只收到一部分：日志缺少 {0}/{1} 行"
    ),
    "Raise containerLogMaxSize of the kubelet: it rotated the log of the Job's pod": (
        "调大 kubelet 的 containerLogMaxSize：它轮转了 Job 的 Pod 的日志"
    ),
    "its report was changed on its way: the checksum is another one": (
        "它的报告在途中被改动：校验和不同"
    ),
    "its report cannot be unpacked: {}": "无法解开它的报告：{0}",
    "its report has a file that it may not: {}": "它的报告里有不允许的文件：{0}",
    "{} cannot be written: {}": "无法写入 {0}：{1}",
    "Sonobuoy's worker mounts it; name it in {}": "Sonobuoy 的 worker 会挂载它；在 {0} 里指定",
    "{} is no {}": "{0} 不是 {1}",
    "Name another directory with -o": "用 -o 指定另一个目录",
    "{} is no JSON document: {}": "{0} 不是 JSON 文档：{1}",
    "Name the directory of podpath fleet run -o, or its fleet.json": (
        "指定 podpath fleet run -o 的目录，或者其中的 fleet.json"
    ),
    "kind needs a container engine, and {} is missing": "kind 需要容器引擎，而缺少 {0}",
    "Install Docker (Debian: apt-get install docker.io), or use --podpath-node embedded": (
        "安装 Docker（Debian：apt-get install docker.io），或者使用 --podpath-node embedded"
    ),
    "Docker Desktop runs its containers in a virtual machine, whose namespaces cannot be entered"
    " from here": "Docker Desktop 在虚拟机里运行容器，从这里无法进入它的命名空间",
    "Run podpath in a privileged pod of the cluster instead, with --podpath-node host: see"
    " docs/kubernetes.md": (
        "改在集群的特权 Pod 里运行 podpath，加上 --podpath-node host：见 docs/kubernetes.md"
    ),
    "{} has {} MiB of memory, and a kind cluster needs {}": (
        "{0} 有 {1} MiB 内存，而 kind 集群需要 {2}"
    ),
    "Give it more, or use --podpath-node embedded": (
        "给它更多内存，或者使用 --podpath-node embedded"
    ),
    "the node {} does not run: {}": "节点 {0} 没有运行：{1}",
    "{} {} did not end in {} s": "{0} {1} 在 {2} s 内没有结束",
    "See whether {} works": "查看 {0} 是否正常",
    "Correct --podpath-kind-existing: `kind get clusters` lists them": (
        "改正 --podpath-kind-existing：`kind get clusters` 会列出它们"
    ),
    "the node has no network configuration in /{}": "节点的 /{0} 里没有网络配置",
    "Name it with --podpath-cni-conf": "用 --podpath-cni-conf 指定",
    "podpath must enter the node's namespaces, as root": "podpath 要以 root 进入节点的命名空间",
    "process {} has no container runtime at {}, so this is no Kubernetes node, or a pod without"
    " hostPID": (
        "进程 {0} 在 {1} 没有容器运行时，所以这不是 Kubernetes 节点，或者是没有 hostPID 的 Pod"
    ),
    "it cannot be told which of the cluster's nodes this one, {}, is: {}": (
        "无法确定本节点 {0} 是集群的哪个节点：{1}"
    ),
    "Give the kubeconfig of this node's own cluster": "给出本节点所在集群的 kubeconfig",
    "the node's /{} cannot be read: {}": "无法读取节点的 /{0}：{1}",
    "podpath may not read {}: {}": "podpath 无权读取 {0}：{1}",
    "Run podpath as root on the node, or in a privileged pod with hostPID: true; see"
    " docs/kubernetes.md": (
        "在节点上以 root 运行 podpath，或者在 hostPID: true 的特权 Pod 里运行；见"
        " docs/kubernetes.md"
    ),
    "This root lacks CAP_SYS_PTRACE over process {}, as in a container": (
        "这个 root 对进程 {0} 没有 CAP_SYS_PTRACE，例如在容器里"
    ),
    "Run podpath on the node itself, or in a privileged pod with hostPID: true; see"
    " docs/kubernetes.md": (
        "在节点本身上运行 podpath，或者在 hostPID: true 的特权 Pod 里运行；见 docs/kubernetes.md"
    ),
    "the cluster has a network configuration of its own: {}": "集群有自己的网络配置：{0}",
    "Use a cluster that was made with networking.disableDefaultCNI: true": (
        "使用以 networking.disableDefaultCNI: true 创建的集群"
    ),
    "the conflist has CNI {}, but on the node, {}": "conflist 是 CNI {0}，但在节点上，{1}",
    "Write {}, or name a newer node with --kind-image": (
        "写成 {0}，或者用 --kind-image 指定更新的节点"
    ),
    "the plugin {} does not run on the node (exit status {}): {}": (
        "插件 {0} 无法在节点上运行（退出状态 {1}）：{2}"
    ),
    "Build it for the node's architecture and libc: statically, best": (
        "按节点的架构和 libc 构建它：最好静态链接"
    ),
    "{} could not be written on the node: {}": "无法在节点上写入 {0}：{1}",
    "the plugin {} hangs when it is asked for its version": "查询版本时插件 {0} 没有回应",
    "node {} is not ready after {} s:\n{}": "{1} s 之后节点 {0} 仍未就绪：\n{2}",
    "{} runs the node in another machine's namespaces: it says that the node is process {}, which"
    " is not so here": "{0} 在另一台机器的命名空间里运行节点：它说节点是进程 {1}，而这里不是",
    "the kind cluster {} has no node": "kind 集群 {0} 没有节点",
    "the kind configuration {} {}": "kind 配置 {0} {1}",
    "the kind configuration {} turns kind's own network off": (
        "kind 配置 {0} 关闭了 kind 自己的网络"
    ),
    "Remove networking.disableDefaultCNI": "删掉 networking.disableDefaultCNI",
    "the kind configuration {} has kind bring its own network plugin": (
        "kind 配置 {0} 让 kind 使用自己的网络插件"
    ),
    "Set networking.disableDefaultCNI: true": "设置 networking.disableDefaultCNI: true",
    "the Python package {} is missing": "缺少 Python 包 {0}",
    "pip install {}": "运行 pip install {0}",
    "the kind configuration {} cannot be read: {}": "无法读取 kind 配置 {0}：{1}",
    "See https://kind.sigs.k8s.io/docs/user/configuration": (
        "见 https://kind.sigs.k8s.io/docs/user/configuration"
    ),
    "the kind configuration {} does not exist": "kind 配置 {0} 不存在",
    "Name one with --podpath-kind-config": "用 --podpath-kind-config 指定",
    "{} is no program": "{0} 不是程序",
    "Correct --kind-bin": "改正 --kind-bin",
    "{} is too old: {}, and {} is the oldest that podpath works with": (
        "{0} 太旧：{1}，podpath 支持的最旧版本是 {2}"
    ),
    "Install kind {}: https://kind.sigs.k8s.io/docs/user/quick-start": (
        "安装 kind {0}：https://kind.sigs.k8s.io/docs/user/quick-start"
    ),
    "kind {} failed: {}": "kind {0} 失败：{1}",
    "kind {} did not end in {} s": "kind {0} 在 {1} s 内没有结束",
    "--podpath-node host tests the plugins that the node has, and installs none": (
        "--podpath-node host 测试节点已有的插件，不安装任何插件"
    ),
    "Leave out --podpath-cni-bin": "去掉 --podpath-cni-bin",
    "a cluster has one network, and the options name several": "集群只有一个网络，而选项指定了几个",
    "Give one of --podpath-kind-existing, --podpath-kind-apply, --podpath-kind-network": (
        "只给出 --podpath-kind-existing、--podpath-kind-apply、--podpath-kind-network 之一"
    ),
    "the namespace {} is not there, or no longer": "没有命名空间 {0}，或者它已经不在了",
    "the cluster has no node {}": "集群没有节点 {0}",
    "the connection to a command in a pod was lost before it ended": (
        "与 Pod 里命令的连接在它结束之前断开了"
    ),
    "the kubeconfig {} cannot be used: {}": "无法使用 kubeconfig {0}：{1}",
    "Name one with --kubeconfig": "用 --kubeconfig 指定",
    "podpath does not run in a pod with a service account: {}": (
        "podpath 不是在有 service account 的 Pod 里运行：{0}"
    ),
    "Name a kubeconfig with --kubeconfig": "用 --kubeconfig 指定 kubeconfig",
    "the API server refused to {} (status {}): {}": "API server 拒绝 {0}（状态 {1}）：{2}",
    "the API server {} did not answer, asked to {}: {}": "API server {0} 没有应答，请求是 {1}：{2}",
    "See whether the cluster runs, and the kubeconfig is its own": (
        "查看集群是否在运行，kubeconfig 是不是它的"
    ),
    "{} could not be run in pod {}: {}": "{0} 无法在 Pod {1} 里运行：{2}",
    "docs/kubernetes.md lists what podpath must be allowed to do": (
        "docs/kubernetes.md 列出了 podpath 需要的权限"
    ),
    "the namespace {} is gone: somebody deleted it": "命名空间 {0} 不在了：有人删除了它",
    "no container runtime listens on the node at {}": "节点上没有容器运行时监听 {0}",
    "the API server knows no pod {} any more": "API server 里已经没有 Pod {0}",
    "the node has no default route, and so no uplink": "节点没有默认路由，所以没有上联口",
    "the namespace {} has no service account after {} s": (
        "{1} s 之后命名空间 {0} 仍没有 service account"
    ),
    "See whether the cluster's controller manager runs": "查看集群的 controller manager 是否在运行",
    "the runtime has {} sandboxes for pod {}:\n{}": "运行时有 {0} 个 Pod {1} 的沙箱：\n{2}",
    "the node's interfaces cannot be listed: {}": "无法列出节点的接口：{0}",
    "pod {}: {}": "Pod {0}：{1}",
    "pod {} is not ready after {} s:\n{}": "{1} s 之后 Pod {0} 仍未就绪：\n{2}",
    "pod {} is not gone after {} s:\n{}": "{1} s 之后 Pod {0} 仍在：\n{2}",
    "the cluster's own network brings its plugins, and podpath installs none": (
        "集群自己的网络带来它的插件，podpath 不安装任何插件"
    ),
    "the node's conflist cannot be read: {}": "无法读取节点的 conflist：{0}",
    "the manifest {} does not exist": "清单文件 {0} 不存在",
    "Correct --podpath-kind-apply": "改正 --podpath-kind-apply",
    "the cluster's network is not installed after {} s: {}": "{0} s 之后集群的网络仍未装好：{1}",
    "See whether its images can be pulled: kubectl get pods --all-namespaces": (
        "查看能否拉取它的镜像：kubectl get pods --all-namespaces"
    ),
    "podpath makes no pod {} on a node that it visits": "podpath 不在它访问的节点上创建 Pod {0}",
    "podpath does not delete pod {} on a node that it visits": (
        "podpath 不删除它访问的节点上的 Pod {0}"
    ),
}
