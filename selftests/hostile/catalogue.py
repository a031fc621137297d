"""The plugins: each a `bridge` that does one thing."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from podpath.system import programs
from selftests import suite

#: What a plugin writes where it must not.
MARK = "podpath-hostile"
PLACES = ("/etc", "/usr", "/root", "/tmp", "/var", str(suite.ROOT), str(Path.home()))


@dataclass(frozen=True)
class Hostile:
    """What a plugin does when it is called for ADD, and how the run must end.

    real: the reference plugin does the rest; says: a pattern in the run's output; status: more
    than one where it depends on which limit is met first.
    """

    name: str
    script: str
    status: tuple[int, ...]
    says: str = ""
    real: bool = True

    def install(self, directory: Path) -> list[str]:
        """Write the plugin; the options that have podpath use it."""
        directory.mkdir()
        plugin = directory / "bridge"
        real = shlex.quote(programs.plugin("bridge", programs.PLUGIN_DIRECTORIES))
        rest = f"exec {real}" if self.real else "exit 1"
        plugin.write_text(
            f'#!/bin/sh\nreal={real}\nif [ "$CNI_COMMAND" = ADD ]; then\n{self.script}\n{rest}\n'
            f"fi\nexec {real}\n"
        )
        plugin.chmod(0o755)
        return ["--podpath-cni-bin", str(directory)]


_AFTERWARDS = '"$real" || exit; '

_FLOODED = "did not finish ADD for pod bystander, printed more than 4 MiB, and was killed"

PLUGINS = (
    Hostile("stays", "setsid sleep 600 </dev/null >/dev/null 2>&1 &", (0,)),
    Hostile(
        "ignores-sigterm",
        "trap '' TERM INT HUP; while :; do sleep 600; done",
        (1,),
        "did not finish ADD",
    ),
    Hostile("floods-stdout", "cat /dev/zero", (1,), _FLOODED),
    Hostile("floods-stderr", "cat /dev/zero >&2", (1,), _FLOODED),
    Hostile("kills-its-parent", "kill -9 $PPID", (6,), "containerd was killed by SIGKILL"),
    Hostile("kills-all", "kill -9 -1", (6,), "containerd was killed by SIGKILL"),
    Hostile(
        "kills-init", "kill -9 1; kill -0 1 && echo it lives >&2", (1,), "it lives", real=False
    ),
    Hostile(
        "crashes-the-runtime",  # containerd 1.6: an index that is the number of interfaces
        """"$real" | tr -d '\n' | sed 's/"interface": *[0-9]*/"interface":3/g'; exit""",
        (1, 6),
        "panic: runtime error|failed ADD for pod",
    ),
    Hostile("removes-the-namespace", 'umount -l "$CNI_NETNS"; rm -f "$CNI_NETNS"', (1,), "netns"),
    Hostile(
        "deletes-the-bridge", f"{_AFTERWARDS} ip link delete cni0; exit", (1,), "does not conform"
    ),
    Hostile("mounts-over-run", "mount -t tmpfs none /run", (1,), "failed ADD for pod"),
    Hostile("unmounts-all", "umount -a -l; umount -l /proc /run /", (1, 6)),
    Hostile(
        "writes-everywhere",
        "for d in " + " ".join(map(shlex.quote, PLACES)) + f"; do echo x >$d/{MARK} || exit 3; done"
        "; echo written >&2",
        (1,),
        "written",
        real=False,
    ),
    Hostile("bombs", "while sleep 600 </dev/null >/dev/null 2>&1 & do :; done", (1, 6)),
    Hostile("fills-memory", "tail /dev/zero", (1, 6), real=False),
    Hostile("fills-the-root", "cat /dev/zero >/var/fill", (1,), "No space left", real=False),
    Hostile("fills-run", "cat /dev/zero >/run/fill", (1, 6), "no space left"),
    Hostile(
        "plants-pipes",
        f"{_AFTERWARDS} mkfifo /run/netns/pipe-$$; rm -f"
        " /run/podpath/containerd.log; mkfifo /run/podpath/containerd.log; exit",
        (0,),
    ),
    Hostile(
        "plants-links",
        f"{_AFTERWARDS} ln -s /proc/1/ns/net /run/netns/host-$$; ln -sf /etc/hostname"
        " /run/podpath/containerd.log; exit",
        (0,),
    ),
)
