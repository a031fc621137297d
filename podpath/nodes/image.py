"""The pod image, built from the system's own programs, as an OCI archive.

podpath pulls nothing. busybox provides the shell, the HTTP server and client, and the UDP server.
iputils' ping sets the ICMP identifier, the payload and the DF bit, which busybox's cannot.
OpenBSD's nc sends a single datagram and ends with the answer. Each goes in with the shared
libraries that `ldd` names, so static and dynamic builds of any architecture work.

python -m podpath.nodes.image FILE       write it to a file, for `ctr images import` ...
"""

import hashlib
import io
import json
import platform
import subprocess
import sys
import tarfile
from functools import cache
from pathlib import Path

from podpath.errors import COULD_NOT_TEST_STATUS, CouldNotTest
from podpath.system import randomness
from podpath.system.programs import locate

NAME = "podpath.invalid/pod:1"

WEB_ROOT = "/www"
BODY_SIZES = (0, 1, 1460, 64 * 1024, 4 * 1024 * 1024)

#: The HTTP server sends numbered lines at /cgi-bin/stream, until the file ENOUGH exists.
STREAM, ENOUGH = "cgi-bin/stream", "/tmp/enough"
_STREAM = f"""\
#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
number=0
while [ ! -e {ENOUGH} ]; do number=$((number + 1)); echo $number; usleep 5000; done
echo end
"""

#: People type `kubectl exec -it POD -- bash`, and find busybox' shell.
_BASH = '#!/bin/sh\nexec /bin/sh "$@"\n'

_GO_ARCHITECTURES = {
    "x86_64": "amd64",
    "aarch64": "arm64",
    "armv7l": "arm",
    "armv6l": "arm",
    "i686": "386",
    "i386": "386",
}


def body(size: int) -> bytes:
    """Return the bytes that the HTTP server has at /SIZE: always the same, not compressible."""
    return randomness.constant(size)


@cache
def build_here() -> bytes:
    """Build the image from this system's programs, once for all nodes of this process.

    Raises:
        CouldNotTest: a program is missing.
    """
    return build(locate("busybox"), locate("ping"), locate("nc"))


def unpack_here(directory: Path) -> None:
    """Write the image's files to a directory, for containers that no runtime starts.

    Raises:
        CouldNotTest: a program is missing.
    """
    layer = _layer(locate("busybox"), locate("ping"), locate("nc"))
    with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
        archive.extractall(directory, filter="tar")


def build(busybox: str, ping: str, netcat: str) -> bytes:
    """Build an OCI image archive for `ctr images import` and `kind load image-archive`.

    Args:
        busybox: path of busybox.
        ping: path of iputils' ping.
        netcat: path of OpenBSD's nc.

    Raises:
        OSError: a program cannot be read.
        CalledProcessError: a program cannot be run.
    """
    layer = _layer(busybox, ping, netcat)
    blobs: dict[str, bytes] = {}

    def blob(content: bytes, media_type: str) -> dict[str, object]:
        digest = hashlib.sha256(content).hexdigest()
        blobs[f"blobs/sha256/{digest}"] = content
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}

    config = {
        "architecture": _GO_ARCHITECTURES.get(platform.machine(), platform.machine()),
        "os": "linux",
        # the programs need no orderly end, and process 1 ignores SIGTERM
        "config": {
            "Cmd": ["/bin/sleep", "infinity"],
            "Env": ["PATH=/bin"],
            "StopSignal": "SIGKILL",
        },
        "rootfs": {
            "type": "layers",
            "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"],
        },
    }
    kinds = "application/vnd.oci.image."
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{kinds}manifest.v1+json",
        "config": blob(_json(config), f"{kinds}config.v1+json"),
        "layers": [blob(layer, f"{kinds}layer.v1.tar")],
    }
    descriptor = blob(_json(manifest), f"{kinds}manifest.v1+json")
    descriptor["annotations"] = {
        "io.containerd.image.name": NAME,
        "org.opencontainers.image.ref.name": NAME.rpartition(":")[2],
    }
    index = {"schemaVersion": 2, "manifests": [descriptor]}
    layout = {"oci-layout": _json({"imageLayoutVersion": "1.0.0"}), "index.json": _json(index)}
    return _tar([_file(path, content) for path, content in (layout | blobs).items()])


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True).encode()


def _layer(busybox: str, ping: str, netcat: str) -> bytes:
    applets = subprocess.run(
        [busybox, "--list"], capture_output=True, text=True, check=True
    ).stdout.split()
    programs = {"bin/busybox": busybox, "bin/ping": ping, "bin/nc": netcat}
    files = {target: Path(source) for target, source in programs.items()}
    for program in programs.values():
        files.update(_libraries(program))
    entries = [_file(target, source.read_bytes(), 0o755) for target, source in files.items()]
    entries += [_link(f"bin/{a}", "busybox") for a in applets if f"bin/{a}" not in files]
    entries += [_file(f"{WEB_ROOT[1:]}/{size}", body(size)) for size in BODY_SIZES]
    entries += [
        _file(f"{WEB_ROOT[1:]}/{STREAM}", _STREAM.encode(), 0o755),
        _file("bin/bash", _BASH.encode(), 0o755),
        _file("etc/passwd", b"root:x:0:0:root:/:/bin/sh\n"),
        _file("etc/hosts", b"127.0.0.1 localhost\n::1 localhost\n"),
        _directory("tmp"),
    ]
    return _tar(entries)


def _libraries(program: str) -> dict[str, Path]:
    """Return the files that a program is linked with (ldd(1)): path in the image -> file."""
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
    libraries: dict[str, Path] = {}
    for line in listed.stdout.splitlines():
        name, arrow, rest = line.strip().partition(" => ")
        path = (rest if arrow else name).split(" (")[0]
        if path.startswith("/"):
            libraries[path[1:]] = Path(path)
    return libraries


_Entry = tuple[tarfile.TarInfo, bytes]


def _file(path: str, content: bytes, mode: int = 0o644) -> _Entry:
    info = tarfile.TarInfo(path)
    info.size, info.mode = len(content), mode
    return info, content


def _link(path: str, target: str) -> _Entry:
    info = tarfile.TarInfo(path)
    info.type, info.linkname = tarfile.SYMTYPE, target
    return info, b""


def _directory(path: str) -> _Entry:
    info = tarfile.TarInfo(path)
    info.type, info.mode = tarfile.DIRTYPE, 0o1777
    return info, b""


def _tar(entries: list[_Entry]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, content in entries:
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def main(arguments: list[str]) -> int:
    """Run `python -m podpath.nodes.image`."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m podpath.nodes.image FILE\n")
        return 2
    try:
        Path(arguments[0]).write_bytes(build_here())
    except (CouldNotTest, OSError) as error:
        sys.stderr.write(f"podpath: {error}\n")
        return COULD_NOT_TEST_STATUS
    sys.stdout.write(f"{NAME}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
