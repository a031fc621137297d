"""Needs of a run in Chinese: `podpath doctor`, and what stands in the way of a run. Pure."""

TEXTS = {
    "Give --podpath-cni-conf a CNI conflist, such as {}": (
        "用 --podpath-cni-conf 指定 CNI conflist，例如 {0}"
    ),
    "Correct it; a valid example is {}": "改正它；正确的例子：{0}",
    "Did you mean {}?": "是不是想写 {0}？",
    "There are: {}": "有：{0}",
    "did you mean {}?": "是不是想写 {0}？",
    "ok": "正常",
    "MISSING": "缺少",
    "yes": "是",
    "is missing": "未安装",
    "CNI version": "CNI 版本",
    "VLAN filtering": "VLAN 过滤",
    "node setup": "节点准备脚本",
    "plugin directory": "插件目录",
    "plugin directories": "插件目录",
    "plugin {}": "插件 {0}",
    "known deviations": "已知偏差",
    "releases": "版本",
    "address ranges": "地址范围",
    "profile": "profile",
    "paths": "路径",
    "known": "已知",
    "large enough": "足够大",
    "know all keys": "认识所有的键",
    "report": "报告",
    "{} of these plugins, {}": "这些插件的 {0} 项，{1}",
    "file system {}": "文件系统 {0}",
    "interface {}": "接口 {0}",
    "the node has it, or its script names it": "节点有它，或者节点的脚本提到它",
    "daemon {}": "守护进程 {0}",
    "the node's script names it": "节点的脚本提到它",
    "link {}": "链路类型 {0}",
    "kind configuration": "kind 配置",
    "kind's file": "kind 的文件",
    "suits": "合适",
    "cluster": "集群",
    "container engine": "容器引擎",
    "node": "节点",
    "pod image": "Pod 镜像",
    "Python package {}": "Python 包 {0}",
    "yes, of process {}": "是，属于进程 {0}",
    "{}, to be loaded into the node": "{0}，将导入节点",
    "{} installs {}": "{0} 会安装 {1}",
    "podpath can test on the {} node": "podpath 可以在 {0} 节点上测试",
    "podpath cannot test on the {} node: {} of these must be mended first": (
        "podpath 无法在 {0} 节点上测试：先要解决以上 {1} 项"
    ),
    "podpath could not test: ": "podpath 无法测试：",
    "{} things stand in the way:": "有 {0} 个障碍：",
    "missing on this system: {}": "本系统缺少：{0}",
    "{} (or {})": "{0}（或者 {1}）",
    "On {}, as root: {}": "在 {0} 上以 root 运行：{1}",
    "{}; On {}, as root: {}": "{0}；在 {1} 上以 root 运行：{2}",
    "--podpath-node-setup prepares the embedded node, not the {} node": (
        "--podpath-node-setup 用来准备 embedded 节点，而不是 {0} 节点"
    ),
    "Leave it out, and prepare the node itself": "去掉它，直接准备节点本身",
    "podpath must make namespaces, and so needs root": "podpath 要创建命名空间，所以需要 root",
    "Run it with sudo": "用 sudo 运行",
    "the plugin directory {} does not exist": "插件目录 {0} 不存在",
    "Correct --podpath-cni-bin": "改正 --podpath-cni-bin",
    '{} has "{}", and the paths of the profile {} are those without it': (
        '{0} 有 "{1}"，而 profile {2} 的路径是没有它时的'
    ),
    '{} does not have "{}", and the paths of the profile {} are those with it': (
        '{0} 没有 "{1}"，而 profile {2} 的路径是有它时的'
    ),
    "Give --podpath-profile one that has the paths of packets then, or leave it out": (
        "用 --podpath-profile 指定有这种路径的 profile，或者去掉它"
    ),
    "{} asks for mode {}, and the paths of the profile {} are those of mode {}": (
        "{0} 要求模式 {1}，而 profile {2} 的路径是模式 {3} 的"
    ),
    "Give --podpath-profile one that says which way packets take in that mode": (
        "用 --podpath-profile 指定说明该模式下报文路径的 profile"
    ),
    '"{}" of the plugin "{}" came with release {}, and {} is of release {}, which does not know'
    " it": '插件 "{1}" 的 "{0}" 从 {2} 版开始才有，而 {3} 是 {4} 版，不认识它',
    "Use release {} or later with --podpath-cni-bin, or leave the key out": (
        "用 --podpath-cni-bin 指定 {0} 或更高的版本，或者去掉这个键"
    ),
    'the IPAM plugin "static" of {} gives each pod the same addresses; the suite needs {}'
    " different ones": '{0} 的 IPAM 插件 "static" 给每个 Pod 相同的地址；测试需要 {1} 个不同的地址',
    'the IPAM plugin "static" of {} gives each pod what its runtime requests, and containerd'
    " requests none; the suite needs {} different ones": (
        '{0} 的 IPAM 插件 "static" 按运行时的请求给地址，而 containerd 不请求；测试需要 {1} 个不同'
        "的地址"
    ),
    "Test the other plugins of the chain with host-local in its place": (
        "用 host-local 代替它来测试链上其他插件"
    ),
    "the IPv{} range of {} has {} addresses for pods, and the suite needs {}": (
        "{1} 的 IPv{0} 地址范围只有 {2} 个 Pod 地址，而测试需要 {3} 个"
    ),
    "the IPv{} set of ranges of {} has {} addresses for pods, and the suite needs {}": (
        "{1} 的一组 IPv{0} 地址范围只有 {2} 个 Pod 地址，而测试需要 {3} 个"
    ),
    "the ranges of {} have the IPv4 gateways {}, and a bridge holds one: ADD fails with an address"
    " of another range": (
        "{0} 的地址范围有 IPv4 网关 {1}，而一个网桥只能有一个：用另一范围的地址 ADD 会失败"
    ),
    'a set of ranges of {} has the subnets {}, and "ipMasq" masquerades what pods of one send to'
    " pods of another": (
        '{0} 的一组地址范围有子网 {1}，而 "ipMasq" 会对其中一个子网的 Pod 发往另一个子网的 Pod '
        "的数据包做伪装"
    ),
    'Write ranges of one subnet, or leave "ipMasq" out': '写同一子网的地址范围，或去掉 "ipMasq"',
    "Use a larger subnet or range": "使用更大的子网或地址范围",
    "the report directory {} is not writable: {}": "报告目录 {0} 不可写：{1}",
    "Name a writable directory with --podpath-report": "用 --podpath-report 指定可写的目录",
    'this kernel has no file system "{}"': "这个内核没有文件系统 “{0}”",
    "Load it: modprobe {}": "加载它：modprobe {0}",
    'this kernel cannot make a link of type "{}" ({})': (
        "这个内核无法创建类型为 “{0}” 的链路（{1}）"
    ),
    "this kernel cannot filter VLANs on a bridge ({})": "这个内核无法在网桥上过滤 VLAN（{0}）",
    "Use a kernel built with CONFIG_BRIDGE_VLAN_FILTERING, as those of distributions are": (
        "使用带 CONFIG_BRIDGE_VLAN_FILTERING 编译的内核，发行版的内核都是"
    ),
    "no network namespace can be made ({})": "无法创建网络命名空间（{0}）",
    "no network namespace could be made: {}": "无法创建网络命名空间：{0}",
    "Run as root with all capabilities (in a container: --privileged)": (
        "以拥有全部 capability 的 root 运行（容器里：--privileged）"
    ),
    'this kernel cannot make the queueing discipline "{}" ({})': (
        "这个内核无法创建排队规则 “{0}”（{1}）"
    ),
    "Use a kernel with sch_tbf and sch_ingress, as the bandwidth plugin needs them": (
        "使用有 sch_tbf 和 sch_ingress 的内核，bandwidth 插件需要它们"
    ),
    "podpath cannot install {}": "podpath 无法安装 {0}",
    "{} failed:\n{}": "{0} 失败：\n{1}",
    "Install them by hand": "请手动安装",
    "{} is missing": "缺少 {0}",
    'the CNI plugin "{}" is in none of {}': 'CNI 插件 "{0}" 不在这些目录里：{1}',
    "Name its directory with --podpath-cni-bin, or correct the conflist": (
        "用 --podpath-cni-bin 指定它的目录，或者改正 conflist"
    ),
    "Name its directory with --podpath-cni-bin, or correct the conflist; {}": (
        "用 --podpath-cni-bin 指定它的目录，或者改正 conflist；{0}"
    ),
    "the CNI plugin {} is not executable": "CNI 插件 {0} 不可执行",
    "chmod +x {}": "运行 chmod +x {0}",
    "libpcap is missing": "缺少 libpcap",
    "Install it (Debian: apt-get install libpcap0.8)": (
        "安装它（Debian：apt-get install libpcap0.8）"
    ),
    "python -O with --assert=plain leaves no check": "python -O 加上 --assert=plain 就没有检查了",
    "Drop one of them": "去掉其中一个",
    "the conflist {} cannot be read: {}": "无法读取 conflist {0}：{1}",
    "{} is not a usable conflist: nested too deeply": "{0} 不是可用的 conflist：嵌套过深",
    "{} is not a usable conflist: {}": "{0} 不是可用的 conflist：{1}",
    'no profile covers the plugin type "{}"': '没有 profile 涵盖插件类型 "{0}"',
    "If it wires pods as a known plugin does, name that profile, for example --podpath-profile"
    " bridge (there are {}); otherwise write one, see docs/new-profile.md": (
        "如果它像已知的插件那样给 Pod 接线，就指定那个 profile，例如 --podpath-profile bridge（有"
        " {0}）；否则自己写一个，见 docs/new-profile.md"
    ),
    'there is no profile "{}", and no such file': '没有 profile "{0}"，也没有这个文件',
    "Give --podpath-profile a file, or one of: {}": (
        "给 --podpath-profile 一个文件，或者其中之一：{0}"
    ),
    "the profile {} is malformed: {}": "profile {0} 格式有误：{1}",
    "See docs/profiles.md": "见 docs/profiles.md",
    'the profile {} has no path of the kind "{}"': "profile {0} 没有 “{1}” 类的路径",
    "the directory {} cannot be read: {}": "无法读取目录 {0}：{1}",
    "the plugin {} cannot be read: {}": "无法读取插件 {0}：{1}",
    "--podpath-deviations-like {} is not understood": "无法理解 --podpath-deviations-like {0}",
    "Write TYPE=REFERENCE, with a plugin of the conflist ({}) and one of {}": (
        "写成 TYPE=REFERENCE，TYPE 是 conflist 的插件（{0}），REFERENCE 是 {1} 之一"
    ),
    "--podpath-implementation {} is not understood": "无法理解 --podpath-implementation {0}",
    "Write KEY=TEXT, with one of {}": "写成 KEY=TEXT，KEY 是 {0} 之一",
    "podpath of [tool] in {} is no table": "{0} 里 [tool] 的 podpath 不是表",
    "Write [tool.podpath]": "写成 [tool.podpath]",
    "{} = {} of [tool.podpath] in {} is not understood": (
        "无法理解 {2} 里 [tool.podpath] 的 {0} = {1}"
    ),
    "It may have these keys, with texts: {}": "它可以有这些键，值为文本：{0}",
    "{} cannot be read: {}": "无法读取 {0}：{1}",
    "Correct it": "改正它",
    "the deviations file {} is malformed: nested too deeply": "偏差文件 {0} 格式有误：嵌套过深",
    "the deviations file {} is malformed: {}": "偏差文件 {0} 格式有误：{1}",
    "{} names the unknown requirement {}": "{0} 提到未知的要求 {1}",
    "{} waives ipv6, and pods have no other addresses": "{0} 放弃 ipv6，而 Pod 没有别的地址",
    '{} claims the feature "{}", but {}': "{0} 声明特性 “{1}”，但 {2}",
    "Leave out +{}, or configure {}": "去掉 +{0}，或者配置 {1}",
    "{} {} is not understood": "无法理解 {0} {1}",
    "Write +{} or -{}": "写成 +{0} 或 -{1}",
    "{} {}: the core is always tested": "{0} {1}：core 总是要测试的",
    "Select tests with pytest's -k": "用 pytest 的 -k 选择测试",
    '{}: there is no feature "{}"': "{0}：没有特性 “{1}”",
    "{} both claims and waives {}": "{0} 既声明又放弃 {1}",
    "the runtime and the plugins of the conflist have no CNI version in common: {}": (
        "运行时与 conflist 的插件没有共同的 CNI 版本：{0}"
    ),
    "Use releases of the plugins and of the runtime that know the same version": (
        "使用认识同一版本的插件和运行时"
    ),
    'the kind of node "{}", {}, {}': "节点种类 “{0}”，{1}，{2}",
    "Correct the package that has it, or choose another kind with --podpath-node": (
        "改正提供它的软件包，或者用 --podpath-node 选择别的种类"
    ),
    "Install the package that has it, or correct the name": "安装提供它的软件包，或者改正名字",
    'several packages have a kind of node named "{}": {}': (
        "几个软件包都有名为 “{0}” 的节点种类：{1}"
    ),
    "Uninstall all but one": "只保留一个，卸载其余的",
}
