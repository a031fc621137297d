"""containerd's configuration on the embedded node. Pure.

Format: containerd's docs/cri/config.md. 1.6 and 1.7 read version 2; 2.x has version 3, and moved
what is CRI's to other names.
"""

import re

from podpath import image

SOCKET = "/run/containerd/containerd.sock"

_UNUSED = (
    *("snapshotter.v1.aufs", "snapshotter.v1.blockfile", "snapshotter.v1.btrfs"),
    *("snapshotter.v1.devmapper", "snapshotter.v1.zfs"),
    *("tracing.processor.v1.otlp", "internal.v1.tracing", "nri.v1.nri"),
)
# Without restrict_oom_score_adj no container starts where CAP_SYS_RESOURCE is missing; without
# cgroup limits any hierarchy will do.
_OF_CRI = """\
restrict_oom_score_adj = true
disable_apparmor = true
disable_cgroup = true
"""


def configuration(release: str, oci_runtime: str, plugins: str, conflists: str) -> str:
    """The configuration that a release of containerd reads.

    release: what `containerd --version` prints; oci_runtime: the path of runc, or of what does the
    same; plugins, conflists: the directories of CNI plugins and of conflists on the node.
    """
    version = 3 if _major(release) >= 2 else 2
    of_version = _version_3 if version == 3 else _version_2
    unused = ", ".join(f'"io.containerd.{name}"' for name in _UNUSED)
    head = f'version = {version}\ndisabled_plugins = [{unused}]\n[grpc]\naddress = "{SOCKET}"\n'
    cni = f'conf_dir = "{conflists}"\n'
    return f"""{head}{of_version(oci_runtime, cni, plugins)}\
[plugins."io.containerd.internal.v1.opt"]
path = "/var/lib/containerd/opt"
"""


def _major(release: str) -> int:
    """Of "containerd github.com/containerd/containerd 1.6.20~ds1 ..."; 1 if it is not told."""
    found = re.search(r"\s[v]?(\d+)\.\d+", release)
    return int(found[1]) if found else 1


def _version_2(oci_runtime: str, cni: str, plugins: str) -> str:
    cri = "io.containerd.grpc.v1.cri"
    return f"""[plugins."{cri}"]
sandbox_image = "{image.NAME}"
{_OF_CRI}[plugins."{cri}".cni]
bin_dir = "{plugins}"
{cni}{_oci(cri, oci_runtime)}"""


def _version_3(oci_runtime: str, cni: str, plugins: str) -> str:
    cri = "io.containerd.cri.v1.runtime"
    return f"""[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "{image.NAME}"
[plugins."{cri}"]
{_OF_CRI}[plugins."{cri}".cni]
bin_dirs = ["{plugins}"]
{cni}{_oci(cri, oci_runtime)}"""


def _oci(cri: str, path: str) -> str:
    return f"""[plugins."{cri}".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."{cri}".containerd.runtimes.runc.options]
BinaryName = "{path}"
"""
