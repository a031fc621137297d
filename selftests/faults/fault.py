"""A fault: the reference plugin, wrapped so that it breaks one thing.

In the shell fragments: $HOST is the host end of the pod's veth, $NAME the pod's name, $POD the
same, or "contract" in the tests of the CNI contract, $IP its address; $input is what the plugin is
given, $output the result that it gives, $status its exit status. `in_pod COMMAND` runs a
command in the pod's network namespace, `pod_mac` prints its MAC address, `host_of POD` waits for a
pod and gives its host end, `result SCRIPT` changes the result with sed, `fail CODE MESSAGE` ends
with an error document, `delegate` calls the IPAM plugin. What the fragments print goes to a log.
"""

import json
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from podpath.cni import conflist, deviations
from podpath.cni.code import SKEL
from podpath.cni.deviations import Deviation
from podpath.requirements import REQUIREMENTS
from podpath.run import origin
from podpath.system import programs

# Most of what it does itself is done without other programs: a row has some hundred calls, and each
# program that such a call starts takes a millisecond of the CPU. `flat` is for subshells.
_WRAPPER = r"""#!/bin/sh
# $fault
real=@REAL@
PATH=$PATH:${real%/*}
in_pod() { nsenter --net="$CNI_NETNS" -- "$@"; }
pod_mac() { in_pod ip -o link show eth0 | sed 's/.*ether \([^ ]*\).*/\1/'; }
flat() { set -f; IFS='@BLANKS@'; set -- $1; IFS=; printf '%s' "$*"; }
host_of() { cd /run/podpath/fault; until [ -s "host-$1" ]; do sleep 0.01; done; cat "host-$1"; }
result() { output=$(flat "$output" | sed "$1"); }
fail() { printf '{"code":%s,"msg":"%s"}' "$1" "$2" >&3; exit 1; }
delegate() { for d in $(echo "$CNI_PATH" | tr : ' '); do [ ! -x "$d/host-local" ] || {
  printf '%s' "$input" | "$d/host-local"; return; }; done; }
NAME=${CNI_ARGS#*K8S_POD_NAME=}; NAME=${NAME%%;*}
POD=$NAME; case "$POD" in contract-*) POD=contract;; esac
input=$(cat)
[ -d /run/podpath/fault ] || mkdir -p /run/podpath/fault
exec 3>&1 1>>/run/podpath/fault/log 2>&1
asked=$(flat "$input"); asked=${asked##*'"cniVersion":"'}; asked=${asked%%[!0-9.]*}
@FIRST@
[ "$CNI_COMMAND" = ADD ] && { @BEFORE@
}
[ "$CNI_COMMAND" = DEL ] && { @BEFORE_DEL@
}
output=$(printf '%s' "$input" | "$real" 2>&3); status=$?
if [ "$CNI_COMMAND" = ADD ] && [ $status = 0 ]; then
  rest=$(flat "$output"); IP=
  HOST=${rest##*'"name":"veth'}; [ "$HOST" = "$rest" ] || HOST=veth${HOST%%'"'*}
  while [ "$rest" != "${rest#*'"address":"'}" ]; do
    rest=${rest#*'"address":"'}; number=${rest%%[!0-9.]*}
    case "$number" in *.*) IP=$number;; esac
  done
  echo "$HOST" >"/run/podpath/fault/host-$POD"
  @AFTER@
fi
[ "$CNI_COMMAND" = DEL ] && { @AFTER_DEL@
}
@LAST@
printf '%s' "$output" >&3
exit $status
"""

#: What is known of the plugins, beside the directory of the plugins.
DEVIATIONS = "deviations.toml"

#: Whose known deviations are declared, wherever they are from.
_PLUGINS = (
    *("bridge", "ptp", "macvlan", "ipvlan"),
    *("portmap", "bandwidth", "firewall", "tuning", "host-local"),
)

#: Every requirement there is.
ALL = frozenset(REQUIREMENTS)


def _occurs(one: Deviation) -> bool:
    """Return whether one with a text of its own occurs wherever its plugin is in the chain.

    Others occur in configurations that no fault has.
    """
    return one.plugin == "firewall" and bool(one.cases)


@cache
def _shipped() -> tuple[Deviation, ...]:
    """Those that are known of the plugins that are installed here, and that wrappers call."""
    origins = {
        name: origin.of(programs.plugin(name, programs.PLUGIN_DIRECTORIES)) for name in _PLUGINS
    }
    return tuple(
        one
        for one in deviations.read(deviations.SHIPPED)
        if not one.says or _occurs(one)
        if any(one.is_about(name, origin) for name, origin in origins.items())
    )


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One way in which a plugin is broken; or, with nothing that must turn red, a healthy one.

    name: what is wrong; source: the real case that it stands for; reds: requirement -> what its
    failure must say, for each that must turn red because of it, or must not be met if it is a
    recommendation; follows: what else does, as the
    fault's consequence; under: requirement -> the one under which its failure is told, for each
    that must not turn red itself; untestable: what cannot be tested on such a plugin; near: what
    might be taken in by it, and must stay green.
    before, after: shell run before and after the real ADD; before_del, after_del: the same of
    DEL; first, last: the same of every command; configure: changes the conflist's first plugin;
    chain: type -> keys of a further plugin, which is added if the conflist does not have it;
    announces: whether the plugin is mended so that it announces a new pod's address once that can
    be heard; mended: whether it is so where that is easy for the CNI contract; undeclared:
    requirements whose known deviations are not declared; wraps: the plugins that are wrapped;
    cause: a pattern in each sentence on why packets were lost; empty if the kernel gives no reason;
    cases: which tests of the CNI contract are run, by a pattern for their parameters; network: the
    conflist that it is about; profile: how its plugin wires pods, if its type does not say it.
    """

    name: str
    source: str
    reds: Mapping[str, str]
    follows: frozenset[str] = frozenset()
    under: Mapping[str, str] = field(default_factory=dict)
    untestable: frozenset[str] = frozenset()
    near: frozenset[str] = frozenset()
    before: str = ":"
    after: str = ":"
    before_del: str = ":"
    after_del: str = ":"
    configure: Callable[[dict[str, Any]], object] | None = None
    chain: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    announces: bool = True
    first: str = ":"
    last: str = ":"
    mended: bool = True
    undeclared: frozenset[str] = frozenset()
    wraps: tuple[str, ...] = ("bridge",)
    cause: str = ""
    cases: str = "*-1.0.0*"
    network: Path = conflist.DEFAULT
    profile: str = ""

    def install(self, directory: Path, real: str = "") -> Path:
        """Write the wrappers to directory/plugins; gives the path of the conflist to use.

        real: where the node has the plugin that is wrapped, if not where this system has it.
        """
        plugins = directory / "plugins"
        plugins.mkdir(parents=True, exist_ok=True)
        for name in {p.name for p in plugins.iterdir()} - set(self.wraps):
            (plugins / name).unlink()
        (directory / DEVIATIONS).write_text(self._deviations())
        for name in self.wraps:
            written = directory / f"{name}.new"
            written.write_text(self._wrapper(name, real))
            written.chmod(0o755)
            written.rename(plugins / name)
        if self.configure is None and not self.chain:
            return self.network
        path = directory / "net.conflist"
        path.write_text(self._conflist())
        return path

    def _conflist(self) -> str:
        document = json.loads(self.network.read_text())
        if self.configure:
            self.configure(document["plugins"][0])
        for kind, keys in self.chain.items():
            known = [section for section in document["plugins"] if section["type"] == kind]
            if not known:
                document["plugins"].append(section := {"type": kind})
                known = [section]
            known[0].update(keys)
        return json.dumps(document)

    @property
    def deviating(self) -> frozenset[str]:
        """Requirements with declared deviations."""
        return frozenset(one.requirement for one in self._known())

    @property
    def types(self) -> frozenset[str]:
        """The types of the conflist's plugins."""
        return frozenset(self._types())

    @property
    def wiring(self) -> str:
        """The profile that says how pods are wired, or else the type of the first plugin."""
        return self.profile or self._types()[0]

    def _types(self) -> list[str]:
        return [section["type"] for section in json.loads(self._conflist())["plugins"]]

    @property
    def has_ipv6(self) -> bool:
        """Whether pods get IPv6 addresses, besides IPv4 ones or alone."""
        return "::/" in self._conflist()

    def _known(self) -> Iterable[Deviation]:
        """What is shipped, but for what a wrapped plugin always does otherwise on pods' paths.

        That is mended, or is the fault; mended bridges announce no IPv6 addresses, all the same.
        """
        for one in _shipped():
            always = not one.cases and not one.requirement.startswith("CNI-")
            is_absent = one.says and one.plugin not in self.types
            if one.requirement in self.undeclared or is_absent:
                continue
            if not always or one.plugin not in self.wraps:
                yield one
            elif self.announces and self.has_ipv6:
                yield replace(one, cases=("ipv6*",))

    def _deviations(self) -> str:
        """Those of plugins from anywhere; what is mended for the contract is not declared."""
        text = ""
        for one in self._known():
            mended = self.wraps if self.mended and one.requirement in MENDED else ()
            for plugin in _PLUGINS:
                of_all = one.plugin == SKEL or fnmatchcase(plugin, one.plugin)
                if of_all and plugin not in mended:
                    text += _declared(replace(one, plugin=plugin))
        return text

    def _wrapper(self, plugin: str, real: str) -> str:
        script = _WRAPPER.replace("$fault", self.name)
        announces = self.announces and plugin == "bridge"
        parts = {
            "BLANKS": " \t\n",
            "REAL": shlex.quote(real or programs.plugin(plugin, programs.PLUGIN_DIRECTORIES)),
            "BEFORE": self.before,
            "BEFORE_DEL": self.before_del,
            "AFTER": f"{_ANNOUNCE}\n{self.after}" if announces else self.after,
            "AFTER_DEL": self.after_del,
            "FIRST": f"{_MEND_FIRST}\n{self.first}" if self.mended else self.first,
            "LAST": f"{_MEND_LAST}\n{self.last}" if self.mended else self.last,
        }
        for name, text in parts.items():
            script = script.replace(f"@{name}@", text)
        return script


# The reference plugin announces a new address before the bridge port forwards (LIFE-REUSE): the
# wrapper does it again as soon as it does, so that this is not taken for the fault's doing. What is
# announced is an IPv4 address: no program that a node has does the same for IPv6. A port forwards
# in state 3 (BR_STATE_FORWARDING).
_ANNOUNCE = r"""[ "$CNI_IFNAME" != eth0 ] || [ -z "$IP" ] || {
  until read -r state <"/sys/class/net/$HOST/brport/state" && [ "$state" = 3 ]; do sleep 0.01; done
  in_pod busybox arping -q -U -c 1 -I eth0 "$IP"; }"""

# What the reference plugins do otherwise than the contract says, where that is easily mended.
_MEND_FIRST = r"""[ -n "$CNI_COMMAND" ] || fail 4 "CNI_COMMAND is missing" """
_MEND_LAST = r"""case "$CNI_COMMAND" in
  VERSION) result "s/\"cniVersion\":\"[0-9.]*\"/\"cniVersion\":\"$asked\"/";;
  ADD) [ $status = 0 ] || {
    result 's/incontainerID/ inCNI_CONTAINERID/; s/"interfacename/"CNI_IFNAME/'
    case "$real" in */bridge|*/ptp|*/*vlan)
      (CNI_COMMAND=DEL; export CNI_COMMAND; delegate);; esac; };;
esac"""

#: Requirements that a mended wrapper meets, whatever is known of the reference plugins.
MENDED = frozenset({"CNI-VERSION-ECHO", "CNI-ENVIRONMENT", "CNI-DELEGATE-UNDO"})

#: Recommendations that the reference plugins do not meet, or not in all cases and versions.
NOT_MET = frozenset({"CNI-CHECK-LISTED", "CNI-CHECK-STATE", "CNI-DELEGATE-UNDO", "CNI-GC"})


def given(script: str) -> str:
    """Shell: what the plugin is given, changed with sed."""
    return f"""input=$(flat "$input" | sed '{script}')"""


def rule_of_iptables(table: str, text: str) -> str:
    """Shell: a rule of iptables, once however many pods there are."""
    chain, _, rest = text.partition(" ")
    return f"iptables -t {table} -C {chain} {rest} || iptables -t {table} -I {chain} {rest}"


def bridge_rule(text: str) -> str:
    """Shell: a rule in the bridge's forward hook, once however many pods there are.

    It is within single quotes: '$IP' leaves them.
    """
    return f"""nft 'add table bridge broken
      add chain bridge broken forward {{ type filter hook forward priority 0; }}
      flush chain bridge broken forward
      add rule bridge broken forward {text}'"""


def _declared(one: Deviation) -> str:
    """A deviation of a plugin from anywhere, as TOML."""
    texts = {"requirement": one.requirement, "plugin": one.plugin, "origin": "*"}
    texts |= {"reason": one.reason, "source": one.source}
    texts |= {"says": one.says} if one.says else {}
    lines = [f"{key} = {json.dumps(text)}" for key, text in texts.items()]
    lists = {"cases": one.cases, "settings": one.settings}
    lines += [f"{key} = {json.dumps(texts)}" for key, texts in lists.items() if texts]
    return "\n".join(["[[deviation]]", *lines, ""])
