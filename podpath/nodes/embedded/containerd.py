"""containerd's configuration on the embedded node. Pure.

Format: containerd's docs/cri/config.md. 1.6 and 1.7 read version 2. 2.x has version 3, in which
the parts for CRI have other names. bin_dirs exists since 2.1, in place of bin_dir.
"""

from podpath.nodes.containerd import number
from podpath.nodes.image import NAME as POD_IMAGE

SOCKET = "/run/containerd/containerd.sock"

_UNUSED = (
    *("snapshotter.v1.aufs", "snapshotter.v1.blockfile", "snapshotter.v1.btrfs"),
    *("snapshotter.v1.devmapper", "snapshotter.v1.zfs"),
    *("tracing.processor.v1.otlp", "internal.v1.tracing", "nri.v1.nri"),
)
# Without restrict_oom_score_adj no container starts if CAP_SYS_RESOURCE is missing. Without cgroup
# limits any hierarchy works.
_OF_CRI = """\
restrict_oom_score_adj = true
disable_apparmor = true
disable_cgroup = true
"""


def configuration(release: str, oci_runtime: str, plugins: str, conflists: str) -> str:
    """Return the configuration for a release of containerd.

    Args:
        release: output of `containerd --version`.
        oci_runtime: path of runc, or of a replacement.
        plugins: directory of the CNI plugins on the node.
        conflists: directory of the conflists on the node.
    """
    version, of_version = (3, _version_3) if number(release) >= (2, 0) else (2, _version_2)
    unused = ", ".join(f'"io.containerd.{name}"' for name in _UNUSED)
    head = f'version = {version}\ndisabled_plugins = [{unused}]\n[grpc]\naddress = "{SOCKET}"\n'
    directories = (
        f'bin_dirs = ["{plugins}"]' if number(release) >= (2, 1) else f'bin_dir = "{plugins}"'
    )
    cni = f'{directories}\nconf_dir = "{conflists}"\n'
    return f"""{head}{of_version(oci_runtime, cni)}\
[plugins."io.containerd.internal.v1.opt"]
path = "/var/lib/containerd/opt"
"""


def _version_2(oci_runtime: str, cni: str) -> str:
    cri = "io.containerd.grpc.v1.cri"
    return f"""[plugins."{cri}"]
sandbox_image = "{POD_IMAGE}"
{_OF_CRI}[plugins."{cri}".cni]
{cni}{_oci(cri, oci_runtime)}"""


def _version_3(oci_runtime: str, cni: str) -> str:
    cri = "io.containerd.cri.v1.runtime"
    return f"""[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "{POD_IMAGE}"
[plugins."{cri}"]
{_OF_CRI}[plugins."{cri}".cni]
{cni}{_oci(cri, oci_runtime)}"""


def _oci(cri: str, path: str) -> str:
    return f"""[plugins."{cri}".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."{cri}".containerd.runtimes.runc.options]
BinaryName = "{path}"
"""
