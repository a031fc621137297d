"""A fault: the reference bridge plugin, wrapped so that it breaks one thing.

In the shell fragments: $HOST is the host end of the pod's veth, $POD the pod's name, $IP its
address; `in_pod COMMAND` runs a command in the pod's network namespace.
"""

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from podpath import conflist, tools

_WRAPPER = r"""#!/bin/sh
# $fault
real=@REAL@
in_pod() { nsenter --net="$CNI_NETNS" -- "$@"; }
POD=${CNI_ARGS#*K8S_POD_NAME=}; POD=${POD%%;*}
input=$(cat)
[ "$CNI_COMMAND" = ADD ] && { @BEFORE@
}
if [ "$CNI_COMMAND" = DEL ]; then { @INSTEAD@
} ; fi
output=$(printf '%s' "$input" | "$real"); status=$?
if [ "$CNI_COMMAND" = ADD ] && [ $status = 0 ]; then
  HOST=$(printf '%s' "$output" | tr -d ' \n' | sed 's/.*"name":"\(veth[0-9a-f]*\)".*/\1/')
  IP=$(printf '%s' "$output" | tr -d ' \n' | sed 's/.*"address":"\([0-9.]*\).*/\1/')
  { @AFTER@
  } >&2 2>>/run/podpath/fault.log
fi
if [ "$CNI_COMMAND" = DEL ]; then { @AFTER_DEL@
  } >&2 2>>/run/podpath/fault.log; fi
printf '%s' "$output"
exit $status
"""


@dataclass(frozen=True)
class Fault:
    """One way in which a plugin is broken.

    name: what is wrong; like: a real case of it; reds: requirement -> what its failure must say,
    for every requirement that must turn red among those of `tests`, no other may; before, after:
    shell run before and after the real ADD; instead: shell run before the real DEL, which may
    exit; after_del: shell run after it; configure: changes the conflist; tests: what is run.
    """

    name: str
    like: str
    reds: Mapping[str, str]
    after: str = ":"
    before: str = ":"
    instead: str = ":"
    after_del: str = ":"
    configure: Callable[[dict[str, Any]], object] | None = None
    tests: tuple[str, ...] = field(default=("tests/test_topology.py",))

    def install(self, directory: Path) -> list[str]:
        """Write the wrapper and the conflist; the options that have podpath use them."""
        plugins = directory / "plugins"
        plugins.mkdir(parents=True)
        script = _WRAPPER.replace("$fault", self.name)
        parts = {
            "REAL": shlex.quote(tools.plugin("bridge", tools.PLUGIN_DIRECTORIES)),
            "BEFORE": self.before,
            "INSTEAD": self.instead,
            "AFTER_DEL": self.after_del,
            "AFTER": self.after,
        }
        for name, text in parts.items():
            script = script.replace(f"@{name}@", text)
        (plugins / "bridge").write_text(script)
        (plugins / "bridge").chmod(0o755)
        options = ["--podpath-cni-bin", str(plugins)]
        if self.configure is not None:
            document = json.loads(conflist.DEFAULT.read_text())
            self.configure(document["plugins"][0])
            (directory / "net.conflist").write_text(json.dumps(document))
            options += ["--podpath-cni-conf", str(directory / "net.conflist")]
        return options
