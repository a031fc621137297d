"""The requirements in Chinese. Ids and the kernel's words stay as they are."""

from podpath.requirements.zh import cni, k8s, life, path, topo

#: Id -> title, sentence, usual cause.
TEXTS = {**topo.TEXTS, **path.TEXTS, **life.TEXTS, **k8s.TEXTS, **cni.TEXTS}

#: Id -> usual cause if a packet is missing on its path, where it is another one.
LOST = path.LOST

#: First word of an id -> meaning of the group.
GROUPS = {
    "TOPO": "拓扑：Pod 是怎样接线的",
    "PATH": "路径：报文经过哪些接口",
    "LIFE": "生命周期：Pod 的创建与删除",
    "K8S": "Kubernetes：集群对网络的要求（不在 embedded 节点上测试）",
    "CNI": "约定：运行时与插件之间的接口",
}
