"""CNI in Chinese: title, sentence and usual cause of each requirement."""

TEXTS = {
    "CNI-VERSION": (
        "VERSION 列出支持的版本",
        "VERSION 以状态 0 退出，输出一个 JSON 文档，其中列有 conflist 的版本。",
        "插件比 conflist 旧，或者往 stdout 输出了别的内容。",
    ),
    "CNI-VERSION-ECHO": (
        "VERSION 以输入的版本应答",
        "支持 1.0.0 或更高版本的插件，以输入中的版本应答 VERSION。",
        "插件不读 stdin，总是以它支持的最新版本应答。",
    ),
    "CNI-VERSION-UNSUPPORTED": (
        "拒绝不支持的版本",
        "用插件不支持的 cniVersion 调用 ADD 会失败，错误码为 1。",
        "插件没有检查版本就开始工作。",
    ),
    "CNI-ADD-RESULT": (
        "ADD 输出一个有效结果",
        "ADD 以状态 0 退出，输出一个 JSON 文档：与输入版本相符的有效结果。",
        "插件往 stdout 写了日志，或者结果是别的版本。",
    ),
    "CNI-ADD-INTERFACE": (
        "ADD 的结果与容器一致",
        "ADD 结果中的接口和地址与内核一致，而且立即可用。",
        "结果是照配置拼出来的，或者在最后一次改动之前就取好了。",
    ),
    "CNI-ADD-TAKEN": (
        "接口已存在时 ADD 拒绝",
        "容器里已有同名接口时 ADD 失败，并且不改动该接口。",
        "插件把已有的接口当成自己的，或者替换了它。",
    ),
    "CNI-ADD-PREVIOUS": (
        "链式插件传递 prevResult",
        "链式插件把 prevResult 中的接口和地址传递下去。",
        "插件只输出自己的结果，丢掉了前面插件的结果。",
    ),
    "CNI-ADD-ARGS": (
        "ADD 接受 kubelet 的 CNI_ARGS",
        "ADD 接受 kubelet 传入的 CNI_ARGS；有 IgnoreUnknown=1 时也接受未知的键。",
        "插件不看 IgnoreUnknown 就拒绝未知的键。",
    ),
    "CNI-ADD-AGAIN": (
        "ADD 失败后可以再次 ADD",
        "一次 ADD 失败后，其他容器的 ADD 能成功；DEL 之后，同一容器的 ADD 也能成功。",
        "ADD 持有锁不放，留下了 DEL 不会删除的失败标记，或者改动了网桥或其他容器的端口。",
    ),
    "CNI-ADD-EXHAUSTED": (
        "没有空闲地址时的 ADD",
        "没有空闲地址时 ADD 失败，DEL 能撤销它；有空闲地址后 ADD 成功。",
        "两个地址中有一个仍被租用，或者留下了没有地址的接口。",
    ),
    "CNI-ERROR": (
        "失败时输出错误文档",
        "调用失败时退出状态不为 0，并在 stdout 输出一个含错误码和消息的 JSON 文档。",
        "错误只打印到 stderr，或者是纯文本，或者是崩溃日志。",
    ),
    "CNI-ENVIRONMENT": (
        "缺少环境变量时错误码为 4",
        "必需的环境变量缺失或无效时，错误码为 4，消息指出变量名。",
        "插件不检查环境变量，或者用同一条消息概括所有变量。",
    ),
    "CNI-CONFIGURATION": (
        "配置无效时错误码为 6 或 7",
        "配置不是 JSON 时错误码为 6；没有有效的 name 时错误码为 7。",
        "配置的所有错误都用同一个错误码。",
    ),
    "CNI-DEL": (
        "DEL 删除 ADD 创建的一切",
        "DEL 成功，并删除 ADD 创建的所有接口、租约、路由和规则。",
        "DEL 漏掉了 ADD 创建的某些东西。",
    ),
    "CNI-DEL-IDEMPOTENT": (
        "重复和迟到的 DEL 也成功",
        "对同一个 attachment 再次 DEL 也会成功；迟到的 DEL 不影响这个 Pod 的下一个容器。",
        "插件把已不存在的东西当成错误，或按 Pod 名找接口、按地址找租约，而它们已属于下一个容器。",
    ),
    "CNI-DEL-GONE": (
        "没有命名空间或 prevResult 时的 DEL",
        "命名空间或 prevResult 已不存在时，DEL 仍成功并释放租约和规则。",
        "没有命名空间，插件就不知道自己创建过什么，或者遇到第一个错误就停止。",
    ),
    "CNI-DEL-FAILED": (
        "ADD 失败或被杀死后的 DEL",
        "ADD 失败或中途被杀死之后，DEL 成功且不留残余。",
        "DEL 假定 ADD 已全部完成。",
    ),
    "CNI-INTERFACES": (
        "一个容器的两个接口",
        "一个容器可以在同一网络上有两个接口，DEL 其中一个不影响另一个。",
        "状态、租约或规则链是按容器而不是按接口保存的，或者替换了另一个接口的路由或设置。",
    ),
    "CNI-CHECK": (
        "健康的容器能通过 CHECK",
        "对健康的容器，CHECK 以状态 0 退出且没有输出，刚 ADD 完也是如此。",
        "CHECK 比较的是插件会怎么做而不是结果，或者没有等待需要时间的变化。",
    ),
    "CNI-CHECK-PREVIOUS": (
        "CHECK 需要 prevResult",
        "没有 prevResult 的 CHECK 会失败。",
        "CHECK 什么也不做。",
    ),
    "CNI-CHECK-LISTED": (
        "CHECK 能发现结果中缺失的部分",
        "结果中的接口、地址或路由缺失时，CHECK 失败。",
        "CHECK 什么也不做，或者只检查接口。",
    ),
    "CNI-CHECK-STATE": (
        "CHECK 能发现结果之外的损坏",
        "容器网络中结果没有列出的部分缺失或被改动时，CHECK 失败。",
        "CHECK 只看容器的命名空间。",
    ),
    "CNI-CHECK-LATER": (
        "CHECK 接受后续插件添加的内容",
        "CHECK 接受后续插件添加的接口、地址和路由。",
        "CHECK 要求命名空间保持这个插件离开时的样子。",
    ),
    "CNI-DELEGATE": (
        "CHECK 和 DEL 会调用 IPAM 插件",
        "CHECK 和 DEL 会调用被委托的 IPAM 插件。",
        "只有 ADD 调用它。",
    ),
    "CNI-DELEGATE-ERROR": (
        "IPAM 插件的错误会传递出来",
        "被委托的 IPAM 插件失败时，CHECK、DEL 和 GC 也失败。",
        "插件记录了错误，但没有返回它。",
    ),
    "CNI-DELEGATE-UNDO": (
        "IPAM 插件失败时 ADD 会撤销",
        "被委托的 IPAM 插件的 ADD 失败时，ADD 会调用它的 DEL。",
        "插件直接返回了错误。",
    ),
    "CNI-STATIC-IP": (
        "容器得到所请求的 IP",
        "容器得到运行时请求的 IP 地址，除非已被其他容器占用。",
        "插件没有把 runtimeConfig.ips 传给 IPAM，或者 IPAM 分配了已占用的地址。",
    ),
    "CNI-STATIC-MAC": (
        "容器得到所请求的 MAC",
        "容器得到运行时请求的 MAC 地址，内核和结果中都是如此。",
        "插件忽略了 runtimeConfig.mac，或者结果里是设置之前的地址。",
    ),
    "CNI-PARALLEL": (
        "并行调用能成功",
        "对多个容器并行 ADD 和 DEL 都能成功，地址各不相同，不留残余。",
        "竞争条件：IPAM 的锁，或者规则。",
    ),
    "CNI-GC": (
        "GC 释放未列出的 attachment",
        "GC 成功，并释放未列出的 attachment 占用的资源。",
        "GC 什么也不做，把空列表当成没有列表，或者只比较容器 ID。",
    ),
    "CNI-GC-LISTED": (
        "GC 保留列出的 attachment",
        "GC 保留列出的 attachment、其他网络和共用文件，没有输出。",
        "GC 删除了所有东西，每个容器只认一个接口，把接口关闭，或者往 stdout 写日志。",
    ),
    "CNI-GC-DELEGATE": (
        "GC 会调用 IPAM 插件",
        "GC 会调用被委托的 IPAM 插件。",
        "GC 只处理插件自己的状态。",
    ),
    "CNI-STATUS": (
        "插件就绪时 STATUS 成功",
        "插件能够处理 ADD 时，STATUS 以状态 0 退出。",
        "插件不认识 STATUS，或者要求只有 ADD 才有的输入。",
    ),
    "CNI-STATUS-DELEGATE": (
        "STATUS 包括 IPAM 插件",
        "被委托的 IPAM 插件不可用时，STATUS 失败，错误码为 50 或 51。",
        "STATUS 只看插件自己的状态。",
    ),
    "CNI-TIME": (
        "调用及时结束",
        "ADD、CHECK 和 DEL 在 10 秒内结束，并关闭输出。",
        "插件在等待锁、地址或守护进程，或者遗留了占着 stdout 的进程。",
    ),
}
