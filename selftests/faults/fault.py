"""A fault: the reference bridge plugin, wrapped so that it breaks one thing.

In the shell fragments: $HOST is the host end of the pod's veth, $POD the pod's name, $IP its
address; $input is what the plugin is given, $output the result that it gives. `in_pod COMMAND`
runs a command in the pod's network namespace, `pod_mac` prints its MAC address, `host_of POD`
waits for a pod and gives its host end, `result SCRIPT` changes the result with sed. What the
fragments print goes to a log.
"""

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podpath import conflist, tools
from podpath.requirements import REQUIREMENTS

_WRAPPER = r"""#!/bin/sh
# $fault
real=@REAL@
PATH=$PATH:${real%/*}
in_pod() { nsenter --net="$CNI_NETNS" -- "$@"; }
pod_mac() { in_pod ip -o link show eth0 | sed 's/.*ether \([^ ]*\).*/\1/'; }
flat() { printf '%s' "$1" | tr -d ' \n\t'; }
host_of() { cd /run/podpath/fault; until [ -s "host-$1" ]; do sleep 0.01; done; cat "host-$1"; }
result() { output=$(flat "$output" | sed "$1"); }
POD=${CNI_ARGS#*K8S_POD_NAME=}; POD=${POD%%;*}
input=$(cat)
mkdir -p /run/podpath/fault; exec 3>&1 1>>/run/podpath/fault/log 2>&1
[ "$CNI_COMMAND" = ADD ] && { @BEFORE@
}
[ "$CNI_COMMAND" = DEL ] && { @BEFORE_DEL@
}
output=$(printf '%s' "$input" | "$real" 2>&3); status=$?
if [ "$CNI_COMMAND" = ADD ] && [ $status = 0 ]; then
  HOST=$(flat "$output" | sed 's/.*"name":"\(veth[0-9a-f]*\)".*/\1/')
  IP=$(flat "$output" | sed 's/.*"address":"\([0-9.]*\).*/\1/')
  echo "$HOST" >"/run/podpath/fault/host-$POD"
  @AFTER@
fi
[ "$CNI_COMMAND" = DEL ] && { @AFTER_DEL@
}
printf '%s' "$output" >&3
exit $status
"""

#: Every requirement there is.
ALL = frozenset(REQUIREMENTS)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One way in which a plugin is broken; or, with nothing that must turn red, a healthy one.

    name: what is wrong; source: the real case that it stands for; reds: requirement -> what its
    failure must say, for each that must turn red because of it; follows: what else does, as the
    fault's consequence; untestable: what cannot be tested on such a plugin; near: what might be
    taken in by it, and must stay green.
    before, after: shell run before and after the real ADD; before_del, after_del: the same of
    DEL; configure: changes the conflist's first plugin; announces: whether the plugin is mended
    so that it announces a new pod's address once that can be heard.
    """

    name: str
    source: str
    reds: Mapping[str, str]
    follows: frozenset[str] = frozenset()
    untestable: frozenset[str] = frozenset()
    near: frozenset[str] = frozenset()
    before: str = ":"
    after: str = ":"
    before_del: str = ":"
    after_del: str = ":"
    configure: Callable[[dict[str, Any]], object] | None = None
    announces: bool = True

    def install(self, directory: Path, real: str = "") -> Path:
        """Write the wrapper to directory/plugins; gives the path of the conflist to use.

        real: where the node has the plugin that is wrapped, if not where this system has it.
        """
        plugins = directory / "plugins"
        plugins.mkdir(parents=True, exist_ok=True)
        written = plugins / "bridge.new"
        written.write_text(self._wrapper(real or tools.plugin("bridge", tools.PLUGIN_DIRECTORIES)))
        written.chmod(0o755)
        written.rename(plugins / "bridge")
        if self.configure is None:
            return conflist.DEFAULT
        document = json.loads(conflist.DEFAULT.read_text())
        self.configure(document["plugins"][0])
        path = directory / "net.conflist"
        path.write_text(json.dumps(document))
        return path

    def _wrapper(self, real: str) -> str:
        script = _WRAPPER.replace("$fault", self.name)
        parts = {
            "REAL": shlex.quote(real),
            "BEFORE": self.before,
            "BEFORE_DEL": self.before_del,
            "AFTER": f"{_ANNOUNCE}\n{self.after}" if self.announces else self.after,
            "AFTER_DEL": self.after_del,
        }
        for name, text in parts.items():
            script = script.replace(f"@{name}@", text)
        return script


# The reference plugin announces a new address before the bridge port forwards (LIFE-REUSE): the
# wrapper does it again as soon as it does, so that this is not taken for the fault's doing.
_ANNOUNCE = r"""until bridge link show dev "$HOST" | grep -q 'state forwarding'; do :; done
  in_pod busybox arping -q -U -c 1 -I eth0 "$IP" """
